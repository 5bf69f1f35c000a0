"""`ReportConfig`: the arguments of `spatune report`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(frozen=True)
class ReportConfig:
    """Show runs on one self-contained HTML page, which opens without a network or scripts.

    Success with intervals, success against step budget, tasks, failed episodes with their films,
    and a receipt of versions, seeds and hashes. The numbers are counted anew from the records.
    """

    runs: Positional[tuple[Path, ...]]
    """Run directories, or folders of runs: suites, a policy and its controls, perturbations."""

    out: Path | None = None
    """The page; by default report.html in the first directory."""

    films: Literal["failures", "all", "none"] = "failures"
    """Episodes whose films are shown, of those that `--videos` of the evaluation has filmed."""

    film_kb: int = 300
    """A larger film is put in smaller: 192 pixels high, 10 frames a second."""

    page_mb: float = 12.0
    """Beyond so many megabytes of films the page links the files instead, and says so."""
