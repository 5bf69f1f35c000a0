"""Rounding, quantisation and emulation on hand-made graphs, number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import TensorProto, helper, numpy_helper

from spatune.errors import SpatuneError
from spatune.export.precision.convert import convert
from spatune.export.precision.emulation import emulated
from spatune.export.precision.float4 import (
    dequantised_blocks,
    emulate_float4,
    quantised_blocks,
    tensor_scale,
)
from spatune.export.precision.graph import BFLOAT16, FLOAT, FLOAT16, Graph
from spatune.export.precision.int8 import to_int8_dynamic
from spatune.export.precision.qdq import FP8, INT8, along, find_sites, insert_qdq
from spatune.export.precision.sensitivity import relative_error
from spatune.export.precision.sixteen_bit import to_sixteen_bit

Feed = dict[str, np.ndarray]


def run(model: Any, feeds: list[Feed]) -> np.ndarray:
    """The first output of each feed."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    data = model.SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return np.stack([np.asarray(session.run(None, feed)[0]) for feed in feeds])


def model_of(
    nodes: list[Any], inputs: dict, output: tuple, constants: dict, opset: int = 18
) -> Any:
    """A graph of hand-made nodes: one output `y`, float inputs of given shapes."""
    infos = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()]
    result = [helper.make_tensor_value_info("y", FLOAT, output)]
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "graph", infos, result, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_numbers_beyond_the_type_stay_fp32(precision: str) -> None:
    """A masking constant near fp32's limit, a weight of a million, an epsilon that would be 0."""
    constants = {
        "mask": np.array([[0, -3.4e38, 0, -np.inf], [-3.4e38] * 4], np.float32),
        "big": np.diag([1e6, 1, 1, 1]).astype(np.float32),
        "small": np.diag([1e-6, 1, 1, 1]).astype(np.float32),
        "epsilon": np.array(1e-12, np.float32),
        "eye": np.eye(4, dtype=np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "big"], ["a"]),
        helper.make_node("MatMul", ["a", "small"], ["b"]),
        helper.make_node("Add", ["b", "mask"], ["c"]),
        helper.make_node("Softmax", ["c"], ["d"]),
        helper.make_node("Add", ["d", "epsilon"], ["e"]),
        helper.make_node("Div", ["d", "e"], ["f"]),
        helper.make_node("MatMul", ["f", "eye"], ["y"]),
    ]
    model = model_of(nodes, {"x": (1, 4)}, (2, 4), constants)
    feeds: list[Feed] = [{"x": np.array([[0.5, 2, 0.25, 1]], np.float32)}]
    seen = frozenset({"a"}) if precision == "fp16" else frozenset()
    found = run(emulated(to_sixteen_bit(model, precision, seen)), feeds)
    np.testing.assert_allclose(found, run(model, feeds), rtol=2e-2)
    assert found.ravel().tolist() == pytest.approx([1, 0, 1, 0, 1, 1, 1, 1], rel=2e-2)


def test_tensors_that_overflowed_in_calibration_stay_fp32(tmp_path: Path) -> None:
    constants = {"up": np.full((4, 4), 300, np.float32), "down": np.full((4, 4), 1e-3, np.float32)}
    nodes = [
        helper.make_node("MatMul", ["x", "up"], ["a"]),
        helper.make_node("MatMul", ["a", "down"], ["y"]),
    ]
    model = model_of(nodes, {"x": (2, 4)}, (2, 4), constants)
    onnx.save(model, str(tmp_path / "a.onnx"))
    feeds: list[Feed] = [{"x": np.full((2, 4), 100, np.float32)}]
    convert(tmp_path / "a.onnx", tmp_path / "blind.onnx", "fp16")
    convert(tmp_path / "a.onnx", tmp_path / "b.onnx", "fp16", feeds)
    assert np.isinf(run(emulated(onnx.load(str(tmp_path / "blind.onnx"))), feeds)).all()
    found = run(emulated(onnx.load(str(tmp_path / "b.onnx"))), feeds)
    np.testing.assert_allclose(found, run(model, feeds), rtol=1e-3)


