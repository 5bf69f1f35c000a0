"""`peaks`: how large the numbers of a graph become on real inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import SpatuneError, first_line
from .graph import Graph
from .libraries import onnx, onnxruntime

_FEW = 8
"""Inputs on which all tensors are looked at."""


def session(model: Any) -> Any:
    """An ONNX Runtime session on one CPU thread: a file must not depend on the number of cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        data = model if isinstance(model, bytes) else model.SerializeToString()
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise SpatuneError(
            f"ONNX Runtime cannot load the graph ({first_line(error)}): export it again"
        ) from error


def run(engine: Any, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """All outputs for one calibration input.

    Raises:
        SpatuneError: It does not fit the graph.
    """
    wanted = [value.name for value in engine.get_inputs()]
    missing = [name for name in wanted if name not in feed]
    if missing:
        raise SpatuneError(
            f"a calibration input has no {missing[0]!r}, only {', '.join(sorted(feed))}: give an "
            "array for each input of the graph"
        )
    for name in wanted:
        if feed[name].dtype.kind == "f" and not np.isfinite(feed[name]).all():
            raise SpatuneError(f"calibration input {name!r} is not finite: leave that one out")
    try:
        return engine.run(None, {name: feed[name] for name in wanted})
    except Exception as error:
        raise SpatuneError(
            f"a calibration input does not fit the graph ({first_line(error)}): give every "
            "input in its type and shape"
        ) from error


def peaks(
    graph: Graph, names: Iterable[str], feeds: Iterable[Mapping[str, np.ndarray]]
) -> dict[str, float]:
    """Largest magnitude of tensors.

    Args:
        graph: In fp32.
        names: Tensors to look at.
        feeds: Arrays for all inputs, by name.

    Raises:
        SpatuneError: An input does not fit the graph or is not finite.
    """
    names = list(dict.fromkeys(names))
    model = graph.finish()
    present = {value.name for value in (*model.graph.output, *model.graph.input)}
    for name in names:
        if name not in present:
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    engine = session(model)
    outputs = [value.name for value in engine.get_outputs()]
    largest = dict.fromkeys(names, 0.0)
    for feed in feeds:
        values = {**feed, **dict(zip(outputs, run(engine, feed), strict=True))}
        for name in names:
            value = values[name]
            if np.isnan(value).any():
                raise SpatuneError(f"tensor {name} is NaN on a calibration input: check the policy")
            # Masks may be infinite.
            peak = float(np.abs(value[np.isfinite(value)]).max(initial=0.0))
            largest[name] = max(peak, largest[name])
    return largest


def all_peaks(graph: Graph, feeds: Sequence[Mapping[str, np.ndarray]]) -> dict[str, float]:
    """`peaks` of every fp32 tensor, on a few inputs: all tensors lie in memory at once."""
    names = [name for each in graph.nodes for name in each.output if graph.is_float(name)]
    return peaks(graph, names, feeds[:: max(1, len(feeds) // _FEW)])
