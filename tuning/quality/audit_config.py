"""`AuditConfig`: the arguments of `spatune data audit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class AuditConfig:
    """How well can questions be answered from their text alone?

    A random forest reads questions and options, never a picture, and is scored on questions
    (random folds) and on scenes (grouped folds) that it has not seen.
    """

    data: Positional[Path]
    """Folder that `spatune data generate` or `spatune data mix` filled."""
    out: Path | None = None
    """Folder of audit.json and audit.md; DATA/audit when left out."""
    tasks: tuple[str, ...] = ()
    """Tasks to audit; all when empty."""
    cap: int = 1500
    """Most questions of a task; more are sampled by a hash of the seed and the id."""
    trees: int = 40
    """Trees of a forest."""
    folds: int = 5
    """Folds, random ones and ones grouped by scene."""
    margin: float = 0.05
    """A task is to be rebalanced if the blind score on unseen scenes is more than this above the
    score without any knowledge."""
    seed: int = 0
    """Of the folds, the forests and the intervals."""
