"""Policies by name, and acting on raw observations."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.datasets import LeRobotDatasetMetadata
from safetensors.torch import load_file

from spatune.envs.spec import EnvSpec
from spatune.errors import SpatuneError
from spatune.policies import (
    PackConfig,
    SpatuneConfig,
    SpatunePolicy,
    check_compatible,
    checkpoint,
    load_policy,
    load_policy_spec,
    pack_policy,
)

H, A = 16, 3


@pytest.fixture(scope="module")
def trained(features_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the trainer leaves it, after one step of its running mean."""
    meta = LeRobotDatasetMetadata("local/tiny", root=features_dataset)
    config = SpatuneConfig(
        device="cpu", use_cached_features=True, chunk_source="column", head="flow",
        keypoints=2, width=16, hidden=32, flow_width=16, flow_layers=1, flow_steps=2,
    )  # fmt: skip
    torch.manual_seed(0)
    policy = SpatunePolicy(config, meta.stats, meta)
    with torch.no_grad():
        for parameter in policy.network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    policy.update()
    folder = tmp_path_factory.mktemp("checkpoint")
    policy.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def packed(trained: Path, vlm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a complete policy folder."""
    out = tmp_path_factory.mktemp("packed") / "policy"
    return pack_policy(PackConfig(trained, out, vlm=vlm_folder))


@pytest.fixture(scope="module")
def observations(env_spec: EnvSpec) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [
        {
            **{
                camera.key: rng.integers(0, 256, (camera.height, camera.width, 3), dtype=np.uint8)
                for camera in env_spec.cameras
            },
            "observation.state": rng.normal(size=4).astype(np.float32),
            "task": task,
        }
        for task in ("pick up the mug", "push the plate to the left")
    ]


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, H, A)).astype(np.float32)


def test_packed_folder_is_small_and_complete(packed: Path, trained: Path) -> None:
    weights = load_file(packed / "model.safetensors")
    assert all(name.startswith("network.") for name in weights)
    assert {v.dtype for n, v in weights.items() if "running" not in n} <= {
        torch.float16,
        torch.int64,
    }
    assert (packed / "model.safetensors").stat().st_size < 150_000
    mean = load_file(trained / "model.safetensors")
    name = next(name for name in weights if name.endswith("heat.weight"))
    torch.testing.assert_close(weights[name], mean[name.replace("network", "ema", 1)].half())
    assert {path.name for path in packed.iterdir()} >= {
        "config.json", "model.safetensors", "policy_spec.json", "statistics.json", "vlm",
        "policy_preprocessor.json", "policy_postprocessor.json",
    }  # fmt: skip


def test_packed_policy_acts_on_raw_observations(packed: Path, observations) -> None:
    policy = load_policy(packed)
    chunk = policy.predict(observations, noise(2))
    assert chunk.shape == (2, H, A) and chunk.dtype == np.float32
    assert np.abs(chunk).max() <= 1 and set(np.unique(chunk[..., 2])) <= {-1.0, 1.0}
    again = load_policy(packed).predict(observations, noise(2))
    assert chunk.tobytes() == again.tobytes()
    alone = np.concatenate(
        [policy.predict([o], n[None]) for o, n in zip(observations, noise(2), strict=True)]
    )
    np.testing.assert_allclose(alone, chunk, atol=1e-4)
    assert not np.array_equal(chunk, policy.predict(observations, noise(2, seed=1)))


def test_rollout_and_lerobot_policy_say_the_same(packed: Path, observations) -> None:
    policy = SpatunePolicy.from_pretrained(packed)
    keys = [camera.key for camera in policy.spec.cameras]
    batch: dict[str, Any] = {
        key: torch.stack([torch.from_numpy(o[key]).permute(2, 0, 1) / 255 for o in observations])
        for key in keys
    }
    batch["observation.state"] = torch.stack(
        [torch.from_numpy(o["observation.state"]) for o in observations]
    )
    batch["task"] = [o["task"] for o in observations]
    theirs = policy.predict_action_chunk(batch, noise=torch.from_numpy(noise(2)))
    np.testing.assert_array_equal(load_policy(packed).predict(observations, noise(2)), theirs)


def test_acting_needs_no_lerobot(packed: Path) -> None:
    code = (
        "import sys; from spatune.policies import load_policy; "
        f"load_policy({str(packed)!r}); print('lerobot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_images_and_instruction_and_state_matter(packed: Path, observations) -> None:
    policy, one = load_policy(packed), observations[0]
    base = policy.predict([one], noise(1))
    black = np.zeros_like(one["observation.images.image"])
    for change in (
        {"observation.images.image": black},
        {"observation.images.image2": black},
        {"observation.state": one["observation.state"] + 1},
        {"task": "push the plate to the left"},
    ):
        assert not np.array_equal(base, policy.predict([{**one, **change}], noise(1))), change


def test_embedded_is_the_folder_in_the_package(
    packed: Path, observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkpoint.EMBEDDED_FOLDER == Path(checkpoint.__file__).parent / "embedded"
    monkeypatch.setattr(checkpoint, "EMBEDDED_FOLDER", packed)
    assert load_policy_spec("embedded") == load_policy_spec(packed)
    assert load_policy("embedded").predict(observations, noise(2)).shape == (2, H, A)


def test_specification_loads_without_torch(packed: Path, env_spec: EnvSpec) -> None:
    code = (
        "import sys; from spatune.policies import load_policy_spec; "
        f"print(load_policy_spec({str(packed)!r}).chunk_length, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["16", "False"]
    check_compatible(load_policy_spec(packed), env_spec)
    with pytest.raises(SpatuneError, match="control_hz"):
        check_compatible(load_policy_spec(packed), replace(env_spec, control_hz=10.0))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / "statistics.json").unlink(), r"statistics.json is missing"),
        (lambda f: (f / "policy_spec.json").unlink(), r"policy_spec.json is missing"),
        (lambda f: _edit(f / "statistics.json", "action", "q99"), "take both files from one"),
        (lambda f: (f / "model.safetensors").unlink(), "checkpoint is not complete"),
        (lambda f: (f / "config.json").unlink(), "has no config.json"),
        (lambda f: _touch(f / "vlm" / "generation_config.json"), "was trained on features of"),
        (lambda f: shutil.rmtree(f / "vlm"), "no such checkpoint"),
    ],
)
def test_broken_folder_is_one_clear_error(
    packed: Path, tmp_path: Path, break_it: Callable[[Path], None], message: str
) -> None:
    folder = shutil.copytree(packed, tmp_path / "policy")
    break_it(folder)
    with pytest.raises(SpatuneError, match=message) as raised:
        load_policy(folder)
    assert "\n" not in str(raised.value)


def _edit(path: Path, key: str, name: str) -> None:
    data = json.loads(path.read_text())
    data[key][name][0] += 0.1
    path.write_text(json.dumps(data))


def _touch(path: Path) -> None:
    path.write_text(path.read_text() + " ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/nowhere/at/all", "neither 'embedded' nor 'embedded-nav' nor a folder"),
        ("./nowhere", "neither 'embedded' nor 'embedded-nav' nor a folder"),
        ("somebody/something", "is no folder, and the hub says"),
    ],
)
def test_unknown_name_is_one_clear_error(name: str, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        load_policy_spec(name)


def test_run_folder_instead_of_a_checkpoint_is_explained(packed: Path, tmp_path: Path) -> None:
    inner = tmp_path / "run" / "checkpoints" / "000100" / "pretrained_model"
    shutil.copytree(packed, inner)
    with pytest.raises(SpatuneError, match=f"did you mean {inner}"):
        load_policy(tmp_path / "run")


def test_gpu_that_is_not_there_is_refused(packed: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device; the test is for machines without")
    with pytest.raises(SpatuneError, match="torch sees no CUDA device"):
        load_policy(packed, device="cuda")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observation.images.image": None}, "has no 'observation.images.image'"),
        ({"observation.images.image": np.zeros((32, 32, 3), np.uint8)}, "set the environment's"),
        ({"observation.state": np.zeros(3)}, "4 finite entries: x, y, z, gap"),
        ({"observation.state": np.full(4, np.nan)}, "4 finite entries"),
        ({"task": None}, "has no 'task'"),
    ],
)
def test_bad_observation_is_one_clear_error(
    packed: Path, observations, change: dict, message: str
) -> None:
    observation = {k: v for k, v in {**observations[0], **change}.items() if v is not None}
    with pytest.raises(SpatuneError, match=message):
        load_policy(packed).predict([observation], noise(1))


def test_noise_of_another_shape_is_refused(packed: Path, observations) -> None:
    with pytest.raises(SpatuneError, match="noise has shape"):
        load_policy(packed).predict(observations, noise(1))


def test_packing_refuses_another_vlm(trained: Path, vlm_folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(vlm_folder, tmp_path / "vlm")
    _touch(other / "generation_config.json")
    with pytest.raises(SpatuneError, match="not the one that made the policy's features"):
        pack_policy(PackConfig(trained, tmp_path / "out", vlm=other))
    with pytest.raises(SpatuneError, match="name it with --vlm"):
        pack_policy(PackConfig(trained, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    (tmp_path / "taken").mkdir()
    with pytest.raises(SpatuneError, match="exists already"):
        pack_policy(PackConfig(trained, tmp_path / "taken", vlm=vlm_folder))
