"""`CheckConfig`: the arguments of `spatune data check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class CheckConfig:
    """Are answers true? Compute them again, by rays and meshes, and compare.

    Questions are drawn evenly over tasks. The second answer follows from the text of the question,
    the cameras of its frames and the meshes of the house; boxes and pictures are not used.
    """

    data: Positional[Path]
    """Folder that `spatune data generate --source houses` filled."""
    out: Path | None = None
    """The result; DATA/check.json when left out."""
    tasks: tuple[str, ...] = ()
    """Tasks to check; all when empty."""
    questions: int = 1000
    """Questions to check; those of a task that has too few go to the others."""
    workers: int = 2
    """Processes."""
    seed: int = 0
    """Which questions."""
