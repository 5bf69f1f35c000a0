"""`cpu_engine`: a graph of any precision on the CPU; what it has no kernels for is emulated."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..bundle import WHOLE, Bundle
from ..engines.ort import EMULATED, OrtEngine
from ..model_file import load_model, save_model


def cpu_engine(bundle: Bundle, precision: str, stage: str = WHOLE) -> OrtEngine:
    """Load a graph on ONNX Runtime's CPU provider.

    Where the CPU has no kernels, every tensor is rounded to its type and sums are in fp32, which
    is close to what tensor cores do. The engine's name ends in `emulated` then.

    Raises:
        SpatuneError: The graph was not exported in the precision.
    """
    graph = bundle.graph(precision, stage)
    if precision not in EMULATED:
        return OrtEngine(graph, precision=precision, threads=1)
    from ..precision.emulation import emulated

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / graph.name
        save_model(emulated(load_model(graph)), path)
        return OrtEngine(path, precision=f"{precision}-emulated", threads=1)
