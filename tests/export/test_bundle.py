"""A bundle acts as its policy does, and is refused when anything about it is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spatune.cli import main
from spatune.errors import SpatuneError
from spatune.export.bundle import Bundle
from spatune.export.config import ExportConfig
from spatune.export.loading import load_bundle_policy
from spatune.export.observations import Observations, calibration_episodes, parity_episodes
from spatune.export.runtime import RobotPolicy
from spatune.export.write import write_bundle
from spatune.policies.loading import load_policy


def observation(bundle: Path, path: Path, index: int = 0) -> tuple[dict, np.ndarray]:
    spec = Bundle.load(bundle).spec
    return list(Observations.load(path, spec).pairs(spec))[index]


@pytest.mark.parametrize("kind", ["l1", "flow"])
def test_a_bundle_acts_as_its_policy(
    kind: str, request: pytest.FixtureRequest, observations_file: Path
) -> None:
    names = ("bundle", "untrained_policy") if kind == "l1" else ("flow_bundle", "flow_policy")
    bundle, folder = (request.getfixturevalue(name) for name in names)
    policy, robot = load_policy(folder), RobotPolicy.load(bundle)
    assert robot.backend == "ort-cpu-fp32"
    for index in range(4):
        seen, noise = observation(bundle, observations_file, index)
        expected = policy.predict([seen], noise[None])[0]
        np.testing.assert_allclose(robot.predict_action_chunk(seen, noise), expected, atol=5e-6)
        assert np.ptp(expected) > 0


def test_results_are_kept_when_the_policy_acts_again(bundle: Path, observations_file: Path) -> None:
    robot = RobotPolicy.load(bundle)
    first, second = (observation(bundle, observations_file, index) for index in (0, 1))
    kept = robot.predict_action_chunk(*first)
    before = kept.copy()
    robot.predict_action_chunk(*second)
    assert np.array_equal(kept, before)
    both = robot.predict([first[0], second[0]], np.stack([first[1], second[1]]))
    assert both.shape == (2, 16, 7) and np.array_equal(both[0], kept)


def test_noise_is_drawn_for_a_flow_policy_that_is_given_none(
    flow_bundle: Path, observations_file: Path
) -> None:
    robot = RobotPolicy.load(flow_bundle)
    seen, noise = observation(flow_bundle, observations_file)
    one, other = (robot.predict_action_chunk(seen) for _ in range(2))
    assert not np.array_equal(one, other)
    one, other = (robot.predict_action_chunk(seen, noise) for _ in range(2))
    assert np.array_equal(one, other)


def test_int8_is_smaller_and_near(bundle: Path, observations_file: Path) -> None:
    files = {p: Bundle.load(bundle).graph(p) for p in ("fp32", "int8")}
    assert files["int8"].stat().st_size < files["fp32"].stat().st_size
    seen, noise = observation(bundle, observations_file)
    exact, near = (
        RobotPolicy.load(bundle, precision=p).predict_action_chunk(seen, noise) for p in files
    )
    cosine = (exact * near).sum() / np.linalg.norm(exact) / np.linalg.norm(near)
    assert 0.9 < cosine < 0.9999999


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observation.images.image": np.zeros((32, 32, 3), np.uint8)}, r"fixed to uint8 \(64, 64"),
        ({"observation.images.image": np.zeros((64, 64, 3))}, "is float64"),
        ({"observation.state": np.zeros(3)}, "the policy needs 8 finite entries"),
        ({"observation.state": np.full(8, np.nan)}, "finite"),
        ({"task": "dance"}, "instruction 'dance' is not among the 2"),
        ({"task": None}, "instruction 'None'"),
    ],
)
def test_an_observation_that_does_not_fit_is_refused(
    change: dict, message: str, bundle: Path, observations_file: Path
) -> None:
    seen, noise = observation(bundle, observations_file)
    with pytest.raises(SpatuneError, match=message):
        RobotPolicy.load(bundle).predict_action_chunk({**seen, **change}, noise)
    with pytest.raises(SpatuneError, match="noise has shape"):
        RobotPolicy.load(bundle).predict_action_chunk(seen, noise[:3])
    del seen["observation.images.image2"]
    with pytest.raises(SpatuneError, match="no 'observation.images.image2'"):
        RobotPolicy.load(bundle).predict_action_chunk(seen, noise)


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def test_a_damaged_bundle_is_refused(copy: Path) -> None:
    graph = copy / "policy.fp32.onnx"
    content = graph.read_bytes()
    graph.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(SpatuneError, match=r"policy.fp32.onnx is not what was exported \(sha256"):
        RobotPolicy.load(copy)
    graph.unlink()
    with pytest.raises(SpatuneError, match=r"lacks policy.fp32.onnx: copy the whole folder"):
        RobotPolicy.load(copy)


def test_a_manifest_that_cannot_be_used_is_refused(copy: Path, tmp_path: Path) -> None:
    manifest = copy / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 99}))
    with pytest.raises(SpatuneError, match="of another format than 1"):
        Bundle.load(copy)
    manifest.write_text("{")
    with pytest.raises(SpatuneError, match="cannot be read"):
        Bundle.load(copy)
    with pytest.raises(SpatuneError, match="give a folder that `spatune export` wrote"):
        Bundle.load(tmp_path / "nowhere")


def test_what_a_bundle_or_a_machine_lacks_is_said(bundle: Path) -> None:
    with pytest.raises(SpatuneError, match="not in 'bf16', only in fp32, fp16, int8: export again"):
        RobotPolicy.load(bundle, precision="bf16")
    with pytest.raises(SpatuneError, match="no graph 'moon', only: policy, vision, prefill, head"):
        Bundle.load(bundle).graph("fp32", "moon")
    with pytest.raises(SpatuneError, match="ort-cpu has no fp16 kernels"):
        RobotPolicy.load(bundle, precision="fp16")
    with pytest.raises(SpatuneError, match="engine 'abacus' is unknown; use one of ort-cpu"):
        load_bundle_policy(bundle, "abacus")
    with pytest.raises(SpatuneError, match="ort-cuda needs CUDAExecutionProvider"):
        RobotPolicy.load(bundle, "ort-cuda")
    with pytest.raises(SpatuneError, match="no CUDA device|spatune export engine"):
        RobotPolicy.load(bundle, "tensorrt-rtx")


def test_a_failed_export_leaves_the_old_bundle(
    copy: Path, untrained_policy: Path, tmp_path: Path
) -> None:
    old = (copy / "manifest.json").read_bytes()
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"not an npz")
    config = ExportConfig(copy, str(untrained_policy), ("int8",), task=("a",), calibration=bad)
    with pytest.raises(SpatuneError, match=r"bad.npz is no file of observations"):
        write_bundle(config)
    assert (copy / "manifest.json").read_bytes() == old
    Bundle.load(copy)


def test_export_refuses_what_it_cannot_write(tmp_path: Path, capsys) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    assert main(["export", "--out", str(tmp_path / "mine")]) == 2
    assert "exists and is no bundle" in capsys.readouterr().err
    assert main(["export", "--out", str(tmp_path / "b"), "--precision", "fp7"]) == 2
    assert "precision 'fp7' is unknown; use one of fp32" in capsys.readouterr().err


def test_calibration_without_a_suite_needs_a_file(untrained_policy: Path, tmp_path: Path) -> None:
    config = ExportConfig(tmp_path / "b", str(untrained_policy), ("fp16",), task=("wave",))
    with pytest.raises(SpatuneError, match="no LIBERO suite is exported: give --calibration FILE"):
        write_bundle(config)


def test_calibration_and_parity_see_different_episodes() -> None:
    for suites in (["libero_goal"], ["libero_object", "libero_spatial"], ["a", "b", "c"]):
        parity, calibration = parity_episodes(suites), calibration_episodes(suites)
        assert len(set(parity)) == len(parity) >= 8 and len(calibration) >= 2
        assert not set(parity) & set(calibration)
        assert {suite for suite, _ in parity} == set(suites)


def test_a_bundle_keeps_its_engines_when_it_is_exported_again(
    copy: Path, untrained_policy: Path, observations_file: Path, export: Callable[..., Path]
) -> None:
    (copy / "engines").mkdir()
    (copy / "engines" / "some.engine").write_bytes(b"built")
    before = Bundle.load(copy).manifest
    names = list(Bundle.load(copy).prompts)
    write_bundle(ExportConfig(copy, str(untrained_policy), ("fp32",), task=tuple(names)))
    after = Bundle.load(copy)
    assert (copy / "engines" / "some.engine").read_bytes() == b"built"
    assert after.precisions() == ("fp32",)
    # Engines fit as long as the graph has the same digest, so tracing must give the same bytes.
    graph = "policy.fp32.onnx"
    assert after.manifest["files"][graph] == before["files"][graph]
