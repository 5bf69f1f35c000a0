"""What runs say, as one self-contained HTML page. Names load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .config import ReportConfig
    from .page import make_report
    from .run import EvaluatedRun, find_runs

__all__ = ["EvaluatedRun", "ReportConfig", "find_runs", "make_report"]

_MODULES = {
    "EvaluatedRun": ".run",
    "ReportConfig": ".config",
    "find_runs": ".run",
    "make_report": ".page",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
