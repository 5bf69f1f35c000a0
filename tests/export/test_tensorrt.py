"""TensorRT engines build, say why they do not, and compute what ONNX Runtime computes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tyro

from spatune.envs.spec import CameraSpec
from spatune.errors import SpatuneError
from spatune.export.bundle import PROMPTS, SPEC, Bundle, write_manifest
from spatune.export.compile.config import EngineConfig
from spatune.export.compile.run import build_engine
from spatune.export.compile.tensorrt import EngineBuilder
from spatune.export.engines.capability import chip_precisions
from spatune.export.engines.cuda import Cuda
from spatune.export.engines.tensorrt_module import MODULES, find_tensorrt
from spatune.policies.spec import PolicySpec

INSTALL = "pip install 'spatune[tensorrt-rtx]'"
RANDOM = np.random.default_rng(0)


def has_gpu() -> bool:
    try:
        Cuda()
    except SpatuneError:
        return False
    return True


@pytest.fixture(scope="module")
def onnx() -> Any:
    return pytest.importorskip("onnx", reason="pip install 'spatune[onnx]'")


@pytest.fixture(scope="module")
def builder() -> EngineBuilder:
    return EngineBuilder(pytest.importorskip("tensorrt_rtx", reason=INSTALL))


def save_graph(
    path: Path, nodes: Sequence[Any], inputs: dict, outputs: dict, constants: dict, opset: int = 18
) -> Path:
    """Write an ONNX file; inputs and outputs are name -> (type, shape)."""
    from onnx import helper, numpy_helper
    from onnx import save as save_onnx

    def infos(values: dict) -> list[Any]:
        return [helper.make_tensor_value_info(name, *value) for name, value in values.items()]

    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "graph", infos(inputs), infos(outputs), weights)
    opsets = [helper.make_opsetid("", opset)]
    save_onnx(helper.make_model(graph, opset_imports=opsets, ir_version=10), str(path))
    return path


def write_small(path: Path, precision: str) -> Path:
    """Convolution of an image and an embedding of ids, in a precision, with plain types outside."""
    from onnx import TensorProto, helper

    kind = {"fp32": TensorProto.FLOAT, "fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["pixels", "scale"], ["small"]),
        helper.make_node("Gather", ["table", "ids"], ["row"]),
        helper.make_node("Cast", ["small"], ["x"], to=kind[precision]),
        helper.make_node("Cast", ["row"], ["r"], to=kind[precision]),
        helper.make_node("Cast", ["kernel"], ["k"], to=kind[precision]),
        helper.make_node("Cast", ["matrix"], ["m"], to=kind[precision]),
        helper.make_node("Conv", ["x", "k"], ["seen"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["seen"], ["active"]),
        helper.make_node("Reshape", ["active", "flat"], ["tokens"]),
        helper.make_node("MatMul", ["tokens", "m"], ["mixed"]),
        helper.make_node("Add", ["mixed", "r"], ["sum"]),
        helper.make_node("Cast", ["sum"], ["actions"], to=TensorProto.FLOAT),
    ]
    random = np.random.default_rng(7)
    constants = {
        "scale": np.float32(1 / 255),
        "kernel": random.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "matrix": random.standard_normal((64, 8)).astype(np.float32),
        "table": random.standard_normal((10, 8)).astype(np.float32),
        "flat": np.array([1, 4, 64]),
    }
    inputs = {"image": (TensorProto.UINT8, [1, 3, 8, 8]), "ids": (TensorProto.INT64, [1, 4])}
    outputs = {"actions": (TensorProto.FLOAT, [1, 4, 8])}
    return save_graph(path, nodes, inputs, outputs, constants)


def write_quantised(path: Path, name: str) -> Path:
    """A product of `int8` or `fp8` numbers, as QuantizeLinear and DequantizeLinear say it."""
    from onnx import TensorProto, helper

    kind = {"int8": TensorProto.INT8, "fp8": TensorProto.FLOAT8E4M3FN}[name]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "step"], ["xq"], output_dtype=kind),
        helper.make_node("DequantizeLinear", ["xq", "step"], ["xd"]),
        helper.make_node("QuantizeLinear", ["w", "step"], ["wq"], output_dtype=kind),
        helper.make_node("DequantizeLinear", ["wq", "step"], ["wd"]),
        helper.make_node("MatMul", ["xd", "wd"], ["y"]),
    ]
    weights = np.random.default_rng(7).standard_normal((64, 64)).astype(np.float32)
    tensor = (TensorProto.FLOAT, [8, 64])
    constants = {"w": weights, "step": np.float32(0.05)}
    return save_graph(path, nodes, {"x": tensor}, {"y": tensor}, constants, opset=21)


@pytest.fixture
def bundle(tmp_path: Path, onnx: Any) -> Path:
    """A bundle with the small graph in three precisions."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    precisions = ("fp32", "fp16", "bf16")
    for precision in precisions:
        write_small(folder / f"policy.{precision}.onnx", precision)
    layout = ("x", "y", "z", "gripper")
    PolicySpec(
        cameras=(CameraSpec("observation.images.front", "front", 8, 8),),
        resize="exact",
        state_layout=layout,
        action_layout=layout,
        gripper_convention="-1 open, +1 close",
        action_low=(-1.0,) * 4,
        action_high=(1.0,) * 4,
        state_normalisation="identity",
        action_normalisation="identity",
        statistics_sha256="0" * 64,
        chunk_length=4,
        execute_steps=2,
        control_hz=20.0,
    ).save(folder / SPEC)
    (folder / PROMPTS).write_text("{}")
    files = {precision: f"policy.{precision}.onnx" for precision in precisions}
    write_manifest(folder, {"policy": files}, {"policy": "test"})
    return folder


