"""`fp32_nodes`: which nodes of a graph must keep their 32 bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .graph import BFLOAT16, FLOAT16, Graph
from .libraries import ml_dtypes, onnx

LAYOUT = {
    *("Concat", "Expand", "Flatten", "Gather", "GatherElements", "Identity", "Pad", "Reshape"),
    *("Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"),
}
"""They move numbers and change none."""

NORMS = {
    *("BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization"),
    *("LpNormalization", "MeanVarianceNormalization", "RMSNormalization"),
}
STATISTICS = {
    *("CumSum", "Exp", "Log", "Pow", "Reciprocal", "ReduceL2", "ReduceMean", "ReduceSum"),
    *("ReduceSumSquare", "Sqrt", "Cos", "Sin"),
}
"""Sums over many terms and what amplifies errors or overflows: norms are spelled with them."""

DECISIONS = {
    *("ArgMax", "ArgMin", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "TopK"),
}
"""A rounded number may fall on the other side."""

ARITHMETIC = {"Add", "Div", "Mul", "Sub"}
ELEMENTWISE = ARITHMETIC | {
    *("Abs", "Cast", "Clip", "Max", "Min", "Neg", "Not", "Relu", "ScatterElements", "Sign", "Tanh"),
    *("Where",),
}
UNBOUNDED = LAYOUT | {"Add", "Max", "Mul", "Neg", "Sub", "Where"}
"""They carry a number beyond 16 bits on."""

_GENERATORS = {"ConstantOfShape", "EyeLike", "Range", "RandomNormalLike", "RandomUniformLike"}
_LOW: dict[int, tuple[str, Any]] = {
    FLOAT16: ("float16", np.float16),
    BFLOAT16: ("bfloat16", ml_dtypes.bfloat16),
}


def low_dtype(low: int) -> np.dtype:
    """The numpy type of fp16 or bf16."""
    return np.dtype(_LOW[low][1])


def overflows(array: np.ndarray, low: int) -> bool:
    """Whether one of the numbers becomes infinite in 16 bits."""
    with np.errstate(over="ignore"):
        rounded = array.astype(low_dtype(low))
    return bool((np.isfinite(array) & ~np.isfinite(rounded)).any())


def vanishes(array: np.ndarray, low: int) -> bool:
    """Whether all of the numbers become 0 in 16 bits, as an epsilon may."""
    with np.errstate(over="ignore"):
        return bool(array.any() and not array.astype(low_dtype(low)).any())


def low_inputs(graph: Graph, node: Any, low: int) -> set[int] | None:
    """Positions of the fp32 inputs that may be 16-bit; None if the operator has no such form."""
    positions = {i for i, name in enumerate(node.input) if graph.is_float(name)}
    if node.domain not in ("", "ai.onnx"):
        return positions
    schema = onnx.defs.get_schema(node.op_type, graph.opset, "")
    allowed = {c.type_param_str: set(c.allowed_type_strs) for c in schema.type_constraints}

    def admits(parameters: Any, position: int) -> bool:
        name = parameters[min(position, len(parameters) - 1)].type_str
        return f"tensor({_LOW[low][0]})" in allowed.get(name, {name})

    outputs = [i for i, name in enumerate(node.output) if graph.is_float(name)]
    if not all(admits(schema.outputs, i) for i in outputs):
        return None
    return {i for i in positions if admits(schema.inputs, i)}


def fp32_nodes(graph: Graph, low: int, wide: frozenset[str] = frozenset()) -> set[str]:
    """Names of the nodes that keep 32 bits.

    Those are norms (Pow, ReduceMean, Sqrt ... and the scale behind them), other sums, arithmetic on
    the graph's inputs (pixels, the state, masks), sums that are carried from an input on (the
    denoised chunk), arithmetic that leads to outputs, operators without a 16-bit form, and what has
    numbers beyond the 16-bit type.

    Args:
        graph: In fp32.
        low: The 16-bit type, of `onnx.TensorProto`.
        wide: Tensors that were seen to hold numbers beyond the type.
    """
    float_nodes = [node for node in graph.nodes if _is_float_node(graph, node)]
    exact = _wide(graph, low, wide) | _tiny(graph, low)
    kept = {node.name for node in float_nodes if _is_kept_alone(graph, node, low, exact)}
    kept.update(_norms(graph))
    kept.update(_input_arithmetic(graph))
    consumers = graph.consumers()
    for node in reversed(graph.nodes):
        if node.name not in kept and _is_light(graph, node):
            readers = [reader for name in node.output for reader in consumers.get(name, ())]
            if all(reader.name in kept or not _is_float_node(graph, reader) for reader in readers):
                kept.add(node.name)
    return kept & {node.name for node in float_nodes}


def _is_float_node(graph: Graph, node: Any) -> bool:
    return any(map(graph.is_float, (*node.input, *node.output)))


def _is_light(graph: Graph, node: Any) -> bool:
    """Whether 32 bits cost little: not for an embedding, which may be the largest constant."""
    table = node.op_type == "Gather" and graph.is_float(node.input[0])
    return node.op_type in LAYOUT | ELEMENTWISE and not (table and node.input[0] in graph.constants)


def _is_kept_alone(graph: Graph, node: Any, low: int, exact: set[str]) -> bool:
    return (
        node.op_type in NORMS | STATISTICS | DECISIONS | _GENERATORS
        or not exact.isdisjoint((*node.input, *node.output))
        or low_inputs(graph, node, low) is None
    )


def _constants(graph: Graph) -> list[str]:
    return [name for name in graph.constants if graph.is_float(name)]


def _wide(graph: Graph, low: int, seen: frozenset[str]) -> set[str]:
    """Tensors that hold numbers which the 16-bit type cannot."""
    wide = set(seen)
    wide.update(name for name in _constants(graph) if overflows(graph.value(name), low))
    for node in graph.nodes:
        if node.op_type in UNBOUNDED and any(name in wide for name in node.input):
            wide.update(filter(graph.is_float, node.output))
    return wide


def _tiny(graph: Graph, low: int) -> set[str]:
    """Constants that would vanish in the 16-bit type, and what they are added to."""
    tiny = {name for name in _constants(graph) if vanishes(graph.value(name), low)}
    touched = [node for node in graph.nodes if not tiny.isdisjoint(node.input)]
    return tiny.union(name for node in touched for name in node.output)


def _norms(graph: Graph) -> Iterator[str]:
    """From the sums of a norm on to the multiplication by its weights."""
    statistics: set[str] = set()
    scaled: set[str] = set()
    for node in graph.nodes:
        data = _variables(graph, node)
        if node.op_type in STATISTICS:
            statistics.update(node.output)
        elif node.op_type in NORMS:
            scaled.update(node.output)
        elif node.op_type in ARITHMETIC and len(data) == 2 and data[0] == data[1]:
            if data[0] in scaled:
                scaled.update(node.output)
                yield node.name
        elif node.op_type in LAYOUT | ARITHMETIC and data and statistics.issuperset(data):
            statistics.update(node.output)
            yield node.name
        elif node.op_type in ARITHMETIC and not statistics.isdisjoint(data):
            scaled.update(node.output)
            yield node.name
        elif node.op_type in LAYOUT | ARITHMETIC and len(data) == 1 and data[0] in scaled:
            scaled.update(node.output)
            yield node.name


def _input_arithmetic(graph: Graph) -> Iterator[str]:
    """What is computed from inputs alone, and sums that a float input is carried through."""
    raw = set(graph.inputs)
    carried = {name for name in graph.inputs if graph.is_float(name)}
    for node in graph.nodes:
        if not _is_light(graph, node):
            continue
        data = _variables(graph, node)
        if data and raw.issuperset(data):
            raw.update(node.output)
            if carried.issuperset(data):
                carried.update(node.output)
            yield node.name
        elif node.op_type in ("Add", "Sub") and any(name in carried for name in data):
            carried.update(node.output)
            yield node.name
        elif data and node.op_type != "Concat" and carried.issuperset(data):
            carried.update(node.output)
            yield node.name


def _variables(graph: Graph, node: Any) -> list[str]:
    return [name for name in node.input if name and name not in graph.constants]
