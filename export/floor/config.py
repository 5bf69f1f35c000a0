"""`FloorConfig`: the arguments of `spatune export floor`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional, UseAppendAction


@dataclass(frozen=True)
class FloorConfig:
    """Below which latency no engine can get on a chip, from the graphs and data sheets alone.

    The bound is the longer of two times: reading the weights and the inputs once and writing the
    outputs at the memory's full bandwidth, and computing every operation at the chip's peak rate.
    Nothing runs on the chips.
    """

    bundle: Positional[Path]
    """Folder that `spatune export` wrote."""

    chip: UseAppendAction[tuple[str, ...]] = ()
    """Chip: orin, orin-nx, orin-nano, thor, h100, h200, l40s, rtx4090, rtx5090, or this-machine,
    which is measured for a second. May be repeated; all but this-machine by default."""

    precision: UseAppendAction[tuple[str, ...]] = ()
    """Precision of the graphs. May be repeated; all that were exported by default."""

    out: Path | None = None
    """JSON file to write."""

    tf32: bool = True
    """Let fp32 products run as TF32 where the chip can, as TensorRT does unless told otherwise."""

    threads: int = 0
    """Threads for measuring this-machine; 0 takes all cores."""
