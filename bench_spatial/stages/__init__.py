"""The stage report: what each stage of tuning has changed, on the same questions.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .config import EvalStagesConfig
    from .run import run_stages

__all__ = ["EvalStagesConfig", "run_stages"]

_MODULES = {"EvalStagesConfig": ".config", "run_stages": ".run"}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
