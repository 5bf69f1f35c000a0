"""`floor` bounds the latency of a bundle from below, and says on which figures."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import tyro
from onnx import TensorProto, helper, numpy_helper

from spatune.envs.spec import CameraSpec
from spatune.errors import SpatuneError
from spatune.export.bundle import PROMPTS, SPEC, Bundle, write_manifest
from spatune.export.floor.chips import CHIPS, THIS_MACHINE, Chip
from spatune.export.floor.config import FloorConfig
from spatune.export.floor.machine import measure_machine
from spatune.export.floor.roofline import ESTIMATE, floor, floor_ms, run_floor
from spatune.policies.spec import PolicySpec

ROWS, WIDTH = 4, 256
MS = 1e3
TYPES = {
    "fp32": (TensorProto.FLOAT, np.float32),
    "fp16": (TensorProto.FLOAT16, np.float16),
}


def write_graph(path: Path, precision: str = "fp32", rows: int = ROWS) -> Path:
    """One square product: `2 * rows * WIDTH**2` FLOP."""
    kind, dtype = TYPES[precision]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", kind, (rows, WIDTH))],
        [helper.make_tensor_value_info("y", kind, (rows, WIDTH))],
        [numpy_helper.from_array(np.ones((WIDTH, WIDTH), dtype), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, str(path))
    return path


def write_bundle(
    folder: Path, graphs: Mapping[str, Mapping[str, int]], denoise_steps: int | None = None
) -> Path:
    """A bundle of stage -> precision -> rows."""
    folder.mkdir()
    files: dict[str, dict[str, str]] = {}
    for stage, precisions in graphs.items():
        files[stage] = {precision: f"{stage}.{precision}.onnx" for precision in precisions}
        for precision, rows in precisions.items():
            write_graph(folder / files[stage][precision], precision, rows)
    PolicySpec(
        cameras=(CameraSpec("observation.images.front", "front", 8, 8),),
        resize="exact",
        state_layout=("x",),
        action_layout=("dx",),
        gripper_convention="none",
        action_low=(-1.0,),
        action_high=(1.0,),
        state_normalisation="identity",
        action_normalisation="identity",
        statistics_sha256="0" * 64,
        chunk_length=4,
        execute_steps=2,
        control_hz=10.0,
    ).save(folder / SPEC)
    (folder / PROMPTS).write_text("{}")
    write_manifest(folder, files, {"denoise_steps": denoise_steps})
    return folder


def chip(bandwidth: float, fp32: float, **rates: float) -> Chip:
    """A made-up chip, in GB/s and TFLOP/s."""
    return Chip("made-up", "made-up chip", bandwidth, {"fp32": fp32, **rates})


def test_bound_is_the_longer_of_reading_and_computing(tmp_path: Path) -> None:
    bundle = Bundle.load(write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS}}))
    size, flop = 4 * (WIDTH * WIDTH + 2 * ROWS * WIDTH), 2 * ROWS * WIDTH * WIDTH
    slow_memory = floor(bundle, chip(1, 1000), "fp32")
    assert slow_memory.stages[0].bound == "memory"
    assert slow_memory.ms == pytest.approx(MS * size / 1e9)
    slow_cores = floor(bundle, chip(1000, 0.001), "fp32")
    assert slow_cores.stages[0].bound == "compute"
    assert slow_cores.ms == pytest.approx(MS * flop / 1e9)
    assert slow_cores.replan_hz == pytest.approx(1e9 / flop)


def test_half_precision_halves_the_memory_bound(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS, "fp16": ROWS}})
    bundle, slow = Bundle.load(folder), chip(1, 1000, fp16=1000)
    assert 2 * floor(bundle, slow, "fp16").ms == pytest.approx(floor(bundle, slow, "fp32").ms)


def test_denoise_stage_counts_once_for_each_step(tmp_path: Path) -> None:
    graphs = {"policy": {"fp32": 64}, "prefill": {"fp32": ROWS}, "denoise": {"fp32": ROWS}}
    bundle = Bundle.load(write_bundle(tmp_path / "b", graphs, denoise_steps=10))
    whole, prefill, denoise = floor(bundle, chip(1, 1), "fp32").stages
    assert denoise.runs == 10 and denoise.ms == pytest.approx(10 * prefill.ms)
    assert floor(bundle, chip(1, 1), "fp32").ms == whole.ms


def test_bundle_in_parts_is_bounded_by_their_sum(tmp_path: Path) -> None:
    graphs = {"prefill": {"fp32": ROWS}, "denoise": {"fp32": ROWS}}
    bundle = Bundle.load(write_bundle(tmp_path / "b", graphs, denoise_steps=3))
    found = floor(bundle, chip(1, 1), "fp32")
    assert found.ms == pytest.approx(4 * found.stages[0].ms)


def test_fp32_products_run_as_tf32_unless_told_otherwise(tmp_path: Path) -> None:
    path, ampere = write_graph(tmp_path / "g.onnx"), chip(1e6, 0.001, tf32=0.008)
    assert floor_ms(path, ampere, tf32=False) == pytest.approx(8 * floor_ms(path, ampere))


def test_unfused_bound_is_never_below_the_fused_one(tmp_path: Path) -> None:
    bundle = Bundle.load(write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS}}))
    for known in CHIPS.values():
        found = floor(bundle, known, "fp32")
        assert found.unfused_ms >= found.ms > 0


def test_weights_that_fit_the_cache_are_told(tmp_path: Path) -> None:
    bundle = Bundle.load(write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS}}))
    small = floor(bundle, replace(chip(1, 1), cache=4 * WIDTH * WIDTH - 1), "fp32")
    large = floor(bundle, replace(chip(1, 1), cache=4 * WIDTH * WIDTH), "fp32")
    assert (small.stages[0].in_cache, large.stages[0].in_cache) == (False, True)


def test_precision_that_the_chip_or_the_bundle_lacks_is_an_error(tmp_path: Path) -> None:
    bundle = Bundle.load(write_bundle(tmp_path / "b", {"policy": {"fp16": ROWS}}))
    with pytest.raises(SpatuneError, match="made-up chip has no fp16 rate, only: fp32"):
        floor(bundle, chip(1, 1), "fp16")
    with pytest.raises(SpatuneError, match="'fp32'.*only in fp16"):
        floor(bundle, chip(1, 1), "fp32")


@pytest.mark.parametrize("key", CHIPS)
def test_narrower_precision_is_never_slower(key: str) -> None:
    known = CHIPS[key]
    order = [p for p in ("fp32", "tf32", "bf16", "fp16", "int8") if p in known.rates]
    rates = [known.rates[p] for p in order]
    assert rates == sorted(rates) and {"fp32", "fp16", "int8"} <= set(order)
    assert known.key == key and known.bandwidth > 0 and known.note


def test_orin_has_no_float_below_16_bits() -> None:
    jetsons = ("orin", "orin-nx", "orin-nano")
    assert all({"fp8", "fp4"}.isdisjoint(CHIPS[key].rates) for key in jetsons)


def test_command_prints_the_estimate_and_writes_what_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folder = write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS, "fp16": ROWS}})
    out = tmp_path / "new" / "floor.json"
    words = [str(folder), "--chip", "orin", "--chip", "thor", "--out", str(out)]
    found = run_floor(tyro.cli(FloorConfig, args=words))
    assert [(f.chip.key, f.precision) for f in found] == [
        *(("orin", "fp32"), ("thor", "fp32")),
        *(("orin", "fp16"), ("thor", "fp16")),
    ]
    text = capsys.readouterr().out
    assert ESTIMATE in text and "measured just now" not in text
    assert "orin: Jetson AGX Orin 64GB, 204.8 GB/s" in text and "273 GB/s" in text
    written = json.loads(out.read_text())
    assert written["estimate"] == [ESTIMATE]
    assert [entry["ms"] for entry in written["floors"]] == [f.ms for f in found]


def test_command_marks_chips_without_the_precision_and_bounds_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_bundle(tmp_path / "b", {"policy": {"fp16": ROWS}})
    made_up = {"orin": CHIPS["orin"], "cpu": replace(chip(1, 1), key="cpu")}
    monkeypatch.setattr("spatune.export.floor.roofline.CHIPS", made_up)
    monkeypatch.setattr("spatune.export.floor.chips.CHIPS", made_up)
    (only,) = run_floor(FloorConfig(folder))
    assert only.chip.key == "orin" and "no fp16" in capsys.readouterr().out
    with pytest.raises(SpatuneError, match="no fp16 rate"):
        run_floor(FloorConfig(folder, chip=("cpu",)))


def test_unknown_chip_is_an_error_that_names_the_known(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS}})
    with pytest.raises(SpatuneError, match="'abacus' is unknown; use one of orin, .*this-machine"):
        run_floor(FloorConfig(folder, chip=("abacus",)))


def test_measured_machine_bounds_what_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import onnxruntime

    path = write_graph(tmp_path / "g.onnx", rows=512)
    machine = measure_machine(threads=1)
    assert 0.1 < machine.bandwidth < 1e4 and machine.rates["fp32"] > 1e-4
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs, times = {"x": np.ones((512, WIDTH), np.float32)}, []
    for _ in range(20):
        began = time.perf_counter()
        session.run(None, inputs)
        times.append(time.perf_counter() - began)
    # Others share the machine: its measured rates may be off, not by a magnitude though.
    assert 0 < floor_ms(path, machine) < 5 * MS * min(times)
    folder = write_bundle(tmp_path / "b", {"policy": {"fp32": ROWS}})
    run_floor(FloorConfig(folder, chip=(THIS_MACHINE,), threads=1))
    text = capsys.readouterr().out
    assert "measured just now" in text and ESTIMATE[:20] not in text
    with pytest.raises(SpatuneError, match="threads is -1"):
        measure_machine(threads=-1)