@pytest.mark.parametrize("sms", [None, ("8.9",), ("8.0", "8.6", "8.9", "12.0")])
@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_graph_builds_without_a_gpu(
    builder: EngineBuilder, onnx: Any, tmp_path: Path, precision: str, sms: tuple | None
) -> None:
    path = write_small(tmp_path / "small.onnx", precision)
    assert len(builder.build(path, sms=sms)) > 10_000


@pytest.mark.parametrize(("precision", "sm"), [("int8", "8.6"), ("fp8", "8.9"), ("fp8", "12.0")])
def test_quantised_graph_builds(
    builder: EngineBuilder, onnx: Any, tmp_path: Path, precision: str, sm: str
) -> None:
    path = write_quantised(tmp_path / "quantised.onnx", precision)
    assert len(builder.build(path, sms=(sm,))) > 10_000


def test_capability_table_agrees_with_the_library(
    builder: EngineBuilder, onnx: Any, tmp_path: Path
) -> None:
    """Where the table denies bf16 or fp8, the library itself refuses to build it."""
    graphs = {
        "bf16": write_small(tmp_path / "bf16.onnx", "bf16"),
        "fp8": write_quantised(tmp_path / "fp8.onnx", "fp8"),
    }
    for precision, path in graphs.items():
        for sm in builder.sms:
            if precision in chip_precisions(sm):
                assert builder.build(path, sms=(sm,))
            else:
                with pytest.raises(SpatuneError, match="cannot build it"):
                    builder.build(path, sms=(sm,))


def test_target_that_the_library_lacks_is_one_line(builder: EngineBuilder, tmp_path: Path) -> None:
    with pytest.raises(
        SpatuneError, match=r"cannot build for SM 8\.7, only for .*8\.9.*leave --sm"
    ):
        builder.build(tmp_path / "absent.onnx", sms=("8.9", "8.7"))


def test_damaged_graph_is_one_line(builder: EngineBuilder, tmp_path: Path) -> None:
    path = tmp_path / "damaged.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(SpatuneError, match="cannot parse it: MODEL_DESERIALIZE_FAILED") as caught:
        builder.build(path, sms=None)
    assert "\n" not in str(caught.value)


def test_operator_that_the_parser_lacks_is_named(
    builder: EngineBuilder, onnx: Any, tmp_path: Path
) -> None:
    nodes = [onnx.helper.make_node("Det", ["x"], ["y"], name="volume")]
    tensors = {"x": (onnx.TensorProto.FLOAT, [3, 3])}, {"y": (onnx.TensorProto.FLOAT, [])}
    path = save_graph(tmp_path / "det.onnx", nodes, *tensors, {})
    with pytest.raises(SpatuneError, match="cannot parse it: Det volume: UNSUPPORTED_NODE: export"):
        builder.build(path, sms=None)


