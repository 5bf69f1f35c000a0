"""Tiny data sets and a tiny VLM that the tests of the policies share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from spatune.agent.tiny import build_fastvlm  # noqa: E402
from spatune.envs.spec import CameraSpec, EnvSpec  # noqa: E402
from spatune.policies.features_dataset import FeaturesConfig, build_features  # noqa: E402

SIZE = 64
TASKS = ("pick up the mug", "push the plate to the left")
CAMERAS = ("observation.images.image", "observation.images.image2")
CHUNK = 16

ENV_SPEC = EnvSpec(
    name="tiny",
    cameras=tuple(CameraSpec(key, key.rpartition(".")[2], SIZE, SIZE) for key in CAMERAS),
    state_layout=("x", "y", "z", "gap"),
    action_layout=("dx", "dy", "gripper"),
    action_low=(-1.0, -1.0, -1.0),
    action_high=(1.0, 1.0, 1.0),
    gripper_convention="-1 open, +1 close",
    control_hz=20.0,
)


def write_dataset(
    root: Path,
    *,
    episodes: int = 2,
    frames: int = 6,
    chunk_column: bool = False,
    images: str = "image",
    env_spec: EnvSpec | None = ENV_SPEC,
) -> Path:
    """A LeRobotDataset of random episodes, as `spatune demos` would write it."""
    from lerobot.datasets import LeRobotDataset

    rng = np.random.default_rng(0)
    features: dict = {
        "observation.state": {"dtype": "float32", "shape": (4,), "names": ["x", "y", "z", "gap"]},
        "action": {"dtype": "float32", "shape": (3,), "names": ["dx", "dy", "gripper"]},
        "privileged.goal_positions": {"dtype": "float32", "shape": (2, 3), "names": None},
        "privileged.goal_pixels": {"dtype": "float32", "shape": (2, 2, 3), "names": None},
    }
    for key in CAMERAS:
        names = ["height", "width", "channels"]
        features[key] = {"dtype": images, "shape": (SIZE, SIZE, 3), "names": names}
    if chunk_column:
        features["action.chunk"] = {"dtype": "float32", "shape": (CHUNK, 3), "names": None}
        features["action.chunk_is_pad"] = {"dtype": "bool", "shape": (CHUNK,), "names": None}
    fps = 5 if chunk_column else 20
    dataset = LeRobotDataset.create(
        "local/tiny", fps=fps, features=features, root=root, use_videos=images == "video"
    )
    for episode in range(episodes):
        for _ in range(frames):
            action = rng.uniform(-1, 1, 3).astype(np.float32)
            action[2] = np.sign(action[2])
            frame = {
                "observation.state": rng.normal(size=4).astype(np.float32),
                "action": action,
                "privileged.goal_positions": rng.normal(size=(2, 3)).astype(np.float32),
                "privileged.goal_pixels": rng.uniform(-0.2, 1.2, (2, 2, 3)).astype(np.float32),
                "task": TASKS[episode % 2],
            }
            for key in CAMERAS:
                frame[key] = rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
            if chunk_column:
                frame["action.chunk"] = rng.uniform(-1, 1, (CHUNK, 3)).astype(np.float32)
                frame["action.chunk_is_pad"] = np.arange(CHUNK) > 12
            dataset.add_frame(frame)
        dataset.save_episode()
    dataset.finalize()
    if env_spec is not None:
        (root / "meta" / "env_spec.json").write_text(json.dumps(env_spec.to_json()))
    return root


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Path]:
    """`write_dataset`, for tests that need a data set of their own."""
    return write_dataset


@pytest.fixture(scope="session")
def env_spec() -> EnvSpec:
    """Conventions of the tiny data sets."""
    return ENV_SPEC


@pytest.fixture(scope="session")
def vlm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FastVLM with random weights for 64x64 images."""
    return build_fastvlm(
        tmp_path_factory.mktemp("vlm"),
        hidden_size=32,
        layers=1,
        image_size=SIZE,
        corpus=TASKS,
        vocab_size=300,
        location_bins=4,
        pretrained_backbone=False,
    )


@pytest.fixture(scope="session")
def image_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes of six frames with images; chunks are the actions of consecutive rows."""
    return write_dataset(tmp_path_factory.mktemp("data") / "images")


@pytest.fixture(scope="session")
def chunk_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the columns `action.chunk` and `action.chunk_is_pad`."""
    return write_dataset(tmp_path_factory.mktemp("data") / "chunks", chunk_column=True)


@pytest.fixture(scope="session")
def build(vlm_folder: Path) -> Callable[..., Path]:
    """Builds cached features with the tiny VLM."""

    def build_from(dataset: Path, out: Path, **settings) -> Path:
        config = FeaturesConfig(dataset=dataset, vlm=str(vlm_folder), out=out, **settings)
        return build_features(config)

    return build_from


@pytest.fixture(scope="session")
def features_dataset(
    image_dataset: Path, build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """`image_dataset` with cached features instead of images."""
    return build(image_dataset, tmp_path_factory.mktemp("data") / "features", batch_size=4)
