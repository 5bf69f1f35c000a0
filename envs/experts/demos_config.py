"""`DemosLiberoConfig`: the arguments of `spatune demos libero`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class DemosLiberoConfig:
    """Expert demonstrations of LIBERO tasks, written as a LeRobotDataset v3."""

    out: Path
    """Folder of the dataset; must not exist yet. Work in progress lies beside it in OUT.work."""
    suites: tuple[str, ...] = ("libero_object", "libero_spatial")
    """Suites to cover."""
    tasks: tuple[int, ...] = ()
    """Task ids in each suite; all when empty."""
    episodes: int = 50
    """Episodes to attempt per task; failures of the expert are left out."""
    seed: int = 0
    """Episode k of a task uses scene seed 100000 + seed + k: never an evaluation seed."""
    noise: tuple[float, ...] = (0.0, 0.2, 0.35, 0.5)
    """Action noise levels, cycled over episodes; labels stay clean."""
    render_every: int = 1
    """Keep every k-th 20 Hz state as a frame. Above 1 each frame also carries the 20 Hz labels of
    the coming steps as `action.chunk`, so that nothing is lost for training."""
    chunk: int = 16
    """Length of `action.chunk`."""
    image_size: int = 128
    """Pixels of both cameras."""
    pictures: Literal["png", "video", "arrays"] = "png"
    """`png`: lossless, in LeRobot's rows. `video`: H.264 or AV1, small. `arrays`: lossless and
    decoded, beside the rows, which training reads at memory speed (49 kB a picture)."""
    workers: int = 2
    """Processes, each with one simulator."""
    keep_work: bool = False
    """Keep OUT.work (states and frames of each episode) when done."""
