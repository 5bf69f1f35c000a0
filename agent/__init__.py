"""Seeing and reasoning: the spatial VLM, its typed answers, the Gymnasium perception wrappers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .agent import SpatialAgent
    from .answers import (
        Answer,
        AnswerError,
        AnswerKind,
        Box3D,
        Boxes3D,
        Choice,
        Number,
        Point,
        Position,
        Text,
        parse_answer,
    )
    from .chunk_policy import ChunkPolicy
    from .features import Grid, SpatialFeatures
    from .perception import SpatialPerception
    from .perception_core import PerceptionConfig
    from .perception_vector import SpatialPerceptionVector
    from .tiny import build_fastvlm
    from .tiny_families import TINY_ARCHITECTURES, build_tiny
    from .vlm import SpatialVLM

_MODULES = {
    "SpatialAgent": ".agent",
    "Answer": ".answers",
    "AnswerError": ".answers",
    "AnswerKind": ".answers",
    "Box3D": ".answers",
    "Boxes3D": ".answers",
    "Choice": ".answers",
    "Number": ".answers",
    "Point": ".answers",
    "Position": ".answers",
    "Text": ".answers",
    "parse_answer": ".answers",
    "ChunkPolicy": ".chunk_policy",
    "Grid": ".features",
    "SpatialFeatures": ".features",
    "SpatialPerception": ".perception",
    "PerceptionConfig": ".perception_core",
    "SpatialPerceptionVector": ".perception_vector",
    "build_fastvlm": ".tiny",
    "TINY_ARCHITECTURES": ".tiny_families",
    "build_tiny": ".tiny_families",
    "SpatialVLM": ".vlm",
}

__all__ = [
    "TINY_ARCHITECTURES",
    "Answer",
    "AnswerError",
    "AnswerKind",
    "Box3D",
    "Boxes3D",
    "Choice",
    "ChunkPolicy",
    "Grid",
    "Number",
    "PerceptionConfig",
    "Point",
    "Position",
    "SpatialAgent",
    "SpatialFeatures",
    "SpatialPerception",
    "SpatialPerceptionVector",
    "SpatialVLM",
    "Text",
    "build_fastvlm",
    "build_tiny",
    "parse_answer",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