def test_graph_that_parses_but_does_not_build_is_one_line(
    builder: EngineBuilder, onnx: Any, tmp_path: Path
) -> None:
    nodes = [onnx.helper.make_node("Relu", ["x"], ["y"])]
    tensor = (onnx.TensorProto.FLOAT, ["batch", 3])
    path = save_graph(tmp_path / "dynamic.onnx", nodes, {"x": tensor}, {"y": tensor}, {})
    with pytest.raises(SpatuneError, match="cannot build it: .*dynamic or shape inputs") as caught:
        builder.build(path, sms=None)
    assert "\n" not in str(caught.value)


def test_reason_of_one_failure_is_not_told_of_the_next(
    builder: EngineBuilder, onnx: Any, tmp_path: Path
) -> None:
    nodes = [onnx.helper.make_node("Relu", ["x"], ["y"])]
    tensor = (onnx.TensorProto.FLOAT, ["batch", 3])
    dynamic = save_graph(tmp_path / "dynamic.onnx", nodes, {"x": tensor}, {"y": tensor}, {})
    with pytest.raises(SpatuneError):
        builder.build(dynamic, sms=None)
    with pytest.raises(SpatuneError) as caught:
        builder.build(write_quantised(tmp_path / "fp8.onnx", "fp8"), sms=("8.6",))
    assert "dynamic" not in str(caught.value)


def test_uint8_may_only_be_cast(builder: EngineBuilder, onnx: Any, tmp_path: Path) -> None:
    """Why exported graphs cast images before anything else."""
    nodes = [
        onnx.helper.make_node("Reshape", ["x", "shape"], ["flat"]),
        onnx.helper.make_node("Cast", ["flat"], ["y"], to=onnx.TensorProto.FLOAT),
    ]
    inputs = {"x": (onnx.TensorProto.UINT8, [2, 3])}
    outputs = {"y": (onnx.TensorProto.FLOAT, [6])}
    path = save_graph(tmp_path / "u8.onnx", nodes, inputs, outputs, {"shape": np.array([6])})
    with pytest.raises(SpatuneError, match="UInt8"):
        builder.build(path, sms=None)


def test_arguments_are_read() -> None:
    words = "b --engine tensorrt-rtx --precision fp16 --stage head --sm 8.9 --sm 12.0 --force"
    config = tyro.cli(EngineConfig, args=words.split())
    expected = EngineConfig(Path("b"), "tensorrt-rtx", "fp16", "head", ("8.9", "12.0"), force=True)
    assert config == expected


def test_engine_is_kept_in_the_bundle_and_not_built_twice(
    builder: EngineBuilder, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EngineConfig(bundle, precision="fp16", sm=("12.0", "8.9"))
    path = build_engine(config)
    assert path.parent == bundle / "engines"
    last = capsys.readouterr().err.splitlines()[-1]
    assert " MB in " in last and str(path) in last
    (sidecar,) = path.parent.glob("*.json")
    assert json.loads(sidecar.read_text())["key"]["sm"] == "8.9+12.0"
    built = path.stat().st_mtime_ns
    assert build_engine(config) == path
    assert path.stat().st_mtime_ns == built
    assert "already there" in capsys.readouterr().err
    build_engine(EngineConfig(bundle, precision="fp16", sm=("8.9", "12.0"), force=True))
    assert "already there" not in capsys.readouterr().err
    assert len(list(path.parent.iterdir())) == 2
    Bundle.load(bundle)


def test_damaged_engine_is_built_again(builder: EngineBuilder, bundle: Path) -> None:
    path = build_engine(EngineConfig(bundle))
    path.write_bytes(b"damaged")
    assert build_engine(EngineConfig(bundle)).stat().st_size > 10_000


def test_failed_build_leaves_the_engine(builder: EngineBuilder, bundle: Path, onnx: Any) -> None:
    path = build_engine(EngineConfig(bundle))
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    nodes = [onnx.helper.make_node("Relu", ["x"], ["y"])]
    tensor = (onnx.TensorProto.FLOAT, ["batch", 3])
    save_graph(bundle / "policy.fp32.onnx", nodes, {"x": tensor}, {"y": tensor}, {})
    write_manifest(bundle, {"policy": {"fp32": "policy.fp32.onnx"}}, {})
    with pytest.raises(SpatuneError, match="cannot build it"):
        build_engine(EngineConfig(bundle, force=True))
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"precision": "fp8", "sm": ("8.6",)}, "SM 8.6 has no fp8: use one of fp32"),
        ({"precision": "int8-dynamic"}, "ort-cpu only"),
        ({"precision": "fp8"}, "not in 'fp8', only in fp32, fp16, bf16"),
        ({"stage": "head"}, "no graph 'head'"),
        ({"sm": ("9.0",)}, "cannot build for SM 9.0"),
        ({"sm": ("ada",)}, "not of the form 8.9"),
        ({"engine": "openvino"}, "engine 'openvino' is unknown"),
    ],
)
def test_bad_arguments_are_one_line(
    builder: EngineBuilder, bundle: Path, arguments: dict, words: str
) -> None:
    with pytest.raises(SpatuneError, match=words) as caught:
        build_engine(EngineConfig(bundle, **arguments))
    assert "\n" not in str(caught.value)
    assert not list(bundle.glob("engines/*"))


