"""`DemosNavConfig`: the arguments of `spatune demos nav`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..houses.targets import TARGET_TYPES
from ..navigation.task import MAX_STEPS, NavTask


@dataclass(frozen=True)
class DemosNavConfig:
    """Expert demonstrations of navigation in houses, written as a LeRobotDataset v3."""

    out: Path
    """Folder of the dataset; must not exist yet. Work in progress lies beside it in OUT.work."""
    tasks: tuple[NavTask, ...] = ("pointnav", "objectnav")
    """Tasks to cover."""
    split: Literal["train", "val"] = "train"
    """Whose houses; those of the test split are for evaluation alone."""
    houses: tuple[str, ...] = ()
    """Names of houses of the split; all when empty."""
    episodes: int = 10
    """Episodes to attempt per house and task; failures of the expert are left out."""
    targets: tuple[str, ...] = TARGET_TYPES
    """ObjectNav: types to find; in each house those that it has."""
    seed: int = 0
    """Episode k follows from the seed, the house, the task and k alone."""
    detour: float = 0.25
    """Share of steps, at most 0.5, in bursts of one to four random moves, from which a policy
    learns to recover; the label stays the expert's action."""
    max_steps: int = MAX_STEPS
    """Longer episodes are left out."""
    image_size: int = 128
    """Pixels of the camera."""
    pictures: Literal["png", "video", "arrays"] = "png"
    """`png`: lossless, in LeRobot's rows. `video`: H.264 or AV1, small. `arrays`: lossless and
    decoded, beside the rows, which training reads at memory speed (49 kB a picture)."""
    workers: int = 2
    """Processes, each with one simulator."""
    keep_work: bool = False
    """Keep OUT.work (states and frames of each episode) when done."""
