"""Spatial question answering: benchmarks of vision-language models, their scores and receipts.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .benchmark import Benchmark, Scored, Variant
    from .benchmarks.sunrgbd_3d import score_predictions
    from .registry import BENCHMARKS, load_benchmark
    from .sample import Sample

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Sample",
    "Scored",
    "Variant",
    "load_benchmark",
    "score_predictions",
]

_MODULES = {
    "BENCHMARKS": ".registry",
    "Benchmark": ".benchmark",
    "Sample": ".sample",
    "Scored": ".benchmark",
    "Variant": ".benchmark",
    "load_benchmark": ".registry",
    "score_predictions": ".benchmarks.sunrgbd_3d",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
