"""Graphs in other precisions compute nearly the same, keep their interface, and build."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from spatune.errors import SpatuneError
from spatune.export.onnx_files import write_onnx
from spatune.export.precision.convert import NEEDS_CALIBRATION, PRECISIONS, convert
from spatune.export.precision.emulation import emulated
from spatune.export.precision.graph import BFLOAT16, FLOAT, FLOAT16, Graph
from spatune.export.precision.sensitivity import relative_error
from spatune.export.precision.sixteen_bit import to_sixteen_bit

Feed = dict[str, np.ndarray]
WIDTH = 64


class RmsNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(1 + 0.1 * torch.randn(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class TinyPolicy(nn.Module):
    """What policies are made of: bytes, depthwise convolutions, masked attention, norms, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.depthwise = nn.Conv2d(32, 32, 3, 1, 1, groups=32)
        self.pointwise = nn.Conv2d(32, WIDTH, 1)
        self.words = nn.Embedding(50, WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.norms = nn.ModuleList([RmsNorm(), RmsNorm()])
        self.up, self.down = nn.Linear(WIDTH, 256), nn.Linear(256, WIDTH)
        self.out = nn.LayerNorm(WIDTH)
        self.trunk, self.head = nn.Linear(WIDTH + 4, 128), nn.Linear(128, 12)

    def forward(self, images: Tensor, ids: Tensor, mask: Tensor, state: Tensor) -> Tensor:
        pixels = (images.float().permute(0, 3, 1, 2) / 255 - 0.45) / 0.22
        seen = nn.functional.relu6(self.stem(pixels))
        seen = self.pointwise(nn.functional.relu6(self.depthwise(seen)))
        x = torch.cat([seen.flatten(2).transpose(1, 2), self.words(ids)], 1)
        q, k, v = self.qkv(self.norms[0](x)).unflatten(-1, (3, 4, 16)).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / 4 + (1 - mask.float())[:, None, None] * -1e4
        x = x + (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + self.down(nn.functional.silu(self.up(self.norms[1](x))))
        features = torch.cat([self.out(x[:, -1]), (state - 0.3) / 0.01], -1)
        chunk = self.head(self.trunk(features).relu()).unflatten(-1, (4, 3))
        return (chunk * 0.4 + 0.1).clamp(-1, 1)


def feed_of(seed: int) -> Feed:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (1, 4, 4, 3)).repeat(4, 1).repeat(4, 2)
    return {
        "images": (coarse + rng.integers(-9, 9, coarse.shape)).clip(0, 255).astype(np.uint8),
        "ids": rng.integers(0, 50, (1, 6)),
        "mask": np.array([[1] * 64 + [1] * rng.integers(1, 7) + [0] * 6][:1]).ravel()[None, :70],
        "state": (0.3 + 0.01 * rng.normal(size=(1, 4))).astype(np.float32),
    }


CALIBRATION, UNSEEN = [feed_of(i) for i in range(12)], [feed_of(i) for i in range(100, 116)]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    policy = TinyPolicy().eval()
    with torch.no_grad():
        policy.head.weight *= 3
    path = tmp_path_factory.mktemp("precision") / "source.onnx"
    inputs = {name: torch.from_numpy(array) for name, array in CALIBRATION[0].items()}
    write_onnx(policy, inputs, ["actions"], path)
    return path


@pytest.fixture(scope="module")
def converted(source: Path) -> Callable[[str], Path]:
    def path_of(precision: str) -> Path:
        path = source.with_name(f"{precision}.onnx")
        if not path.exists():
            convert(source, path, precision, CALIBRATION)
        return path

    return path_of


def run(model: Any, feeds: list[Feed], *, fused: bool = True) -> np.ndarray:
    """The first output of each feed; `fused` allows integer kernels in place of Q/DQ nodes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not fused:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = str(model) if isinstance(model, Path) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return np.stack([np.asarray(session.run(None, feed)[0]) for feed in feeds])


def types_of(path: Path) -> tuple[list[Any], dict[str, int]]:
    graph = Graph(onnx.load(str(path)))
    return graph.nodes, graph.types


@pytest.mark.parametrize(
    ("precision", "cosine", "error"),
    [
        ("fp32", 1 - 1e-9, 1e-5),
        ("fp16", 0.9999, 2e-3),
        ("bf16", 0.999, 1.5e-2),
        ("int8", 0.999, 4e-2),
        ("int8-dynamic", 0.999, 3e-2),
        ("fp8", 0.999, 6e-2),
        ("nvfp4", 0.99, 0.2),
    ],
)
def test_actions_stay_nearly_the_same(
    precision: str, cosine: float, error: float, source: Path, converted: Callable[[str], Path]
) -> None:
    path = converted(precision)
    model = (
        path if precision in ("fp32", "int8", "int8-dynamic") else emulated(onnx.load(str(path)))
    )
    expected, found = run(source, UNSEEN), run(model, UNSEEN)
    # In float64: on some processors sums in float32 are off by more than the tightest bound.
    one, other = expected.astype(np.float64), found.astype(np.float64)
    assert (one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other)) > cosine
    assert relative_error([found], [expected]) < error
    if precision != "fp32":
        assert np.abs(found - expected).max() > 1e-6


@pytest.mark.parametrize("precision", PRECISIONS)
def test_interface_stays(precision: str, source: Path, converted: Callable[[str], Path]) -> None:
    before, after = (onnx.load(str(path)).graph for path in (source, converted(precision)))
    for kind in ("input", "output"):
        types = [
            [(value.name, value.type) for value in getattr(graph, kind)]
            for graph in (before, after)
        ]
        assert types[0] == types[1]


@pytest.mark.parametrize("precision", ["fp16", "bf16", "fp8"])
def test_what_must_be_exact_is_fp32_and_products_are_not(
    precision: str, converted: Callable[[str], Path]
) -> None:
    low = BFLOAT16 if precision == "bf16" else FLOAT16
    nodes, types = types_of(converted(precision))
    exact = {"Pow", "ReduceMean", "Sqrt", "Reciprocal", "LayerNormalization"}
    assert exact <= {node.op_type for node in nodes}
    for node in nodes:
        kinds = {types[name] for name in (*node.input, *node.output) if name}
        if node.op_type in exact:
            assert low not in kinds, node.name
        if node.op_type in ("Conv", "MatMul", "Gemm", "Softmax"):
            assert FLOAT not in kinds, node.name
    embedding = next(node for node in nodes if node.op_type == "Gather" and "ids" in node.input)
    assert types[embedding.input[0]] == low
    # Pixels, the state and the actions are scaled in fp32.
    producers = {name: node for node in nodes for name in node.output}
    assert producers["actions"].op_type in ("Clip", "Min")
    assert types[producers["actions"].input[0]] == FLOAT
    scaled = [node for node in nodes if "state" in node.input]
    assert [node.op_type for node in scaled] == ["Sub"]
    assert types[scaled[0].output[0]] == FLOAT


def test_weights_are_rounded_once_from_fp32(source: Path, converted: Callable[[str], Path]) -> None:
    weights = {t.name: numpy_helper.to_array(t) for t in onnx.load(str(source)).graph.initializer}
    name = next(n for n, w in weights.items() if w.shape == (32, 3, 3, 3))
    for precision, dtype in (("bf16", torch.bfloat16), ("fp16", torch.float16)):
        stored = onnx.load(str(converted(precision))).graph.initializer
        found = next(numpy_helper.to_array(t) for t in stored if t.name == f"{name}.{precision}")
        expected = torch.from_numpy(weights[name].copy()).to(dtype).float().numpy()
        np.testing.assert_array_equal(found.astype(np.float32), expected)


def test_int8_weights_are_int8_and_files_shrink(
    source: Path, converted: Callable[[str], Path]
) -> None:
    full = source.stat().st_size
    for precision, kind, share in [
        ("int8", TensorProto.INT8, 0.6),
        ("int8-dynamic", TensorProto.UINT8, 0.6),
        ("fp8", TensorProto.FLOAT8E4M3FN, 0.5),
        ("nvfp4", TensorProto.FLOAT4E2M1, 0.5),
    ]:
        path = converted(precision)
        constants = onnx.load(str(path)).graph.initializer
        kinds: Counter[int] = Counter()
        for tensor in constants:
            kinds[tensor.data_type] += int(np.prod(tensor.dims))
        assert kinds[kind] > 0.7 * 60_000, precision
        assert path.stat().st_size < share * full, precision


def test_depthwise_convolutions_stay_fp32(converted: Callable[[str], Path]) -> None:
    nodes, types = types_of(converted("int8"))
    producers = {name: node for node in nodes for name in node.output}
    groups = {
        helper.get_node_attr_value(node, "group"): producers.get(node.input[1])
        for node in nodes
        if node.op_type == "Conv"
    }
    assert groups[32] is None and groups[1] is not None


@pytest.mark.parametrize("precision", ["int8", "int8-dynamic"])
def test_integer_kernels_compute_what_the_graph_says(
    precision: str, converted: Callable[[str], Path]
) -> None:
    path = converted(precision)
    apart = run(path, UNSEEN) - run(path, UNSEEN, fused=False)
    assert np.abs(apart).max() < 0.02


def test_emulation_equals_onnx_reference(source: Path, converted: Callable[[str], Path]) -> None:
    model = onnx.load(str(converted("fp16")))
    reference: Any = onnx.reference.ReferenceEvaluator(model)
    expected = reference.run(None, UNSEEN[0])[0]
    found, exact = run(emulated(model), UNSEEN[:1])[0], run(source, UNSEEN[:1])[0]
    assert np.abs(found - expected).max() < 2 * np.abs(found - exact).max()
    assert np.abs(found - expected).max() < 2e-3


def rtx() -> Any:
    return pytest.importorskip("tensorrt_rtx", reason="pip install 'spatune[tensorrt-rtx]'")


@pytest.mark.parametrize("precision", [p for p in PRECISIONS if p != "int8-dynamic"])
def test_tensorrt_rtx_builds_it(precision: str, converted: Callable[[str], Path]) -> None:
    trt, path = rtx(), converted(precision)
    log = trt.Logger(trt.Logger.INTERNAL_ERROR)
    builder = trt.Builder(log)
    flag = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(flag)
    parser = trt.OnnxParser(network, log)
    assert parser.parse_from_file(str(path)), [
        parser.get_error(i) for i in range(parser.num_errors)
    ]
    sms = {"fp8": ("SM89", "SM120"), "nvfp4": ("SM120", "SM121")}.get(precision, ("SM86", "SM120"))
    config = builder.create_builder_config()
    config.num_compute_capabilities = len(sms)
    for index, sm in enumerate(sms):
        config.set_compute_capability(getattr(trt.ComputeCapability, sm), index)
    assert builder.build_serialized_network(network, config) is not None


def test_the_same_inputs_give_the_same_file(source: Path, converted: Callable[[str], Path]) -> None:
    again = source.with_name("again.onnx")
    for precision in ("fp16", "int8"):
        convert(source, again, precision, CALIBRATION)
        assert again.read_bytes() == converted(precision).read_bytes()


def test_libraries_are_silent(
    source: Path, tmp_path: Path, capfd: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    for precision in ("bf16", "int8-dynamic"):
        convert(source, tmp_path / "a.onnx", precision)
    assert capfd.readouterr() == ("", "") and caplog.records == []


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A target that must survive failures, and be alone afterwards."""
    path = tmp_path / "target.onnx"
    path.write_text("old")
    yield path
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("precision", NEEDS_CALIBRATION)
def test_errors_leave_the_old_file(precision: str, source: Path, kept: Path) -> None:
    with pytest.raises(SpatuneError, match=f"{precision} needs calibration inputs: give a few"):
        convert(source, kept, precision)
    lacking = {name: array for name, array in CALIBRATION[0].items() if name != "state"}
    with pytest.raises(SpatuneError, match="a calibration input has no 'state', only ids, images"):
        convert(source, kept, precision, [lacking])
    wrong = {**CALIBRATION[0], "state": np.zeros((1, 5), np.float32)}
    with pytest.raises(SpatuneError, match="give every input in its type and shape"):
        convert(source, kept, precision, [wrong])
    broken = {**CALIBRATION[0], "state": np.full((1, 4), np.nan, np.float32)}
    with pytest.raises(SpatuneError, match="'state' is not finite: leave that one out"):
        convert(source, kept, precision, [broken])


def test_bad_sources_and_precisions(
    source: Path, kept: Path, converted: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SpatuneError, match="'fp12' is unknown; use one of fp32, fp16, bf16, int8"):
        convert(source, kept, "fp12")
    with pytest.raises(SpatuneError, match="cannot be read as ONNX"):
        convert(kept, kept, "fp16")
    for precision in ("fp16", "int8", "int8-dynamic", "nvfp4"):
        with pytest.raises(SpatuneError, match="in a lower precision already: convert the fp32"):
            convert(converted(precision), kept, "bf16")
    with pytest.raises(SpatuneError, match="16-bit tensors already: convert the fp32 graph"):
        to_sixteen_bit(onnx.load(str(converted("fp16"))), "bf16")
    with pytest.raises(SpatuneError, match="'fp12' is no 16-bit precision"):
        to_sixteen_bit(onnx.load(str(source)), "fp12")
    monkeypatch.setattr(onnx, "save", lambda model, path: Path(path).write_text("half") / 0)
    with pytest.raises(SpatuneError, match="not valid ONNX"):
        convert(source, kept, "fp16")


def test_missing_library_is_one_line(
    source: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "spatune.export.precision.libraries"
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        SpatuneError, match=r"onnxruntime is not installed: pip install 'spatune\[on"
    ):
        convert(source, kept, "fp16")
    monkeypatch.undo()
    importlib.import_module(name)
