"""Spatial tuning: questions and answers from privileged state, and training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .demo_scenes import DemoScenes
    from .grounding import GroundingSampler

__all__ = ["DemoScenes", "GroundingSampler"]

_MODULES = {
    "DemoScenes": ".demo_scenes",
    "GroundingSampler": ".grounding",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
