"""`GenerateHousesConfig`: the arguments of `spatune houses generate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..assets import Split


@dataclass(frozen=True)
class GenerateHousesConfig:
    """New houses as files, each named by its split and the hash of its content."""

    out: Path
    """Folder of the houses and of their index `houses.json`. A folder that holds houses of the same
    settings is filled up to COUNT; seeds that gave no house are listed in `failures.jsonl`."""
    count: int = 10
    """Houses that the folder holds in the end."""
    first_seed: int = 0
    """The first seed; the next ones follow, in the place of seeds that give no house too."""
    split: Split = "train"
    """Which of AI2-THOR's assets the houses hold."""
    generator: Literal["procthor", "simple"] = "procthor"
    """`procthor`: AI2's generator, 1 to 10 rooms, some seconds a house, other houses every time.
    `simple`: one to three rooms, milliseconds, always the same house for a seed."""
    rooms: int = 2
    """Rooms of the houses of the simple generator."""
    room_specs: tuple[str, ...] = ()
    """Kinds of floor plan of ProcTHOR, for example `4-room`, that the seeds take turns with. Drawn
    as for ProcTHOR-10K when empty."""
    targets: int = 1
    """ObjectNav target types in sight that a house needs."""
    workers: int = 2
    """Processes."""
