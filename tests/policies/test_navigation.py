"""A policy for navigation, from a data set of episodes to a packed folder that acts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.datasets import LeRobotDataset, LeRobotDatasetMetadata
from lerobot.scripts import lerobot_train

from spatune.envs.navigation.task import (
    DONE,
    IMAGE_KEY,
    NAV_ACTIONS,
    STATE_LAYOUT,
    nav_env_spec,
)
from spatune.errors import SpatuneError
from spatune.policies import (
    FrameColumns,
    PackConfig,
    SpatuneConfig,
    SpatunePolicy,
    check_compatible,
    checkpoint,
    load_policy,
    load_policy_spec,
    pack_policy,
)
from spatune.policies.history import past_key

SIZE, HISTORY = 64, [1, 3]
LENGTHS = (5, 7, 12)
FIRST_ROWS = np.repeat([0, 5, 12], LENGTHS)
TINY: dict[str, Any] = {
    "device": "cpu",
    "head": "discrete",
    "action_normalisation": "identity",
    "chunk_length": 1,
    "n_action_steps": 1,
    "keypoints": 2,
    "width": 16,
    "text_width": 8,
    "hidden": 64,
}
CACHED: dict[str, Any] = {**TINY, "use_cached_features": True, "chunk_source": "column"}


def best_action(state: np.ndarray) -> int:
    """What the episodes show: done at the goal, else turn to it, else walk."""
    distance, sine, cosine = state[:3]
    if distance < 0.2:
        return DONE
    if cosine > 0.9:
        return NAV_ACTIONS.index("MoveAhead")
    return NAV_ACTIONS.index("RotateRight" if sine > 0 else "RotateLeft")


def write_dataset(root: Path) -> Path:
    """Three episodes of random states with the best actions there."""
    rng = np.random.default_rng(0)
    features: dict[str, Any] = {
        IMAGE_KEY: {
            "dtype": "image",
            "shape": (SIZE, SIZE, 3),
            "names": ["height", "width", "channels"],
        },
        "observation.state": {"dtype": "float32", "shape": (5,), "names": list(STATE_LAYOUT)},
        "action": {"dtype": "float32", "shape": (1,), "names": ["nav_action"]},
    }
    dataset = LeRobotDataset.create(
        "local/nav", fps=5, features=features, root=root, use_videos=False
    )
    for episode, frames in enumerate(LENGTHS):
        for _ in range(frames):
            angle = rng.uniform(-np.pi, np.pi)
            distance = rng.uniform(*rng.choice([(0.0, 0.2), (0.2, 3.0)]))
            state = np.array([distance, np.sin(angle), np.cos(angle), 0, 0], np.float32)
            frame = {
                IMAGE_KEY: rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8),
                "observation.state": state,
                "action": np.array([best_action(state)], np.float32),
                "task": ("go to the goal", "find an apple")[episode % 2],
            }
            dataset.add_frame(frame)
        dataset.save_episode()
    dataset.finalize()
    (root / "meta" / "env_spec.json").write_text(json.dumps(nav_env_spec(SIZE).to_json()))
    return root


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("nav") / "images")


@pytest.fixture(scope="module")
def features(
    images: Path, build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return build(images, tmp_path_factory.mktemp("nav") / "features")


@pytest.fixture(scope="module")
def observations(images: Path) -> list[dict[str, Any]]:
    """Rows of the data set as an environment shows them, with the past of their episodes."""
    dataset: Any = LeRobotDataset("local/nav", root=images)
    seen = []
    for row in (0, 7, 23):
        rows = {key: max(row - steps, FIRST_ROWS[row]) for key, steps in keys()}
        seen.append(
            {
                **{key: pixels(dataset[int(index)][IMAGE_KEY]) for key, index in rows.items()},
                "observation.state": dataset[row]["observation.state"].numpy(),
                "task": dataset[row]["task"],
            }
        )
    return seen


def keys() -> list[tuple[str, int]]:
    """Image keys of an observation, and how many steps ago each was."""
    return [(IMAGE_KEY, 0), *((past_key(IMAGE_KEY, steps), steps) for steps in HISTORY)]


def pixels(image: torch.Tensor) -> np.ndarray:
    return (image * 255).round().byte().permute(1, 2, 0).numpy()


def make_policy(root: Path, **settings: Any) -> SpatunePolicy:
    meta = LeRobotDatasetMetadata("local/nav", root=root)
    torch.manual_seed(0)
    return SpatunePolicy(SpatuneConfig(**{**CACHED, **settings}), meta.stats, meta)


def make_batch(root: Path, rows: list[int], **kwargs: Any) -> dict[str, Any]:
    dataset = LeRobotDataset("local/nav", root=root, **kwargs)
    return torch.utils.data.default_collate([dataset[row] for row in rows])


def train(policy: SpatunePolicy, batch: dict[str, Any], steps: int) -> list[dict[str, float]]:
    """Parts of the loss at every step."""
    optimizer = torch.optim.AdamW(policy.get_optim_params(), lr=3e-3)
    policy.train()
    parts = []
    for _ in range(steps):
        loss, part = policy.forward(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        policy.update()
        parts.append(part)
    policy.eval()
    return parts


@pytest.fixture(scope="module")
def trained(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a history that knows every frame of the data set."""
    policy = make_policy(features, history=HISTORY, ema_decay=0.9)
    parts = train(policy, make_batch(features, list(range(24))), 80)
    assert parts[-1]["cross_entropy"] < 0.3 * parts[0]["cross_entropy"]
    assert parts[-1]["accuracy"] > 0.95
    folder = tmp_path_factory.mktemp("checkpoint")
    policy.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def packed(trained: Path, vlm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_policy(
        PackConfig(trained, tmp_path_factory.mktemp("packed") / "policy", vlm=vlm_folder)
    )


def zeros(count: int) -> np.ndarray:
    return np.zeros((count, 1, 1), np.float32)


def test_conventions_are_those_of_navigation(features: Path) -> None:
    policy = make_policy(features, history=HISTORY)
    spec = policy.spec
    assert spec.action_layout == ("nav_action",) and spec.state_layout == STATE_LAYOUT
    assert (spec.action_low, spec.action_high) == ((0.0,), (5.0,))
    assert policy.config.action_classes == len(NAV_ACTIONS)
    check_compatible(spec, nav_env_spec(SIZE), history=HISTORY)


def test_bounds_are_those_of_the_classes_where_the_data_set_does_not_say_them(
    features: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(features, tmp_path / "features")
    (root / "meta" / "env_spec.json").unlink()
    spec = make_policy(root).spec
    assert (spec.action_low, spec.action_high) == ((0.0,), (5.0,))


def test_past_frames_of_a_batch_are_rows_of_the_same_episode(features: Path) -> None:
    policy = make_policy(features, history=HISTORY)
    rows = [23, 0, 12, 5, 8]
    seen = policy._batches.features(make_batch(features, rows))
    column = FrameColumns.open(features)
    for steps in HISTORY:
        wanted = [max(row - steps, FIRST_ROWS[row]) for row in rows]
        expected = column.take("features.coarse", torch.tensor(wanted))
        assert torch.equal(seen[f"coarse.past{steps}"], expected)


def test_trained_policy_acts_as_it_was_shown(
    packed: Path, observations: list[dict[str, Any]]
) -> None:
    policy = load_policy(packed)
    chunks = policy.predict(observations, zeros(3))
    assert chunks.shape == (3, 1, 1) and chunks.dtype == np.float32
    shown = [best_action(observation["observation.state"]) for observation in observations]
    assert chunks[:, 0, 0].tolist() == shown


def test_rollout_and_lerobot_policy_say_the_same_with_a_history(
    packed: Path, observations: list[dict[str, Any]]
) -> None:
    policy = SpatunePolicy.from_pretrained(packed)
    batch: dict[str, Any] = {
        key: torch.stack([torch.from_numpy(o[key]).permute(2, 0, 1) / 255 for o in observations])
        for key, _ in keys()
    }
    states = [torch.from_numpy(o["observation.state"]) for o in observations]
    batch |= {"observation.state": torch.stack(states), "task": [o["task"] for o in observations]}
    noise = np.random.default_rng(0).normal(size=(3, 1, 1)).astype(np.float32)
    theirs = policy.predict_action_chunk(batch, noise=torch.from_numpy(noise))
    np.testing.assert_array_equal(load_policy(packed).predict(observations, noise), theirs)


def test_past_frames_matter_and_must_be_there(
    packed: Path, observations: list[dict[str, Any]]
) -> None:
    policy: Any = load_policy(packed)
    one = observations[2]
    logits = []
    network = policy.network
    for change in ({}, {past_key(IMAGE_KEY, 3): np.zeros((SIZE, SIZE, 3), np.uint8)}):
        frames = policy._with_past({**one, **change})
        features = policy._frames.encode([frames], [one["task"]], torch.device("cpu"))
        state = policy.scaling.state(torch.from_numpy(one["observation.state"])[None])
        logits.append(network.head.logits(network(features, state)).detach())
    assert not torch.equal(*logits)
    missing = {key: value for key, value in one.items() if not key.endswith("past3")}
    with pytest.raises(SpatuneError, match=r"has no 'observation\.images\.image\.past3'"):
        policy.predict([missing], zeros(1))


def test_training_reads_images_where_there_is_no_history(images: Path, vlm_folder: Path) -> None:
    policy = make_policy(
        images, vlm=str(vlm_folder), use_cached_features=False, chunk_source="delta"
    )
    batch = make_batch(images, [0, 9], delta_timestamps={"action": [0.0]})
    assert batch["action"].shape == (2, 1), "LeRobot drops the axis of a single entry"
    loss, parts = policy.forward(batch)
    assert torch.isfinite(loss) and "accuracy" in parts


def test_lerobot_train_runs_a_discrete_policy(
    features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    command = [
        *("lerobot-train", "--policy.type=spatune", "--policy.device=cpu"),
        *("--policy.head=discrete", "--policy.action_normalisation=identity"),
        *("--policy.history=[1,3]", "--policy.vlm=embedded"),
        *("--policy.chunk_length=1", "--policy.n_action_steps=1"),
        *("--policy.use_cached_features=true", "--policy.chunk_source=column"),
        *("--policy.hidden=32", "--policy.width=16", "--dataset.repo_id=local/nav"),
        *(f"--dataset.root={features}", f"--output_dir={out}", "--steps=2", "--save_freq=2"),
        *("--batch_size=4", "--num_workers=0"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    lerobot_train.main()
    policy = SpatunePolicy.from_pretrained(out / "checkpoints" / "last" / "pretrained_model")
    assert policy.spec.history == (1, 3) and policy.config.action_classes == 6


def test_packed_policy_may_name_the_embedded_vlm(
    trained: Path,
    vlm_folder: Path,
    packed: Path,
    observations: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "embedded").mkdir()
    (tmp_path / "embedded" / "vlm").symlink_to(vlm_folder)
    monkeypatch.setattr(checkpoint, "EMBEDDED_FOLDER", tmp_path / "embedded")
    out = pack_policy(PackConfig(trained, tmp_path / "small", vlm=Path("embedded")))
    assert not (out / "vlm").exists()
    assert json.loads((out / "config.json").read_text())["vlm"] == "embedded"
    monkeypatch.setattr(checkpoint, "EMBEDDED_NAV_FOLDER", out)
    assert load_policy_spec("embedded-nav") == load_policy_spec(packed)
    small, whole = load_policy("embedded-nav"), load_policy(packed)
    noise = np.random.default_rng(0).normal(size=(3, 1, 1)).astype(np.float32)
    expected = whole.predict(observations, noise)
    np.testing.assert_array_equal(small.predict(observations, noise), expected)


def test_what_navigation_cannot_be_trained_with_is_one_clear_error(
    features: Path,
    features_dataset: Path,
    images: Path,
    vlm_folder: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(SpatuneError, match="set --policy.action_normalisation=identity"):
        make_policy(features, action_normalisation="quantile")
    with pytest.raises(SpatuneError, match="3 action entries: dx, dy, gripper"):
        make_policy(features_dataset)
    with pytest.raises(SpatuneError, match="6 actions, more than --policy.action_classes=4"):
        make_policy(features, action_classes=4)
    with pytest.raises(SpatuneError, match="is trained on cached features"):
        make_policy(
            images,
            history=HISTORY,
            vlm=str(vlm_folder),
            use_cached_features=False,
            chunk_source="delta",
        )
    sparse = shutil.copytree(features, tmp_path / "sparse")
    path = sparse / "meta" / "env_spec.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "control_hz": 10.0}))
    with pytest.raises(SpatuneError, match="5 rows a second for 10 control steps"):
        make_policy(sparse, history=HISTORY)


def test_history_of_a_trained_policy_is_fixed(trained: Path) -> None:
    config = SpatunePolicy.from_pretrained(trained).config
    changed = SpatuneConfig(**{**vars(config), "history": [1]})
    with pytest.raises(SpatuneError, match=r"trained with history \[1, 3\]"):
        SpatunePolicy.from_pretrained(trained, config=changed)
