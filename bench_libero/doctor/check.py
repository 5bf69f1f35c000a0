"""`Check`: outcome of one check of a convention; needs nothing that could be broken here."""

from __future__ import annotations

from dataclasses import dataclass

ORIENTATION, GRIPPER = "image orientation", "gripper sign"
MOTION, DETERMINISM = "motion sign", "determinism"


@dataclass(frozen=True)
class Check:
    """Outcome of one check.

    Attributes:
        name: What was checked.
        works: Whether it is as it must be.
        text: What was measured.
    """

    name: str
    works: bool
    text: str
