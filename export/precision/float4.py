"""`to_nvfp4`: 4-bit numbers in blocks of 16, for GPUs since Blackwell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .calibration import all_peaks, peaks
from .graph import FLOAT, FLOAT16, Graph, attribute, node, raise_opset
from .keep import fp32_nodes
from .libraries import ml_dtypes, onnx
from .qdq import Site, find_sites
from .sensitivity import tolerable_sites
from .sixteen_bit import beyond, to_sixteen_bit

BLOCK = 16
"""Numbers that share a scale."""

TOLERANCE = 0.1
"""Error of the outputs over their spread that 4-bit products may cause; see `relative_error`."""

FP4, FP8 = np.dtype(ml_dtypes.float4_e2m1fn), np.dtype(ml_dtypes.float8_e4m3fn)
_LARGEST, _LARGEST_SCALE = 6.0, 448.0
_OPSET = 23
"""First that has fp4. It would break TensorRT only with the operators that are new in it."""
_QUANTISE = "TRT_FP4DynamicQuantize"


def to_nvfp4(model: Any, feeds: Sequence[Mapping[str, np.ndarray]]) -> Any:
    """A model whose large matrix products have 4-bit weights and activations; the rest is fp16.

    Weights are stored as E2M1 with an E4M3 scale for each 16 inputs and one scale for all.
    Activations get their block scales while it runs, by TensorRT's own operator for that: only
    TensorRT reads these files. Products that would disturb the outputs too much stay in fp16.

    Args:
        model: In fp32.
        feeds: Calibration inputs.

    Raises:
        SpatuneError: No product can be quantised.
    """
    graph = Graph(raise_opset(model, _OPSET))
    wide = beyond(all_peaks(graph, feeds), "fp16")
    kept = fp32_nodes(graph, FLOAT16, wide)
    sites = [
        site
        for site in find_sites(graph, ("Gemm", "MatMul"))
        if graph.shapes[site.weight][1 - site.axis] % BLOCK == 0
        and graph.shapes[site.weight][site.axis] >= BLOCK
        and site.node not in kept
    ]
    observed = peaks(graph, [site.activation for site in sites], feeds)
    scales = {name: tensor_scale(peak) for name, peak in observed.items()}

    def fake(graph: Graph, site: Site, nodes: list[Any]) -> tuple[str, str]:
        parts = quantised_blocks(graph.value(site.weight), 1 - site.axis)
        weight = graph.add_constant(
            f"{site.weight}.fake", dequantised_blocks(*parts, 1 - site.axis)
        )
        return _fake_activation(graph, site.activation, scales[site.activation], nodes), weight

    _insert(graph, tolerable_sites(graph, sites, fake, feeds, TOLERANCE), scales)
    return to_sixteen_bit(graph.finish(), "fp16", wide)


def tensor_scale(peak: float) -> float:
    """Scale of a tensor's scales: a power of two, so that fp16 holds it without rounding."""
    if peak == 0:
        return 1.0
    exponent = np.ceil(np.log2(peak / (_LARGEST * _LARGEST_SCALE)))
    return float(2.0 ** max(exponent, -24))


