"""`emulated`: what a 16-bit graph computes, on a CPU that has no 16-bit kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .float4 import emulate_float4
from .graph import BFLOAT16, FLOAT, FLOAT16, Graph, node
from .keep import LAYOUT

_LOW = {FLOAT16, BFLOAT16}
_QUANTISERS = {"DequantizeLinear", "QuantizeLinear"}
_EXACT = LAYOUT | {"Abs", "Clip", "Max", "Min", "Neg", "Relu", "ScatterElements", "Where"}
"""They give one of the numbers that they get: nothing to round."""


def emulated(model: Any) -> Any:
    """The same graph in fp32 arithmetic, with every 16-bit tensor rounded to its type.

    For ONNX Runtime's CPU provider, which lacks most fp16 and all bf16 and fp4 kernels. Each
    operator computes in fp32 and its result is rounded once, as matrix units do that accumulate in
    fp32; a GPU that sums in another order or accumulates in 16 bits differs in the last bits. Int8
    and fp8 Q/DQ nodes stay as they are; those of nvfp4 become arithmetic on the same numbers.

    Args:
        model: As `convert` writes it.

    Returns:
        A model with the same inputs and outputs, and fp32 weights that are rounded.
    """
    graph = Graph(model)
    emulate_float4(graph)
    low = {name: kind for name, kind in graph.types.items() if kind in _LOW}
    wide = {
        name: graph.add_constant(f"{name}.fp32", graph.value(name).astype(np.float32))
        for name in low.keys() & graph.constants.keys()
    }
    nodes: list[Any] = []
    for each in graph.nodes:
        rounds = each.op_type not in _EXACT
        if each.op_type in _QUANTISERS:
            if each.input[0] in low:
                narrow, name = graph.fresh(f"{each.input[0]}.low"), str(each.input[0])
                nodes.append(node("Cast", [wide.get(name, name)], [narrow], to=low[name]))
                each.input[0] = narrow
        else:
            each.input[:] = [wide.get(name, name) for name in each.input]
            if each.op_type == "Cast" and each.output[0] in low:
                next(a for a in each.attribute if a.name == "to").i = FLOAT
        nodes.append(each)
        for i, name in enumerate(each.output):
            if name not in low or not rounds:
                continue
            narrow = graph.fresh(f"{name}.low")
            if each.op_type in _QUANTISERS:
                each.output[i] = narrow
            else:
                each.output[i] = graph.fresh(f"{name}.exact")
                nodes.append(node("Cast", [each.output[i]], [narrow], to=low[name]))
            nodes.append(node("Cast", [narrow], [name], to=FLOAT))
    graph.nodes = nodes
    return graph.finish()
