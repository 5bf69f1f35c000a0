"""Parity tells a faithful bundle from a wrong one, in robot units."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatune.envs.spec import LIBERO_ACTION_LAYOUT
from spatune.errors import SpatuneError
from spatune.export.bundle import Bundle, write_manifest
from spatune.export.parity.compare import GATES
from spatune.export.parity.config import ParityConfig
from spatune.export.parity.differences import Difference, action_differences
from spatune.export.parity.run import run_parity
from spatune.export.precision.convert import PRECISIONS


@pytest.fixture
def config(bundle: Path, observations_file: Path, tmp_path: Path) -> ParityConfig:
    return ParityConfig(bundle, observations=observations_file, out=tmp_path / "reports")


def test_report_of_a_faithful_bundle(config: ParityConfig, tmp_path: Path) -> None:
    exact, half, narrow = run_parity(config)
    assert [item.engine for item in (exact, half, narrow)] == [
        "ort-cpu-fp32", "ort-cpu-fp16-emulated", "ort-cpu-int8",
    ]  # fmt: skip
    assert exact.passed and exact.whole.largest < 5e-6 and exact.staged.largest < 5e-6
    assert 5e-6 < half.whole.largest < narrow.whole.largest
    assert [entry.entry for entry in exact.actions] == list(LIBERO_ACTION_LAYOUT)
    # Graphs one by one, on what torch computed: every output of every stage.
    features = {"vision.fine", "vision.coarse", "vision.image_tokens", "prefill.text"}
    assert set(exact.stages) == features | {"head.actions"}
    report = json.loads((tmp_path / "reports" / "parity.json").read_text())
    assert report["comparisons"][0]["passed"] and report["origins"][0] == "random 0"
    page = (tmp_path / "reports" / "parity.md").read_text()
    assert "ort-cpu-fp32" in page and "0/64 flips" in page
    assert (tmp_path / "reports" / "parity.png").stat().st_size > 5000


def test_drift_by_denoising_step(
    flow_bundle: Path, observations_file: Path, tmp_path: Path
) -> None:
    (found,) = run_parity(ParityConfig(flow_bundle, observations=observations_file, out=tmp_path))
    assert len(found.drift) == 3 and all(step.largest < 1e-5 for step in found.drift)
    assert {"head.memory", "denoise.next_chunk", "denoise.actions"} <= set(found.stages)


def test_a_bundle_with_wrong_weights_misses_the_gate(
    bundle: Path, observations_file: Path, tmp_path: Path
) -> None:
    wrong = Path(shutil.copytree(bundle, tmp_path / "wrong"))
    path = wrong / "policy.fp32.onnx"
    model = onnx.load(str(path))
    weight = max(model.graph.initializer, key=lambda tensor: math.prod(tensor.dims))
    values = onnx.numpy_helper.to_array(weight) * np.float32(1.1)
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, str(path))
    manifest = Bundle.load(bundle).manifest
    write_manifest(wrong, manifest["graphs"], manifest["source"])
    config = ParityConfig(wrong, precision=("fp32",), observations=observations_file)
    with pytest.raises(
        SpatuneError, match=r"parity gate missed by ort-cpu-fp32 \(largest <= 0.0001"
    ):
        run_parity(config)
    assert "MISSED" in (wrong / "reports" / "parity.md").read_text()


def test_another_policy_is_refused(config: ParityConfig) -> None:
    with pytest.raises(SpatuneError, match="was exported from another policy than embedded"):
        run_parity(replace(config, policy="embedded"))


def test_missing_observations_are_said(config: ParityConfig, tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="is no file: leave --observations out"):
        run_parity(replace(config, observations=tmp_path / "none.npz"))


def test_every_precision_has_a_gate() -> None:
    assert set(GATES) == set(PRECISIONS)


def test_robot_units() -> None:
    reference = np.zeros((2, 3, 7), np.float32)
    found = reference.copy()
    found[0, 1, 0] = 0.02  # of 50 mm
    found[1, 2, 4] = -0.1  # of half a radian
    found[..., 6] = 0.5
    entries = {
        entry.entry: entry for entry in action_differences(LIBERO_ACTION_LAYOUT, reference, found)
    }
    assert entries["delta_x"].unit == "mm" and entries["delta_x"].largest == pytest.approx(1.0)
    assert entries["delta_ry"].largest == pytest.approx(math.degrees(0.05), rel=1e-5)
    assert entries["gripper"].flips == 6 == entries["gripper"].steps
    assert entries["delta_z"].largest == 0


values = arrays(np.float32, (4, 3), elements=st.floats(-10, 10, width=32))


@given(values, values)
def test_differences_against_numpy(one: np.ndarray, other: np.ndarray) -> None:
    found = Difference.between(one, other)
    assert found.largest == pytest.approx(np.abs(one.astype(float) - other).max())
    assert found.p99 <= found.largest and -1.0001 <= found.cosine <= 1
    same = Difference.between(one, one)
    assert same.largest == 0 and same.cosine == pytest.approx(1)


def test_what_is_not_finite_is_infinitely_far() -> None:
    found = Difference.between(np.zeros(3), np.array([0, np.nan, 0]))
    assert found.largest == math.inf and found.cosine == -1