def test_denoised_chunk_is_summed_in_fp32() -> None:
    constants = {
        "weight": np.eye(4, dtype=np.float32) * 1e-3,
        "steps": np.array(10, np.float32),
    }
    nodes = []
    for step in range(4):
        last = "noise" if step == 0 else f"chunk{step}"
        nodes += [
            helper.make_node("MatMul", [last, "weight"], [f"velocity{step}"]),
            helper.make_node("Div", [f"velocity{step}", "steps"], [f"move{step}"]),
            helper.make_node(
                "Add", [last, f"move{step}"], ["y" if step == 3 else f"chunk{step + 1}"]
            ),
        ]
    model = model_of(nodes, {"noise": (1, 8, 4)}, (1, 8, 4), constants)
    graph = Graph(to_sixteen_bit(model, "bf16"))
    adds = [node for node in graph.nodes if node.op_type == "Add"]
    assert {graph.types[name] for node in adds for name in (*node.input, *node.output)} == {FLOAT}
    assert {graph.types[n.output[0]] for n in graph.nodes if n.op_type == "MatMul"} == {BFLOAT16}


def test_gripper_is_decided_in_fp32() -> None:
    constants = {
        **{"w": np.eye(4, dtype=np.float32), "offset": np.full(4, 1e-4, np.float32)},
        **{"zero": np.array(0, np.float32), "one": np.array(1, np.float32)},
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Add", ["a", "offset"], ["b"]),
        helper.make_node("Greater", ["b", "zero"], ["open"]),
        helper.make_node("Where", ["open", "one", "zero"], ["y"]),
    ]
    graph = Graph(to_sixteen_bit(model_of(nodes, {"x": (2, 4)}, (2, 4), constants), "bf16"))
    low = {node.op_type for node in graph.nodes if BFLOAT16 in map(graph.types.get, node.input)}
    assert low == {"MatMul", "Cast"}


def test_products_that_disturb_most_are_left_out(tmp_path: Path) -> None:
    """One activation has an outlier that drowns the rest; the other product is harmless."""
    rng = np.random.default_rng(0)
    good, bad = rng.normal(size=(2, 64, 64)).astype(np.float32) / 8
    bad[0] = 0
    outlier = np.array([4000] + [0] * 63, np.float32)
    weights = {"good": good, "bad": bad, "outlier": outlier}
    nodes = [
        helper.make_node("MatMul", ["x", "good"], ["a"]),
        helper.make_node("Add", ["a", "outlier"], ["b"]),
        helper.make_node("MatMul", ["b", "bad"], ["y"]),
    ]
    model = model_of(nodes, {"x": (8, 64)}, (8, 64), weights)
    onnx.save(model, str(tmp_path / "a.onnx"))
    feeds: list[Feed] = [{"x": rng.normal(size=(8, 64)).astype(np.float32)} for _ in range(6)]
    convert(tmp_path / "a.onnx", tmp_path / "b.onnx", "int8", feeds)
    found = onnx.load(str(tmp_path / "b.onnx"))
    kinds = {tensor.name: tensor.data_type for tensor in found.graph.initializer}
    assert kinds["good.q"] == TensorProto.INT8 and kinds["bad"] == TensorProto.FLOAT
    assert relative_error([run(found, feeds)], [run(model, feeds)]) < 0.02


def test_nothing_to_quantise_is_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    model = model_of(nodes, {"x": (8, 24)}, (8, 24), {"w": np.eye(24, dtype=np.float32)})
    onnx.save(model, str(tmp_path / "a.onnx"))
    feeds: list[Feed] = [{"x": rng.normal(size=(8, 24)).astype(np.float32)} for _ in range(3)]
    target = tmp_path / "b.onnx"
    with pytest.raises(SpatuneError, match="no product of a shape that can be quantised: use fp16"):
        convert(tmp_path / "a.onnx", target, "nvfp4", feeds)
    nodes[0].CopyFrom(helper.make_node("Relu", ["x"], ["y"]))
    onnx.save(model_of(nodes, {"x": (8, 24)}, (8, 24), {}), str(tmp_path / "relu.onnx"))
    with pytest.raises(SpatuneError, match="no matrix product with constant weights: use int8 or"):
        convert(tmp_path / "relu.onnx", target, "int8-dynamic")
    nodes[0].CopyFrom(helper.make_node("MatMul", ["x", "w"], ["a"]))
    nodes.append(helper.make_node("Sub", ["a", "big"], ["y"]))
    constants = {"w": np.eye(24, dtype=np.float32), "big": np.full(24, 1e4, np.float32)}
    feeds = [{"x": 1e4 + rng.normal(size=(8, 24)).astype(np.float32)} for _ in range(3)]
    onnx.save(model_of(nodes, {"x": (8, 24)}, (8, 24), constants), str(tmp_path / "a.onnx"))
    with pytest.raises(SpatuneError, match="changes the outputs by more than 2% of their spread"):
        convert(tmp_path / "a.onnx", target, "int8", feeds)
    assert not target.exists()


