"""LeRobot's own trainer trains the policy, saves it, resumes it and fine-tunes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lerobot.configs.default import DatasetConfig
from lerobot.configs.train import TrainPipelineConfig
from lerobot.scripts.lerobot_train import train
from safetensors.torch import load_file

from spatune.policies import SpatuneConfig, SpatunePolicy

TINY: dict[str, Any] = {
    "device": "cpu",
    "keypoints": 2,
    "width": 16,
    "text_width": 8,
    "hidden": 32,
    "scheduler_warmup_steps": 2,
}


@pytest.fixture(autouse=True)
def own_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """LeRobot's configuration reads `sys.argv` again while it validates itself."""
    monkeypatch.setattr(sys, "argv", ["lerobot-train"])


def run_trainer(root: Path, out: Path, steps: int, **settings: Any) -> Path:
    """Trains a new tiny policy; returns its last `pretrained_model` folder."""
    config = TrainPipelineConfig(
        dataset=DatasetConfig("local/tiny", root=str(root)),
        policy=SpatuneConfig(**TINY, **settings),
        output_dir=out,
        steps=steps,
        save_freq=steps,
        batch_size=4,
        num_workers=0,
        log_freq=1,
    )
    train(config)
    return out / "checkpoints" / "last" / "pretrained_model"


def test_lerobot_train_finds_and_trains_the_policy(features_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [
        str(Path(sys.executable).with_name("lerobot-train")),
        "--policy.type=spatune",
        "--policy.device=cpu",
        "--policy.use_cached_features=true",
        "--policy.chunk_source=column",
        "--policy.hidden=32",
        "--policy.width=16",
        "--dataset.repo_id=local/tiny",
        f"--dataset.root={features_dataset}",
        f"--output_dir={out}",
        "--steps=4",
        "--save_freq=2",
        "--batch_size=4",
        "--num_workers=0",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    saved = out / "checkpoints" / "000004" / "pretrained_model"
    config = json.loads((saved / "config.json").read_text())
    assert config["type"] == "spatune" and len(config["features"]) == 3
    assert SpatunePolicy.from_pretrained(saved).spec.action_dim == 3


def test_resumed_run_goes_on_from_its_checkpoint(features_dataset: Path, tmp_path: Path) -> None:
    settings = {"use_cached_features": True, "chunk_source": "column"}
    run_trainer(features_dataset, tmp_path / "run", 2, **settings)
    checkpoint = tmp_path / "run" / "checkpoints" / "000002" / "pretrained_model"
    config = TrainPipelineConfig.from_pretrained(checkpoint)
    assert isinstance(config.policy, SpatuneConfig)
    config.resume, config.steps, config.save_freq = True, 4, 4
    sys.argv = ["lerobot-train", f"--config_path={checkpoint / 'train_config.json'}"]
    train(config)
    resumed = tmp_path / "run" / "checkpoints" / "last" / "pretrained_model"
    assert resumed.resolve().parent.name == "000004"
    before, after = (load_file(path / "model.safetensors") for path in (checkpoint, resumed))
    assert (int(before["ema_steps"]), int(after["ema_steps"])) == (2, 4)
    name = "network.trunk.text.0.weight"
    # Two more steps at a rate of at most 1e-3 from where the checkpoint was, not from new weights.
    assert 0 < (after[name] - before[name]).abs().max() < 4e-3
    for file in ("policy_spec.json", "statistics.json"):
        assert (resumed / file).read_text() == (checkpoint / file).read_text()


def test_trainer_reads_images_through_the_vlm(
    image_dataset: Path, vlm_folder: Path, tmp_path: Path
) -> None:
    saved = run_trainer(image_dataset, tmp_path / "run", 2, vlm=str(vlm_folder), head="flow")
    policy = SpatunePolicy.from_pretrained(saved)
    assert list(policy.config.image_features) == [camera.key for camera in policy.spec.cameras]
    assert policy.encoder.vlm.device.type == "cpu"


def test_fine_tuning_keeps_the_statistics_of_the_checkpoint(
    image_dataset: Path, features_dataset: Path, tmp_path: Path, make_dataset
) -> None:
    settings = {"use_cached_features": True, "chunk_source": "column"}
    first = run_trainer(features_dataset, tmp_path / "first", 1, **settings)
    config = SpatunePolicy.from_pretrained(first).config
    config.pretrained_path = first
    sys.argv = ["lerobot-train", f"--policy.path={first}"]
    pipeline = TrainPipelineConfig(
        dataset=DatasetConfig("local/tiny", root=str(features_dataset)),
        policy=config,
        output_dir=tmp_path / "second",
        steps=1,
        batch_size=4,
        num_workers=0,
    )
    train(pipeline)
    second = tmp_path / "second" / "checkpoints" / "last" / "pretrained_model"
    for name in ("statistics.json", "policy_spec.json"):
        assert (second / name).read_text() == (first / name).read_text()
