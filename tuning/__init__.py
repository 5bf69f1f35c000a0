"""Spatial tuning: questions and answers from privileged state, and training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .demo_scenes import DemoScenes
    from .grounding import GroundingSampler
    from .grounding_config import GroundingConfig
    from .train_grounding import train_grounding

__all__ = ["DemoScenes", "GroundingConfig", "GroundingSampler", "train_grounding"]

_MODULES = {
    "DemoScenes": ".demo_scenes",
    "GroundingConfig": ".grounding_config",
    "GroundingSampler": ".grounding",
    "train_grounding": ".train_grounding",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
