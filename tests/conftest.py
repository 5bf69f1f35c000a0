"""Settings and policies that tests of several parts share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from spatune.one_thread import ONE_THREAD

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Before torch is loaded: sums of one thread keep their order, and two workers share two cores.
os.environ.update(ONE_THREAD)

# The same examples in every run; CONTRIBUTING.md says how to look for new ones.
hypothesis.settings.load_profile("ci")
hypothesis.settings.register_profile("search", deadline=None, database=None)

IMAGE_SIZE = 64
INSTRUCTION = "pick the alphabet soup and place it in the basket"


def write_dataset(root: Path) -> Path:
    """A LeRobotDataset of three random frames in the conventions of LIBERO."""
    from lerobot.datasets import LeRobotDataset

    from spatune.bench_libero.environment import LiberoView

    spec = LiberoView(IMAGE_SIZE, state_frame="base").env_spec()
    image = (IMAGE_SIZE, IMAGE_SIZE, 3)
    features: dict = {
        "observation.state": {"shape": (8,), "names": list(spec.state_layout)},
        "action": {"shape": (7,), "names": list(spec.action_layout)},
    }
    for feature in features.values():
        feature["dtype"] = "float32"
    for camera in spec.cameras:
        names = ["height", "width", "channels"]
        features[camera.key] = {"dtype": "image", "shape": image, "names": names}
    dataset = LeRobotDataset.create(
        "local/libero", fps=int(spec.control_hz), features=features, root=root, use_videos=False
    )
    rng = np.random.default_rng(0)
    for _ in range(3):
        frame = {camera.key: rng.integers(0, 256, image, np.uint8) for camera in spec.cameras}
        state, action = rng.normal(size=8), rng.uniform(-1, 1, 7)
        frame["observation.state"] = state.astype(np.float32)
        frame["action"] = action.astype(np.float32)
        dataset.add_frame({**frame, "task": INSTRUCTION})
    dataset.save_episode()
    dataset.finalize()
    (root / "meta" / "env_spec.json").write_text(json.dumps(spec.to_json()))
    return root


@pytest.fixture(scope="session")
def make_untrained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes an untrained policy for LIBERO, made of the real parts at their smallest size."""

    def make(**settings) -> Path:
        import torch
        from lerobot.datasets import LeRobotDatasetMetadata

        from spatune.agent.tiny import build_fastvlm
        from spatune.policies import SpatuneConfig, SpatunePolicy

        torch.manual_seed(0)
        root = tmp_path_factory.mktemp("untrained")
        vlm = build_fastvlm(
            root / "vlm",
            hidden_size=32,
            layers=1,
            image_size=IMAGE_SIZE,
            corpus=(INSTRUCTION,),
            vocab_size=300,
            location_bins=4,
            pretrained_backbone=False,
        )
        meta = LeRobotDatasetMetadata("local/libero", root=write_dataset(root / "data"))
        config = SpatuneConfig(vlm=str(vlm), width=16, hidden=32, device="cpu", **settings)
        SpatunePolicy(config, meta.stats, meta).save_pretrained(root / "policy")
        return root / "policy"

    return make


@pytest.fixture(scope="session")
def untrained_policy(make_untrained: Callable[..., Path]) -> Path:
    """A policy folder as training leaves it, with random weights."""
    return make_untrained()


class _RootIsNoPackage:
    """Keeps pytest from importing the repository's root under the name of its folder.

    The root has an `__init__.py` because it is the package `spatune`; pytest takes such a folder
    for a package of tests and would load the file a second time, as `main` or `checkout`.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(
        self, path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        if path == parent.config.rootpath:
            return pytest.Dir.from_parent(parent, path=path)
        return None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_RootIsNoPackage())