def quantised_blocks(array: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Numbers, block scales and tensor scale of weights.

    Args:
        array: float32; its length along `axis` is a multiple of 16.
        axis: Along which 16 neighbours share a scale.

    Returns:
        float4_e2m1fn of the array's shape, float8_e4m3fn with a 16th of it along `axis`, and a
        power of two.
    """
    whole = tensor_scale(float(np.abs(array).max()))
    blocks = _blocks(array, axis)
    scales = (np.abs(blocks).max(-1) / _LARGEST / whole).clip(0, _LARGEST_SCALE).astype(FP8)
    real = _real_scales(scales, whole)[..., None]
    numbers = np.clip(blocks / np.where(real > 0, real, 1), -_LARGEST, _LARGEST).astype(FP4)
    numbers = numbers.reshape(np.moveaxis(array, axis, -1).shape)
    return np.moveaxis(numbers, -1, axis), np.moveaxis(scales, -1, axis), whole


def dequantised_blocks(
    numbers: np.ndarray, scales: np.ndarray, whole: float, axis: int
) -> np.ndarray:
    """What `quantised_blocks` left of the weights, float32."""
    real = _real_scales(np.moveaxis(scales, axis, -1), whole)[..., None]
    values = (_blocks(numbers.astype(np.float32), axis) * real).astype(np.float16)
    shape = np.moveaxis(numbers, axis, -1).shape
    return np.moveaxis(values.astype(np.float32).reshape(shape), -1, axis)


def _blocks(array: np.ndarray, axis: int) -> np.ndarray:
    moved = np.moveaxis(array, axis, -1)
    return moved.reshape(*moved.shape[:-1], -1, BLOCK)


def _real_scales(scales: np.ndarray, whole: float) -> np.ndarray:
    return (scales.astype(np.float32) * np.float32(whole)).astype(np.float16).astype(np.float32)


def _insert(graph: Graph, sites: Sequence[Site], scales: Mapping[str, float]) -> None:
    by_node = {site.node: site for site in sites}
    done: dict[str, str] = {}
    nodes: list[Any] = []
    for each in graph.nodes:
        site = by_node.get(each.name)
        if site is not None:
            if site.activation not in done:
                scale = graph.add_constant(
                    f"{site.activation}.scale", np.array(scales[site.activation], np.float32)
                )
                done[site.activation] = _activation(graph, site.activation, scale, nodes)
            if site.weight not in done:
                done[site.weight] = _weight(graph, site, nodes)
            each.input[0], each.input[1] = done[site.activation], done[site.weight]
        nodes.append(each)
    graph.nodes = nodes
    if sites:
        graph.model.opset_import.append(onnx.helper.make_opsetid("trt", 1))
    graph.retype()


def _activation(graph: Graph, name: str, scale: str, nodes: list[Any]) -> str:
    numbers, blocks = graph.fresh(f"{name}.fp4"), graph.fresh(f"{name}.fp8")
    real, back = graph.fresh(f"{name}.scales"), graph.fresh(f"{name}.dq")
    shape = graph.shapes[name]
    graph.declare(numbers, onnx.TensorProto.FLOAT4E2M1, shape)
    graph.declare(blocks, onnx.TensorProto.FLOAT8E4M3FN, (*shape[:-1], shape[-1] // BLOCK))
    kind = {"axis": -1, "block_size": BLOCK, "scale_type": onnx.TensorProto.FLOAT8E4M3FN}
    nodes += [
        node(_QUANTISE, [name, scale], [numbers, blocks], domain="trt", **kind),
        node("DequantizeLinear", [blocks, scale], [real]),
        node("DequantizeLinear", [numbers, real], [back], axis=-1, block_size=BLOCK),
    ]
    return back


def _weight(graph: Graph, site: Site, nodes: list[Any]) -> str:
    axis, name = 1 - site.axis, site.weight
    numbers, scales, whole = quantised_blocks(graph.value(name), axis)
    parts = {"fp4": numbers, "fp8": scales, "scale": np.array(whole, np.float32)}
    stored = {key: graph.add_constant(f"{name}.{key}", array) for key, array in parts.items()}
    real, back = graph.fresh(f"{name}.scales"), graph.fresh(f"{name}.dq")
    nodes += [
        node("DequantizeLinear", [stored["fp8"], stored["scale"]], [real]),
        node("DequantizeLinear", [stored["fp4"], real], [back], axis=axis, block_size=BLOCK),
    ]
    return back


def emulate_float4(graph: Graph) -> None:
    """Put arithmetic that ONNX Runtime's CPU provider has in place of 4-bit nodes."""
    producers = {name: each for each in graph.nodes for name in each.output}
    readers = graph.consumers()
    replaced: set[str] = set()
    nodes: list[Any] = []
    for each in graph.nodes:
        if each.op_type == _QUANTISE:
            scales = readers[each.output[1]][0]
            back = readers[each.output[0]][0]
            whole = float(graph.value(each.input[1]))
            low = graph.types[back.output[0]]
            nodes.append(node("Cast", [each.input[0]], [graph.fresh("fp32")], to=FLOAT))
            faked = _fake_activation(graph, nodes[-1].output[0], whole, nodes, each.input[0])
            nodes.append(node("Cast", [faked], back.output, to=low))
            replaced.update((scales.name, back.name))
        elif each.name in replaced:
            continue
        elif each.op_type == "DequantizeLinear" and _is_fp4(graph, each.input[0]):
            scales = producers[each.input[1]]
            numbers, blocks, whole = map(graph.value, (each.input[0], *scales.input[:2]))
            axis = attribute(each, "axis", 1)
            values = dequantised_blocks(numbers, blocks, float(whole), axis)
            kind = graph.value(scales.input[1]).dtype
            weight = graph.add_constant(f"{each.output[0]}.value", values.astype(kind))
            nodes.append(node("Identity", [weight], each.output))
        else:
            nodes.append(each)
    used = {name for each in nodes for name in each.input}
    graph.nodes = [
        n for n in nodes if used.intersection(n.output) or set(graph.outputs) & set(n.output)
    ]
    graph.declared.clear()
    graph.retype()


def _is_fp4(graph: Graph, name: str) -> bool:
    return name in graph.constants and graph.types[name] == onnx.TensorProto.FLOAT4E2M1


def _fake_activation(
    graph: Graph, name: str, whole: float, nodes: list[Any], like: str | None = None
) -> str:
    """Nodes that do to an fp32 tensor what fp4 would; the name of what is left."""
    shape = graph.shapes[like or name]

    def constant(value: Any, kind: type = np.float32) -> str:
        return graph.add_constant("fp4.constant", np.array(value, kind))

    def add(operator: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(node(operator, inputs, [graph.fresh(f"{name}.fp4")], **attributes))
        return nodes[-1].output[0]

    blocks = add("Reshape", name, constant((*shape[:-1], -1, BLOCK), np.int64))
    peak = add("ReduceMax", add("Abs", blocks), constant([-1], np.int64), keepdims=1)
    scales = add("Div", peak, constant(_LARGEST * whole))
    scales = add("Min", scales, constant(_LARGEST_SCALE))
    scales = add("Cast", scales, to=onnx.TensorProto.FLOAT8E4M3FN)
    scales = add("Mul", add("Cast", scales, to=FLOAT), constant(whole))
    # A block of zeros has the scale 0.
    divisor = add("Where", add("Equal", scales, constant(0)), constant(1), scales)
    scaled = add("Clip", add("Div", blocks, divisor), constant(-_LARGEST), constant(_LARGEST))
    size = add("Abs", scaled)
    coarse = add("Where", add("Less", size, constant(4)), constant(1), constant(2))
    step = add("Where", add("Less", size, constant(2)), constant(0.5), coarse)
    numbers = add("Mul", add("Round", add("Div", scaled, step)), step)
    return add("Reshape", add("Mul", numbers, scales), constant(shape, np.int64))
