"""`Site` and `insert_qdq`: where a graph is quantised, and the nodes that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .graph import Graph, attribute, node
from .libraries import ml_dtypes


@dataclass(frozen=True)
class Site:
    """A product with constant weights.

    Attributes:
        node: Its name.
        operator: `Conv`, `Gemm` or `MatMul`.
        activation: The tensor that is multiplied.
        weight: The constant that it is multiplied with.
        axis: The weight's axis of output channels.
        macs: Multiplications of one run.
    """

    node: str
    operator: str
    activation: str
    weight: str
    axis: int
    macs: int


def find_sites(graph: Graph, operators: Iterable[str]) -> list[Site]:
    """All products of fp32 activations with constant weights, in the graph's order."""
    sites = []
    for each in graph.nodes:
        if each.op_type not in set(operators) or each.input[1] not in graph.constants:
            continue
        activation, weight = each.input[:2]
        shape = graph.shapes[weight]
        if not graph.is_float(weight) or activation in graph.constants:
            continue
        axis = 0 if each.op_type == "Conv" or attribute(each, "transB", 0) else 1
        if (each.op_type != "Conv" and len(shape) != 2) or attribute(each, "transA", 0):
            continue
        # Depthwise convolutions gain no speed (matrix units do not fit them), and lose most.
        if each.op_type == "Conv" and attribute(each, "group", 1) > 1 and shape[1] == 1:
            continue
        macs = int(np.prod(graph.shapes[each.output[0]])) * (int(np.prod(shape)) // shape[axis])
        sites.append(Site(each.name, each.op_type, activation, weight, axis, macs))
    return sites


@dataclass(frozen=True)
class Grid:
    """Numbers of an 8-bit type.

    Attributes:
        dtype: numpy type of the stored numbers.
        limit: Largest that activations use.
        weight_limit: Largest that weights use.
        scale: numpy type of the scales; the products behind them compute in it.
    """

    dtype: np.dtype
    limit: float
    weight_limit: float
    scale: np.dtype

    def weight_scale(self, array: np.ndarray, axis: int) -> np.ndarray:
        """One scale for each output channel, in the scales' type, as float32."""
        others = tuple(i for i in range(array.ndim) if i != axis)
        return self.rounded(np.abs(array).max(axis=others) / self.weight_limit)

    def activation_scale(self, peak: float) -> np.ndarray:
        """One scale for a tensor, in the scales' type, as float32."""
        return self.rounded(np.array(peak / self.limit))

    def rounded(self, scale: np.ndarray) -> np.ndarray:
        """Scales as they are stored: rounded up, as a smaller one would clip; 1 where all is 0."""
        stored = np.asarray(scale).astype(self.scale)
        higher = np.nextafter(stored, np.array(np.inf, self.scale))
        stored = np.where(stored < scale, higher, stored).astype(np.float32)
        return np.where(stored > 0, stored, np.float32(1))

    def quantised(self, array: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Nearest numbers of the type."""
        scaled = np.clip(array / scale, -self.limit, self.limit)
        return (np.rint(scaled) if self.dtype == np.int8 else scaled).astype(self.dtype)

    def fake(self, array: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """What is left of numbers, float32."""
        return self.quantised(array, scale).astype(np.float32) * scale


# x86 CPUs without VNNI add two products in 16 bits: 2 * 255 * 127 does not fit them, 2 * 255 * 63
# does. The weights' last bit costs less than sums that saturate.
INT8 = Grid(np.dtype(np.int8), 127, 63, np.dtype(np.float32))
FP8 = Grid(np.dtype(ml_dtypes.float8_e4m3fn), 448, 448, np.dtype(np.float16))


Fake = Callable[[Graph, Site, list[Any]], tuple[str, str]]
"""Adds nodes that quantise a site's operands and turn them back; gives both tensors' names."""


def along(scale: np.ndarray, ndim: int, axis: int) -> np.ndarray:
    """Scales of channels in the shape that multiplies an array of that many axes."""
    return scale.reshape([-1 if i == axis else 1 for i in range(ndim)])


def insert_qdq(
    graph: Graph, sites: Iterable[Site], grid: Grid, observed: Mapping[str, float]
) -> None:
    """Quantise products: Q/DQ on the activation, DQ on stored 8-bit weights; biases stay.

    Args:
        graph: Changed in place.
        sites: Products to quantise.
        grid: Type of the numbers.
        observed: Peaks of the activations.
    """
    by_node = {site.node: site for site in sites}
    zero = graph.add_constant("quantised.zero", np.zeros((), grid.dtype))
    done: dict[str, str] = {}
    nodes: list[Any] = []
    for each in graph.nodes:
        site = by_node.get(each.name)
        if site is not None:
            if site.activation not in done:
                added, done[site.activation] = _activation(graph, site, grid, observed, zero)
                nodes += added
            if site.weight not in done:
                added, done[site.weight] = _weight(graph, site, grid)
                nodes += added
            each.input[0], each.input[1] = done[site.activation], done[site.weight]
        nodes.append(each)
    graph.nodes = nodes
    graph.retype()


def fake_operands(grid: Grid, observed: Mapping[str, float]) -> Fake:
    """What `insert_qdq` does to operands, for `tolerable_sites`."""
    zero = np.zeros((), grid.dtype)
    scales = {name: grid.activation_scale(peak) for name, peak in observed.items()}

    def fake(graph: Graph, site: Site, nodes: list[Any]) -> tuple[str, str]:
        array = graph.value(site.weight)
        left = grid.fake(array, along(grid.weight_scale(array, site.axis), array.ndim, site.axis))
        weight = graph.add_constant(f"{site.weight}.fake", left)
        scale = graph.add_constant("fake.scale", scales[site.activation])
        point = graph.add_constant("fake.zero", zero)
        stored, back = graph.fresh("fake.q"), graph.fresh("fake.dq")
        nodes.append(node("QuantizeLinear", [site.activation, scale, point], [stored]))
        nodes.append(node("DequantizeLinear", [stored, scale, point], [back]))
        return back, weight

    return fake


def _activation(
    graph: Graph, site: Site, grid: Grid, observed: Mapping[str, float], zero: str
) -> tuple[list[Any], str]:
    name = site.activation
    scale = graph.add_constant(f"{name}.scale", grid.activation_scale(observed[name]))
    stored, back = graph.fresh(f"{name}.q"), graph.fresh(f"{name}.dq")
    quantise = node("QuantizeLinear", [name, scale, zero], [stored])
    return [quantise, node("DequantizeLinear", [stored, scale, zero], [back])], back


def _weight(graph: Graph, site: Site, grid: Grid) -> tuple[list[Any], str]:
    array = graph.value(site.weight)
    scales = grid.weight_scale(array, site.axis)
    numbers = grid.quantised(array, along(scales, array.ndim, site.axis))
    stored = graph.add_constant(f"{site.weight}.q", numbers)
    scale = graph.add_constant(f"{site.weight}.scale", scales)
    zero = graph.add_constant(f"{site.weight}.zero", np.zeros(scales.shape, grid.dtype))
    back = graph.fresh(f"{site.weight}.dq")
    return [node("DequantizeLinear", [stored, scale, zero], [back], axis=site.axis)], back
