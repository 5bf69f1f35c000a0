"""`GalleryConfig`: the arguments of `spatune data gallery`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class GalleryConfig:
    """Some questions of every task on one page, with pictures, boxes, answers and provenance."""

    data: Positional[Path]
    """Folder that `spatune data generate` filled."""
    out: Path | None = None
    """The page, which holds its pictures; DATA/gallery.html when left out."""
    tasks: tuple[str, ...] = ()
    """Tasks to show; all when empty."""
    per_task: int = 3
    """Questions of a task."""
    frames: int = 8
    """Most frames of a question; more are left out evenly, and the page says so."""
    width: int = 224
    """Width of a picture, pixels."""
    seed: int = 0
    """Which questions."""
