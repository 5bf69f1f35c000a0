"""Spatial tuning: questions and answers from privileged state, and training on them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

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


def __getattr__(name: str):
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
