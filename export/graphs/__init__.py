"""A policy as plain modules of fixed shape, which every exporter and compiler takes.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .build import PolicyGraphs, build_graphs
    from .fused import FusedPolicy
    from .heads import DenoiseStep, FlowCondition, RegressionHead
    from .pixels import Pixels
    from .prefill import Prefill
    from .prompts import Prompts
    from .qwen_pixels import QwenPixels
    from .qwen_vision import QwenVisionTower
    from .vision import VisionTower

_MODULES = {
    "DenoiseStep": ".heads",
    "FlowCondition": ".heads",
    "FusedPolicy": ".fused",
    "Pixels": ".pixels",
    "PolicyGraphs": ".build",
    "Prefill": ".prefill",
    "Prompts": ".prompts",
    "QwenPixels": ".qwen_pixels",
    "QwenVisionTower": ".qwen_vision",
    "RegressionHead": ".heads",
    "VisionTower": ".vision",
    "build_graphs": ".build",
}

__all__ = [
    "DenoiseStep",
    "FlowCondition",
    "FusedPolicy",
    "Pixels",
    "PolicyGraphs",
    "Prefill",
    "Prompts",
    "QwenPixels",
    "QwenVisionTower",
    "RegressionHead",
    "VisionTower",
    "build_graphs",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
