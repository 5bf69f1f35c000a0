"""`to_int8` and `to_int8_dynamic`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import SpatuneError
from .calibration import peaks
from .graph import FLOAT, Graph, node
from .qdq import INT8, Site, along, fake_operands, find_sites, insert_qdq
from .sensitivity import tolerable_sites

TOLERANCE = 0.02
"""Error of the outputs over their spread that int8 may cause; see `relative_error`."""

_WIDE = replace(INT8, weight_limit=127)


def to_int8(model: Any, feeds: Sequence[Mapping[str, np.ndarray]]) -> Any:
    """A model with static Q/DQ on convolutions and matrix products, for TensorRT.

    Symmetric; one scale for each output channel of a weight, within 63 of 127 as x86 CPUs without
    VNNI need it, and one for an activation, from the largest magnitude that was observed. Biases,
    depthwise convolutions and products that would disturb the outputs too much stay in fp32. CPUs
    run it, no faster than fp32.

    Args:
        model: In fp32.
        feeds: Calibration inputs.

    Raises:
        SpatuneError: No product can be quantised.
    """
    graph = Graph(model)
    sites = find_sites(graph, ("Conv", "Gemm", "MatMul"))
    observed = peaks(graph, [site.activation for site in sites], feeds)
    fake = fake_operands(INT8, observed)
    insert_qdq(graph, tolerable_sites(graph, sites, fake, feeds, TOLERANCE), INT8, observed)
    return graph.finish()


def to_int8_dynamic(model: Any) -> Any:
    """A model whose matrix products scale their activations while they run, for CPUs.

    Weights are stored as uint8 around 128, which every CPU multiplies exactly. ONNX Runtime's own
    quantiser stores int8, which saturates on x86 CPUs without VNNI.

    Args:
        model: In fp32.

    Raises:
        SpatuneError: It has no matrix product.
    """
    graph = Graph(model)
    by_node = {site.node: site for site in find_sites(graph, ("Gemm", "MatMul"))}
    by_node = {n: s for n, s in by_node.items() if s.operator == "MatMul" or _is_plain(graph, n)}
    if not by_node:
        raise SpatuneError(
            "the graph has no matrix product with constant weights: use int8 or fp32"
        )
    nodes: list[Any] = []
    done: dict[str, list[str]] = {}
    for each in graph.nodes:
        site = by_node.get(each.name)
        if site is None:
            nodes.append(each)
        else:
            nodes += _dynamic(graph, site, each, done)
    graph.nodes = nodes
    return graph.finish()


def _is_plain(graph: Graph, name: str) -> bool:
    each = next(n for n in graph.nodes if n.name == name)
    return all(a.f == 1.0 for a in each.attribute if a.name in ("alpha", "beta"))


def _dynamic(graph: Graph, site: Site, each: Any, done: dict[str, list[str]]) -> list[Any]:
    name, nodes = site.activation, []
    if name not in done:
        done[name] = [graph.fresh(f"{name}.{part}") for part in ("u8", "scale", "zero")]
        nodes.append(node("DynamicQuantizeLinear", [name], done[name]))
    if site.weight not in done:
        array = graph.value(site.weight)
        array = array.T if site.axis == 0 else array
        scales = _WIDE.weight_scale(array, 1)
        numbers = _WIDE.quantised(array, along(scales, 2, 1)).astype(np.int16) + 128
        parts = {"u8": numbers.astype(np.uint8), "scale": scales}
        parts["zero"] = np.full(scales.shape, 128, np.uint8)
        done[site.weight] = [graph.add_constant(f"{site.weight}.{k}", v) for k, v in parts.items()]
    (left, left_scale, left_zero), (right, right_scale, right_zero) = done[name], done[site.weight]
    output = each.output[0]
    whole, real, scale = (graph.fresh(f"{output}.{part}") for part in ("i32", "real", "scale"))
    bias = each.input[2] if len(each.input) > 2 else None
    product = graph.fresh(f"{output}.product") if bias else output
    nodes += [
        node("MatMulInteger", [left, right, left_zero, right_zero], [whole]),
        node("Cast", [whole], [real], to=FLOAT),
        node("Mul", [left_scale, right_scale], [scale]),
        node("Mul", [real, scale], [product]),
    ]
    if bias:
        nodes.append(node("Add", [product, bias], [output]))
    return nodes
