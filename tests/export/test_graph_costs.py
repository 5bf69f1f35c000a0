"""`graph_costs` counts what torch counts, in the types of the graph, from shapes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from spatune.errors import SpatuneError
from spatune.export.floor.graph_costs import graph_costs
from spatune.export.floor.operators import contracted
from spatune.export.onnx_files import write_onnx

FP32, FP16, INT8, INT64 = (
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.INT8,
    TensorProto.INT64,
)


class Convolutions(nn.Module):
    """Strided, grouped, depthwise and transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = nn.Conv2d(16, 24, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(24, 32, 3, groups=4, bias=False)
        self.depthwise = nn.Conv2d(32, 32, 7, padding=3, groups=32)
        self.transposed = nn.ConvTranspose2d(32, 8, 4, stride=2, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        return self.transposed(self.depthwise(self.grouped(self.strided(image))))


class Attention(nn.Module):
    """Self-attention of 4 heads over 24 tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(64, 192), nn.Linear(64, 64)

    def forward(self, tokens: Tensor) -> Tensor:
        split = self.qkv(tokens).reshape(1, 24, 3, 4, 16).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(*split.unbind(0))
        return self.out(mixed.transpose(1, 2).reshape(1, 24, 64))


class Mlp(nn.Module):
    """On every token and on one row, and then all pairs of tokens by an einsum."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow, self.row = nn.Linear(64, 256), nn.Linear(256, 64), nn.Linear(64, 9)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.narrow(nn.functional.gelu(self.wide(tokens)))
        return self.row(tokens[:, 0]), torch.einsum("bnd,bmd->bnm", tokens, tokens)


@pytest.mark.parametrize(
    ("module", "shape"),
    [(Convolutions, (1, 16, 20, 20)), (Attention, (1, 24, 64)), (Mlp, (1, 24, 64))],
)
def test_products_are_those_that_torch_counts(
    module: type[nn.Module], shape: tuple[int, ...], tmp_path: Path
) -> None:
    network = module().eval()
    inputs = {"x": torch.zeros(shape)}
    # Only the plain attention is made of products that torch's counter knows on a CPU.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs.values())
    outputs = ["y", "z"] if module is Mlp else ["y"]
    write_onnx(network, inputs, outputs, tmp_path / "graph.onnx")
    costs = graph_costs(tmp_path / "graph.onnx")
    assert costs.products == {"fp32": counter.get_total_flops()}
    assert costs.uncounted == ()


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, Sequence[int | str]]],
    outputs: Mapping[str, tuple[int, Sequence[int | str]]],
    weights: Mapping[str, np.ndarray | onnx.TensorProto],
    opset: int = 18,
) -> Path:
    """Write a graph by hand."""
    tensors = [
        value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(value, name)
        for name, value in weights.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(n, t, s) for n, (t, s) in inputs.items()],
        [helper.make_tensor_value_info(n, t, s) for n, (t, s) in outputs.items()],
        tensors,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]), str(path))
    return path


def test_elementwise_operations_and_bytes(tmp_path: Path) -> None:
    path = save(
        tmp_path / "layer.onnx",
        [
            helper.make_node("Gemm", ["x", "w", "b"], ["g"]),
            helper.make_node("Relu", ["g"], ["r"]),
            helper.make_node("Reshape", ["r", "shape"], ["v"]),
            helper.make_node("Softmax", ["v"], ["y"]),
        ],
        {"x": (FP32, (8, 64))},
        {"y": (FP32, (8, 1, 256))},
        {
            "w": np.zeros((64, 256), np.float32),
            "b": np.zeros(256, np.float32),
            "shape": np.array([8, 1, 256]),
        },
    )
    costs = graph_costs(path)
    bias, relu, softmax = 8 * 256, 8 * 256, 5 * 8 * 256
    assert costs.elementwise == bias + relu + softmax
    assert costs.flop == 2 * 8 * 64 * 256 + costs.elementwise
    assert costs.weights == 4 * (64 * 256 + 256)
    assert costs.io == 4 * 8 * (64 + 256)
    # Gemm, Relu and Softmax write 8 x 256 each, and the two last read it again.
    assert costs.unfused_bytes == costs.weights + 4 * 8 * (64 + 5 * 256)


