"""`RobustnessReport`: the report of a run with perturbations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .report import Report
from .robustness import Robustness
from .robustness_plot import draw_robustness

PICTURE = "robustness.png"


@dataclass(frozen=True, kw_only=True)
class RobustnessReport(Report):
    """A report whose `summary` is of one perturbation, beside all of them in `robustness`.

    Attributes:
        robustness: Success by perturbation.
        title: Words above the picture.
    """

    robustness: Robustness
    title: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; perturbations are in the list `robustness`."""
        return {**super().to_json(), "robustness": self.robustness.to_json()}

    def write(self) -> Path:
        """Write `report.json` and `robustness.png`; return the former's path."""
        draw_robustness(self.robustness, self.directory / PICTURE, self.title)
        return super().write()