@pytest.mark.parametrize("precision", ["int8", "int8-dynamic"])
def test_integer_kernels_do_not_saturate(precision: str) -> None:
    """On x86 CPUs without VNNI; the largest activations meet the largest weights here."""
    rng = np.random.default_rng(0)
    signs = np.sign(rng.normal(size=(64, 64))).astype(np.float32)
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": (64, 64)}, (64, 64), {"w": signs}
    )
    graph = Graph(model)
    if precision == "int8":
        insert_qdq(graph, find_sites(graph, ["MatMul"]), INT8, {"x": 1.0})
        model = graph.finish()
        stored = Graph(model).value("w.q")
        assert stored.dtype == np.int8 and np.abs(stored).max() == 63
    else:
        model = to_int8_dynamic(model)
    feeds: list[Feed] = [{"x": signs.T.copy()}]
    np.testing.assert_allclose(run(model, feeds)[0], signs.T @ signs, atol=0.6)


def test_fp8_is_emulated_as_its_numbers_say() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 32, 32)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    graph = Graph(model_of(nodes, {"x": (32, 32)}, (32, 32), {"w": weight}, opset=19))
    insert_qdq(graph, find_sites(graph, ["MatMul"]), FP8, {"x": 2.0})
    found = run(emulated(to_sixteen_bit(graph.finish(), "fp16")), [{"x": x}])[0]
    left = FP8.fake(x.astype(np.float16).astype(np.float32), FP8.activation_scale(2.0))
    right = FP8.fake(weight, along(FP8.weight_scale(weight, 1), 2, 1))
    left, right = (array.astype(np.float16).astype(np.float32) for array in (left, right))
    np.testing.assert_allclose(found, left @ right, rtol=2e-3, atol=2e-3)
    assert np.abs(left).max() < 2.01 < np.abs(x).max()


def test_spelled_out_layer_norm_is_fp32() -> None:
    constants = {
        "axes": np.array([-1]),
        "epsilon": np.array(1e-6, np.float32),
        "scale": np.ones(16, np.float32),
        "shift": np.zeros(16, np.float32),
        "w": np.eye(16, dtype=np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("ReduceMean", ["a", "axes"], ["mean"]),
        helper.make_node("Sub", ["a", "mean"], ["d"]),
        helper.make_node("Mul", ["d", "d"], ["dd"]),
        helper.make_node("ReduceMean", ["dd", "axes"], ["variance"]),
        helper.make_node("Add", ["variance", "epsilon"], ["v"]),
        helper.make_node("Sqrt", ["v"], ["root"]),
        helper.make_node("Div", ["d", "root"], ["n"]),
        helper.make_node("Mul", ["n", "scale"], ["m"]),
        helper.make_node("Add", ["m", "shift"], ["b"]),
        helper.make_node("MatMul", ["b", "w"], ["c"]),
        helper.make_node("Relu", ["c"], ["e"]),
        helper.make_node("MatMul", ["e", "w"], ["y"]),
    ]
    graph = Graph(to_sixteen_bit(model_of(nodes, {"x": (4, 16)}, (4, 16), constants), "fp16"))
    low = {node.op_type for node in graph.nodes if graph.types[node.output[0]] == FLOAT16}
    assert low == {"MatMul", "Relu", "Cast"}


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp16", torch.float16), ("bf16", torch.bfloat16)]
)
def test_emulation_rounds_as_the_type_does(precision: str, dtype: torch.dtype) -> None:
    """Against torch's own 16-bit kernels; small integers make the fp32 sums exact in any order."""
    generator = torch.Generator().manual_seed(0)
    weight, x = (
        torch.randint(-63, 64, shape, generator=generator).float() / 64
        for shape in ((24, 16), (9, 24))
    )
    bias = torch.randint(-63, 64, (16,), generator=generator).float() / 16
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["a"]),
        helper.make_node("Add", ["a", "bias"], ["b"]),
        helper.make_node("Sigmoid", ["b"], ["c"]),
        helper.make_node("Mul", ["b", "c"], ["d"]),
        helper.make_node("MatMul", ["d", "back"], ["y"]),
    ]
    constants = {
        "weight": weight.numpy(),
        "bias": bias.numpy(),
        "back": np.eye(16, dtype=np.float32),
    }
    model = model_of(nodes, {"x": (9, 24)}, (9, 16), constants)
    found = run(emulated(to_sixteen_bit(model, precision)), [{"x": x.numpy()}])[0]
    b = x.to(dtype) @ weight.to(dtype) + bias.to(dtype)
    expected = (b * b.sigmoid()).float().numpy()
    np.testing.assert_allclose(found, expected, rtol=2 * torch.finfo(dtype).eps, atol=1e-7)
    assert (found == expected).mean() > 0.95
    assert (run(model, [{"x": x.numpy()}])[0] != expected).mean() > 0.9


