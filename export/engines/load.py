"""`load_robot_engine`: engines by name, for those that need no torch."""

from __future__ import annotations

from ...errors import SpatuneError
from ..bundle import WHOLE, Bundle
from .engine import Engine
from .ort import PROVIDERS, OrtEngine

TENSORRT_ENGINES = ("tensorrt", "tensorrt-rtx")
ROBOT_ENGINES = (*PROVIDERS, *TENSORRT_ENGINES)
"""Engines that need numpy and their own library alone."""


def load_robot_engine(
    bundle: Bundle, engine: str, precision: str, *, stage: str = WHOLE, threads: int = 0
) -> Engine:
    """Load a graph of a bundle.

    Args:
        bundle: Where it lies.
        engine: One of `ROBOT_ENGINES`.
        precision: One that was exported.
        stage: One of the bundle's stages.
        threads: Threads of a CPU engine; 0 takes all cores.

    Raises:
        SpatuneError: The engine or the precision is not to be had.
    """
    if engine not in ROBOT_ENGINES:
        raise SpatuneError(f"engine {engine!r} is unknown; use one of {', '.join(ROBOT_ENGINES)}")
    graph = bundle.graph(precision, stage)
    if engine in TENSORRT_ENGINES:
        from .tensorrt import load_tensorrt

        return load_tensorrt(bundle, engine, precision, stage)
    return OrtEngine(graph, engine, precision=precision, threads=threads)