def test_building_for_this_gpu_needs_one(builder: EngineBuilder, bundle: Path) -> None:
    if has_gpu():
        pytest.skip("this machine has a GPU")
    with pytest.raises(SpatuneError, match="no CUDA device|libcudart"):
        build_engine(EngineConfig(bundle, sm=("current",)))


def small_inputs() -> dict[str, np.ndarray]:
    image = RANDOM.integers(0, 256, (1, 3, 8, 8), dtype=np.uint8)
    return {"image": image, "ids": RANDOM.integers(0, 10, (1, 4))}


@pytest.mark.gpu
@pytest.mark.parametrize("sm", [(), ("current",)])
@pytest.mark.parametrize(("precision", "close"), [("fp32", 1e-4), ("fp16", 2e-2), ("bf16", 2e-1)])
@pytest.mark.parametrize("engine", MODULES)
def test_engine_computes_what_onnx_runtime_computes(
    bundle: Path, engine: Any, precision: str, close: float, sm: tuple[str, ...]
) -> None:
    from spatune.export.engines.ort import OrtEngine
    from spatune.export.engines.tensorrt import load_tensorrt

    module = pytest.importorskip(MODULES[engine], reason=f"pip install 'spatune[{engine}]'")
    if engine == "tensorrt" and sm:
        pytest.skip("tensorrt has no other target than the present GPU")
    chip, known = Cuda().sm, EngineBuilder(module).sms
    try:
        build_engine(EngineConfig(bundle, engine, precision, sm=sm))
        loaded = Bundle.load(bundle)
        replayed = load_tensorrt(loaded, engine, precision)
        plain = load_tensorrt(loaded, engine, precision, cuda_graph=False)
    except SpatuneError as error:
        if known and chip not in known:
            pytest.skip(f"{engine} lists no SM {chip}: {error}")
        raise
    reference = OrtEngine(bundle / "policy.fp32.onnx", "ort-cpu")
    assert replayed.name == f"{engine}-{precision}"
    assert replayed.inputs == reference.inputs
    assert replayed.outputs == reference.outputs
    for _ in range(5):
        inputs = small_inputs()
        expected = reference.run(inputs)["actions"]
        result = replayed.run(inputs)["actions"]
        np.testing.assert_allclose(result, expected, atol=close * np.abs(expected).max(), rtol=0)
        np.testing.assert_array_equal(result, plain.run(inputs)["actions"])
    assert 0 < replayed.device_ms < 1000
    with pytest.raises(SpatuneError, match="missing"):
        replayed.run({})


@pytest.mark.gpu
def test_engine_of_another_library_is_refused_by_name(builder: EngineBuilder) -> None:
    from spatune.export.engines.tensorrt import TensorRTEngine

    module = find_tensorrt("tensorrt-rtx")
    with pytest.raises(SpatuneError, match="refuses the engine on .*build it on this machine"):
        TensorRTEngine(module, b"no engine" * 1000, "tensorrt-rtx-fp32")