numbers = arrays.arrays(
    np.float32, (3, 32), elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False)
)


@given(numbers)
@example(np.full((3, 32), 2**-24, np.float32))
@settings(max_examples=60, deadline=None)
def test_fp4_blocks_come_back_the_same(array: np.ndarray) -> None:
    parts = quantised_blocks(array, 1)
    left = dequantised_blocks(*parts, 1)
    blocks = np.abs(array.reshape(3, 2, 16)).max(-1, keepdims=True)
    # Half of the largest step (2 of 6), the rounding of the block's scale, and its smallest value;
    # scales and weights are fp16 in between, whose steps are 2**-24 near zero.
    bound = blocks * (1 / 6 + 1 / 16) + 6 * tensor_scale(np.abs(array).max()) * 2**-9 + 7 * 2**-25
    assert (np.abs(left - array).reshape(3, 2, 16) <= bound).all()
    other = quantised_blocks(array.T, 0)
    for one, two in zip(parts, other, strict=True):
        np.testing.assert_array_equal(np.asarray(one).T, np.asarray(two))
    stored = numpy_helper.to_array(numpy_helper.from_array(parts[0], "x"))
    np.testing.assert_array_equal(stored.astype(np.float32), parts[0].astype(np.float32))


def test_fp4_activations_are_emulated_as_weights_are_stored() -> None:
    """Every fp4 number, every midpoint between two, and random blocks."""
    grid = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    ties = (grid[1:] + grid[:-1]) / 2
    row = np.concatenate([grid, ties, [6]])
    rng = np.random.default_rng(0)
    x = np.concatenate([row, -row, rng.normal(size=160), np.zeros(16)]).astype(np.float32)[None]
    scale = np.array(tensor_scale(6), np.float32)
    domain = {"domain": "trt", "axis": -1, "block_size": 16, "scale_type": TensorProto.FLOAT8E4M3FN}
    nodes = [
        helper.make_node("TRT_FP4DynamicQuantize", ["x", "scale"], ["q", "s8"], **domain),
        helper.make_node("DequantizeLinear", ["s8", "scale"], ["s"]),
        helper.make_node("DequantizeLinear", ["q", "s"], ["d"], axis=-1, block_size=16),
        helper.make_node("Identity", ["d"], ["y"]),
    ]
    model = model_of(nodes, {"x": x.shape}, x.shape, {"scale": scale}, opset=23)
    model.opset_import.append(helper.make_opsetid("trt", 1))
    model.graph.value_info.append(
        helper.make_tensor_value_info("q", TensorProto.FLOAT4E2M1, x.shape)
    )
    blocks = (1, x.shape[1] // 16)
    model.graph.value_info.append(
        helper.make_tensor_value_info("s8", TensorProto.FLOAT8E4M3FN, blocks)
    )
    graph = Graph(model)
    emulate_float4(graph)
    found = run(graph.finish(), [{"x": x}])[0]
    np.testing.assert_array_equal(found, dequantised_blocks(*quantised_blocks(x, 1), 1))


@given(arrays.arrays(np.float32, (40,), elements=st.floats(-(2.0**127), 2.0**127, width=32)))
@settings(max_examples=60, deadline=None)
def test_bf16_constants_are_nearest_and_ties_are_even(array: np.ndarray) -> None:
    stored = array.astype(ml_dtypes.bfloat16)
    expected = torch.from_numpy(array.copy()).bfloat16().float().numpy()
    np.testing.assert_array_equal(stored.astype(np.float32), expected)


@given(arrays.arrays(np.float32, (4, 24), elements=st.floats(-100, 100, width=32)))
@example(np.full((4, 24), 6.1e-5, np.float32))
@settings(max_examples=60, deadline=None)
def test_8_bit_weights_are_the_nearest_numbers(array: np.ndarray) -> None:
    for grid, step in ((INT8, 0.5), (FP8, 16.0)):
        scale = along(grid.weight_scale(array, 0), 2, 0)
        assert (scale > 0).all()
        left = grid.fake(array, scale)
        assert (np.abs(left - array) <= scale * step * 1.01 + 448 * 2e-3 * scale).all()
        np.testing.assert_allclose(grid.fake(left, scale), left, rtol=1e-6)
