"""`convert`: an fp32 graph as a file in another precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SpatuneError
from ..model_file import load_model, save_model

PRECISIONS = ("fp32", "fp16", "bf16", "int8", "int8-dynamic", "fp8", "nvfp4")
"""What `convert` writes."""

NEEDS_CALIBRATION = ("int8", "fp8", "nvfp4")
"""Precisions whose scales come from real inputs."""

_QUANTISERS = {"DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"}


def convert(
    source: Path,
    target: Path,
    precision: str,
    calibration: Sequence[Mapping[str, np.ndarray]] = (),
) -> None:
    """Write a graph in another precision; inputs and outputs keep their types and names.

    - `fp32`: the same graph, without what its exporter noted down.
    - `fp16`, `bf16`: see `to_sixteen_bit`. With calibration, fp16 keeps those tensors in fp32 that
      came near the end of its range.
    - `int8`: see `to_int8`; `int8-dynamic`: see `to_int8_dynamic`.
    - `fp8`: see `to_fp8`; `nvfp4`: see `to_nvfp4`.

    Calibrating runs the graph a few hundred times, on one CPU thread: files do not depend on the
    number of cores.

    Args:
        source: ONNX file in fp32, of fixed shapes.
        target: File to write; an older one stays until the new one is complete.
        precision: One of `PRECISIONS`.
        calibration: Real inputs of the graph, by name; a few dozen from different episodes.

    Raises:
        SpatuneError: The precision is unknown, calibration is missing or does not fit, the source
            cannot be read or is not in fp32, or a library is not installed.
    """
    if precision not in PRECISIONS:
        raise SpatuneError(
            f"precision {precision!r} is unknown; use one of {', '.join(PRECISIONS)}"
        )
    if precision in NEEDS_CALIBRATION and not len(calibration):
        raise SpatuneError(
            f"{precision} needs calibration inputs: give a few dozen real observations"
        )
    # Says in one line which library is missing.
    from .libraries import onnx  # noqa: F401

    save_model(_converted(load_model(source), precision, calibration), target)


def _converted(model: Any, precision: str, feeds: Sequence[Mapping[str, np.ndarray]]) -> Any:
    from .calibration import all_peaks
    from .float4 import to_nvfp4
    from .float8 import to_fp8
    from .graph import Graph
    from .int8 import to_int8, to_int8_dynamic
    from .sixteen_bit import TYPES, beyond, to_sixteen_bit

    graph = Graph(model)
    operators = {node.op_type for node in graph.nodes}
    if {*graph.types.values()} & {*TYPES.values()} or operators & _QUANTISERS:
        raise SpatuneError("the graph is in a lower precision already: convert the fp32 graph")
    model = graph.finish()
    if precision in TYPES:
        wide = beyond(all_peaks(graph, feeds), precision) if len(feeds) else frozenset()
        return to_sixteen_bit(model, precision, wide)
    if precision == "fp32":
        return model
    if precision == "int8-dynamic":
        return to_int8_dynamic(model)
    return {"int8": to_int8, "fp8": to_fp8, "nvfp4": to_nvfp4}[precision](model, feeds)
