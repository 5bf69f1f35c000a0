"""`to_sixteen_bit`: fp16 and bf16."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import SpatuneError
from .graph import BFLOAT16, FLOAT, FLOAT16, Graph, node, raise_opset
from .keep import fp32_nodes, low_dtype, low_inputs

TYPES = {"fp16": FLOAT16, "bf16": BFLOAT16}
_OPSETS = {"fp16": 18, "bf16": 22}
"""Convolutions take bf16 since opset 22."""


def to_sixteen_bit(model: Any, precision: str, wide: frozenset[str] = frozenset()) -> Any:
    """A model whose matrix products and convolutions compute in 16 bits.

    Inputs and outputs keep their types; `fp32_nodes` says what else stays in fp32. Constants are
    rounded once, from fp32. ONNX Runtime's own converter is not used: it knows no bf16, clips
    constants beyond 65504 without a word, and rounds between neighbours that both stay in fp32.

    Args:
        model: In fp32, of fixed shapes; it may hold Q/DQ nodes.
        precision: `fp16` or `bf16`.
        wide: Tensors that were seen to hold numbers beyond the type.

    Raises:
        SpatuneError: The precision is another, or the graph is in 16 bits already.
    """
    if precision not in TYPES:
        raise SpatuneError(f"{precision!r} is no 16-bit precision; use one of {', '.join(TYPES)}")
    low = TYPES[precision]
    graph = Graph(raise_opset(model, _OPSETS[precision]))
    if {FLOAT16, BFLOAT16} & set(graph.types.values()):
        raise SpatuneError("the graph has 16-bit tensors already: convert the fp32 graph")
    kept = fp32_nodes(graph, low, wide)
    _Lowering(graph, low, precision, kept).run()
    return graph.finish()


class _Lowering:
    """Gives each node one type, and casts where two types meet."""

    def __init__(self, graph: Graph, low: int, precision: str, kept: set[str]) -> None:
        self._graph, self._low, self._kept = graph, low, kept
        self._suffix = {FLOAT: "fp32", low: precision}
        self._floats = {name for name in graph.types if graph.is_float(name)}
        self._is_low: set[str] = set()
        self._cast: dict[tuple[str, int], str] = {}
        self._nodes: list[Any] = []

    def run(self) -> None:
        for each in self._graph.nodes:
            positions = None
            if each.name not in self._kept:
                positions = low_inputs(self._graph, each, self._low)
            for i, name in enumerate(each.input):
                if name in self._floats:
                    wanted = self._low if positions is not None and i in positions else FLOAT
                    each.input[i] = self._as_type(name, wanted)
            self._nodes.append(each)
            if positions is not None:
                self._lower_outputs(each)
        self._graph.nodes = self._nodes

    def _lower_outputs(self, each: Any) -> None:
        if each.op_type == "Cast" and each.output[0] in self._floats:
            next(a for a in each.attribute if a.name == "to").i = self._low
        for i, name in enumerate(each.output):
            if name not in self._floats:
                continue
            if name in self._graph.outputs:
                each.output[i] = self._graph.fresh(f"{name}.{self._suffix[self._low]}")
                self._nodes.append(node("Cast", [each.output[i]], [name], to=FLOAT))
                self._cast[name, self._low] = each.output[i]
            else:
                self._is_low.add(name)

    def _as_type(self, name: str, wanted: int) -> str:
        """The tensor in that type: itself, a rounded constant, or a cast, made once."""
        if name in self._graph.constants:
            if wanted == FLOAT:
                return name
            if (name, wanted) not in self._cast:
                array = self._graph.value(name).astype(low_dtype(self._low))
                constant = self._graph.add_constant(f"{name}.{self._suffix[wanted]}", array)
                self._cast[name, wanted] = constant
            return self._cast[name, wanted]
        if (name in self._is_low) == (wanted == self._low):
            return name
        if (name, wanted) not in self._cast:
            output = self._graph.fresh(f"{name}.{self._suffix[wanted]}")
            self._nodes.append(node("Cast", [name], [output], to=wanted))
            self._cast[name, wanted] = output
        return self._cast[name, wanted]


def beyond(peaks: dict[str, float], precision: str) -> frozenset[str]:
    """Tensors whose largest magnitude, with a factor of two to spare, is beyond a 16-bit type."""
    dtype = low_dtype(TYPES[precision])
    with np.errstate(over="ignore"):
        doubled = {name: np.float32(2 * peak).astype(dtype) for name, peak in peaks.items()}
    return frozenset(name for name, value in doubled.items() if not np.isfinite(value))