def linear(path: Path, kind: int, dtype: type) -> Path:
    """(8, 64) x (64, 32) in one type."""
    return save(
        path,
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        {"x": (kind, (8, 64))},
        {"y": (kind, (8, 32))},
        {"w": np.zeros((64, 32), dtype)},
    )


def test_half_precision_counts_as_such_and_moves_half_the_bytes(tmp_path: Path) -> None:
    full = graph_costs(linear(tmp_path / "full.onnx", FP32, np.float32))
    half = graph_costs(linear(tmp_path / "half.onnx", FP16, np.float16))
    assert half.products == {"fp16": 2 * 8 * 64 * 32} and half.flop == full.flop
    assert (2 * half.weights, 2 * half.io) == (full.weights, full.io)
    assert 2 * half.unfused_bytes == full.unfused_bytes


def quantised(path: Path, kind: int, bits: int, *, activations: bool, opset: int = 18) -> Path:
    """(8, 64) x (64, 32) with weights, and perhaps activations, between Q and DQ."""
    raw = helper.make_tensor("wq", kind, (64, 32), bytes(64 * 32 * bits // 8), raw=True)
    nodes = [
        helper.make_node("DequantizeLinear", ["wq", "scale"], ["w"]),
        helper.make_node("Transpose", ["w"], ["wt"], perm=[1, 0]),
        helper.make_node("Transpose", ["wt"], ["wtt"], perm=[1, 0]),
        helper.make_node("MatMul", ["xd" if activations else "x", "wtt"], ["y"]),
    ]
    zero = helper.make_tensor("zero", kind, (), bytes(1), raw=True)
    if activations:
        nodes[:0] = [
            helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["xq"]),
            helper.make_node("DequantizeLinear", ["xq", "scale", "zero"], ["xd"]),
        ]
    return save(
        path,
        nodes,
        {"x": (FP32, (8, 64))},
        {"y": (FP32, (8, 32))},
        {"scale": np.array(0.1, np.float32), "wq": raw, "zero": zero},
        opset,
    )


@pytest.mark.parametrize(
    ("kind", "bits", "opset", "precision"),
    [
        (TensorProto.INT8, 8, 18, "int8"),
        (TensorProto.FLOAT8E4M3FN, 8, 19, "fp8"),
        (TensorProto.FLOAT4E2M1, 4, 23, "fp4"),
    ],
)
def test_product_between_q_and_dq_counts_in_the_narrow_type(
    kind: int, bits: int, opset: int, precision: str, tmp_path: Path
) -> None:
    costs = graph_costs(quantised(tmp_path / "q.onnx", kind, bits, activations=True, opset=opset))
    assert costs.products == {precision: 2 * 8 * 64 * 32}
    scale_and_zero = 4 + 1
    assert costs.weights == 64 * 32 * bits // 8 + scale_and_zero
    # The product reads the narrow activations: no engine writes what DequantizeLinear names.
    (product,) = [node for node in costs.nodes if node.op == "MatMul"]
    assert product.moved == 8 * 64 * bits // 8 + 4 * 8 * 32


def test_narrow_weights_alone_are_read_narrow_and_multiplied_wide(tmp_path: Path) -> None:
    costs = graph_costs(quantised(tmp_path / "w.onnx", INT8, 8, activations=False))
    assert costs.products == {"fp32": 2 * 8 * 64 * 32}
    assert costs.weights == 64 * 32 + 4


def test_dynamically_quantised_product_counts_as_int8(tmp_path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = linear(tmp_path / "full.onnx", FP32, np.float32)
    quantize_dynamic(plain, tmp_path / "dynamic.onnx", weight_type=QuantType.QInt8)
    costs = graph_costs(tmp_path / "dynamic.onnx")
    assert costs.products == {"int8": 2 * 8 * 64 * 32}
    assert 64 * 32 <= costs.weights < 64 * 32 + 64


def test_shared_weights_count_once(tmp_path: Path) -> None:
    path = save(
        tmp_path / "twice.onnx",
        [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node("MatMul", ["h", "w"], ["y"]),
        ],
        {"x": (FP32, (8, 64))},
        {"y": (FP32, (8, 64))},
        {"w": np.zeros((64, 64), np.float32)},
    )
    costs = graph_costs(path)
    assert costs.weights == 4 * 64 * 64
    assert costs.products == {"fp32": 2 * 2 * 8 * 64 * 64}


def test_of_an_embedding_table_only_the_rows_looked_up_are_read(tmp_path: Path) -> None:
    path = save(
        tmp_path / "table.onnx",
        [helper.make_node("Gather", ["table", "ids"], ["y"])],
        {"ids": (INT64, (7,))},
        {"y": (FP32, (7, 16))},
        {"table": np.zeros((5000, 16), np.float32)},
    )
    assert graph_costs(path).weights == 4 * 7 * 16


def test_what_depends_on_constants_alone_costs_nothing(tmp_path: Path) -> None:
    path = save(
        tmp_path / "folded.onnx",
        [
            helper.make_node("MatMul", ["a", "b"], ["w"]),
            helper.make_node("Add", ["x", "w"], ["y"]),
        ],
        {"x": (FP32, (4, 4))},
        {"y": (FP32, (4, 4))},
        {"a": np.zeros((4, 4), np.float32), "b": np.zeros((4, 4), np.float32)},
    )
    costs = graph_costs(path)
    assert [node.op for node in costs.nodes] == ["Add"] and costs.flop == 16


def test_unknown_operator_is_named_and_counts_as_nothing(tmp_path: Path) -> None:
    path = save(
        tmp_path / "det.onnx",
        [helper.make_node("Det", ["x"], ["y"])],
        {"x": (FP32, (3, 4, 4))},
        {"y": (FP32, (3,))},
        {},
    )
    costs = graph_costs(path)
    assert costs.uncounted == ("Det",) and costs.flop == 0


@pytest.mark.parametrize(
    ("nodes", "rows", "text"),
    [
        ([helper.make_node("Relu", ["x"], ["y"])], "batch", "input 'x' has no fixed shape"),
        (
            [
                helper.make_node("NonZero", ["x"], ["n"]),
                helper.make_node("Cast", ["n"], ["y"], to=FP32),
            ],
            4,
            "output 'n' of NonZero has no fixed shape",
        ),
    ],
)
def test_dynamic_dimension_is_an_error(
    nodes: list[onnx.NodeProto], rows: int | str, text: str, tmp_path: Path
) -> None:
    path = save(
        tmp_path / "dynamic.onnx", nodes, {"x": (FP32, (rows, 4))}, {"y": (FP32, (4, 4))}, {}
    )
    with pytest.raises(SpatuneError, match=text):
        graph_costs(path)


def test_file_that_is_no_graph_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no protobuf")
    with pytest.raises(SpatuneError, match="no ONNX graph"):
        graph_costs(tmp_path / "bad.onnx")
    with pytest.raises(SpatuneError, match="missing"):
        graph_costs(tmp_path / "absent.onnx")


@pytest.mark.parametrize(
    ("equation", "shapes", "size"),
    [
        ("bij,bjk->bik", ((2, 3, 5), (2, 5, 7)), 5),
        ("...id,...jd->...ij", ((2, 4, 3, 6), (2, 4, 5, 6)), 6),
        ("ij,jk", ((3, 5), (5, 7)), 5),
    ],
)
def test_einsum_sums_over_labels_that_its_result_lacks(
    equation: str, shapes: tuple[tuple[int, ...], ...], size: int
) -> None:
    assert contracted(equation, *shapes) == size
