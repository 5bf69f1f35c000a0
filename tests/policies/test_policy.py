"""`SpatunePolicy` on batches: what it learns from, what it says, what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.datasets import LeRobotDataset, LeRobotDatasetMetadata
from safetensors.torch import load_file, save_file
from torch import Tensor

from spatune.errors import SpatuneError
from spatune.policies import SpatuneConfig, SpatunePolicy
from spatune.policies.processor_spatune import make_spatune_pre_post_processors

TINY = {
    "device": "cpu",
    "keypoints": 2,
    "width": 16,
    "text_width": 8,
    "hidden": 32,
    "flow_width": 16,
    "flow_layers": 1,
    "flow_steps": 2,
    "optimizer_lr": 3e-3,
}
CACHED = {"use_cached_features": True, "chunk_source": "column"}


def make_policy(root: Path, **settings: Any) -> SpatunePolicy:
    """A tiny new policy for a data set."""
    meta = LeRobotDatasetMetadata("local/tiny", root=root)
    torch.manual_seed(0)
    return SpatunePolicy(SpatuneConfig(**{**TINY, **settings}), meta.stats, meta)


def make_batch(root: Path, indices: tuple[int, ...] = (0, 3, 9), **kwargs: Any) -> dict[str, Any]:
    """Rows of a data set as LeRobot's data loader collates them."""
    dataset = LeRobotDataset("local/tiny", root=root, **kwargs)
    return torch.utils.data.default_collate([dataset[index] for index in indices])


@pytest.fixture(scope="module")
def cached_batch(features_dataset: Path) -> dict[str, Any]:
    return make_batch(features_dataset)


@dataclass(frozen=True)
class Training:
    """A policy after a few steps on one batch, with its losses and the parts of the last one."""

    policy: SpatunePolicy
    losses: list[float]
    parts: dict[str, float]


@pytest.fixture(scope="module", params=["l1", "flow"])
def training(request: pytest.FixtureRequest, features_dataset: Path, cached_batch) -> Training:
    """One for each head."""
    policy = make_policy(features_dataset, head=request.param, ema_decay=0.9, **CACHED)
    optimizer = torch.optim.AdamW(policy.get_optim_params(), lr=3e-3)
    policy.train()
    losses, parts = [], {}
    for _ in range(40):
        loss, parts = policy.forward(cached_batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        policy.update()
        losses.append(loss.item())
    return Training(policy.eval(), losses, parts)


@pytest.fixture
def trained(training: Training) -> SpatunePolicy:
    """The policy of `training`; not to be changed."""
    return training.policy


def features_of(policy: SpatunePolicy, batch: dict[str, Any]) -> dict[str, Tensor]:
    """Cached features of a batch by their batch keys."""
    return {f"features.{k}": v for k, v in policy._batches.features(batch).items()}


def predict(policy: SpatunePolicy, batch: dict[str, Any], seed: int = 0) -> Tensor:
    """A chunk for each row of a cached batch."""
    noise = torch.randn(3, 16, 3, generator=torch.Generator().manual_seed(seed))
    return policy.predict_action_chunk({**batch, **features_of(policy, batch)}, noise=noise)


def test_loss_falls_on_one_batch(training: Training) -> None:
    assert np.mean(training.losses[-5:]) < 0.8 * np.mean(training.losses[:5])


def test_loss_has_spatial_parts_from_privileged_columns(training: Training) -> None:
    assert {"position_loss", "point_error"} <= set(training.parts)
    assert all(isinstance(value, float) for value in training.parts.values())


def test_chunk_is_in_environment_units(trained: SpatunePolicy, cached_batch) -> None:
    chunk = predict(trained, cached_batch)
    assert chunk.shape == (3, 16, 3) and chunk.dtype == torch.float32
    assert chunk.abs().max() <= 1
    assert set(chunk[..., 2].unique().tolist()) <= {-1.0, 1.0}


def test_the_given_noise_is_the_only_randomness(trained: SpatunePolicy, cached_batch) -> None:
    torch.manual_seed(1)
    first = predict(trained, cached_batch)
    torch.manual_seed(2)
    assert torch.equal(first, predict(trained, cached_batch))
    differs = not torch.equal(first, predict(trained, cached_batch, seed=5))
    assert differs == (trained.config.head == "flow")


def test_running_mean_acts_and_trained_weights_train(trained: SpatunePolicy, cached_batch) -> None:
    assert trained.ema is not None
    acting = predict(trained, cached_batch)
    mean = {k: v.clone() for k, v in trained.ema.state_dict().items()}
    trained.ema.load_state_dict(trained.network.state_dict())
    assert not torch.equal(acting, predict(trained, cached_batch))
    trained.ema.load_state_dict(mean)
    assert torch.equal(acting, predict(trained, cached_batch))


def test_saved_policy_acts_the_same(trained: SpatunePolicy, cached_batch, tmp_path: Path) -> None:
    trained.save_pretrained(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"config.json", "model.safetensors", "policy_spec.json", "statistics.json"}
    loaded = SpatunePolicy.from_pretrained(tmp_path)
    assert not loaded.training and loaded.spec == trained.spec
    batch = {**cached_batch, **features_of(trained, cached_batch)}
    noise = torch.randn(3, 16, 3)
    mine = trained.predict_action_chunk(batch, noise=noise)
    assert torch.equal(mine, loaded.predict_action_chunk(batch, noise=noise))


def test_conventions_come_from_the_data_set(features_dataset: Path, env_spec) -> None:
    policy = make_policy(features_dataset, n_action_steps=5, **CACHED)
    spec = policy.spec
    assert spec.cameras == env_spec.cameras and spec.control_hz == 20.0
    assert spec.action_layout == ("dx", "dy", "gripper")
    assert (spec.chunk_length, spec.execute_steps) == (16, 5)
    assert spec.statistics_sha256 == policy.statistics.sha256
    assert [feature.name for feature in policy.config.features] == ["fine", "coarse", "text"]
    assert list(policy.config.input_features or {}) == ["observation.state"]


def test_feature_sources_choose_among_the_cached_ones(features_dataset: Path) -> None:
    sources = {"coarse": "vision.timm_model.blocks.4:grid"}
    policy = make_policy(features_dataset, feature_sources=sources, **CACHED)
    assert [feature.name for feature in policy.config.features] == ["coarse"]
    with pytest.raises(SpatuneError, match="has no feature deep=language.3:last; it has fine="):
        make_policy(features_dataset, feature_sources={"deep": "language.3:last"}, **CACHED)
    with pytest.raises(SpatuneError, match="needs a feature with pool 'grid'"):
        make_policy(features_dataset, feature_sources={"text": "language.-1:last"}, **CACHED)


def test_chunk_source_must_fit_the_data_set(
    features_dataset: Path, image_dataset: Path, vlm_folder: Path
) -> None:
    with pytest.raises(SpatuneError, match="use --policy.chunk_source=column"):
        make_policy(features_dataset, use_cached_features=True)
    with pytest.raises(SpatuneError, match="use --policy.chunk_source=delta"):
        make_policy(image_dataset, vlm=str(vlm_folder), chunk_source="column")


def test_images_without_cached_features_need_a_vlm(
    image_dataset: Path, features_dataset: Path
) -> None:
    with pytest.raises(SpatuneError, match="no images of observation.images.image, "):
        make_policy(features_dataset, chunk_source="column")
    with pytest.raises(SpatuneError, match="has no VLM: set --policy.vlm"):
        make_policy(image_dataset)
    with pytest.raises(SpatuneError, match="has no cached features"):
        make_policy(image_dataset, use_cached_features=True)


def test_longer_chunk_than_the_data_have_is_refused(features_dataset: Path, cached_batch) -> None:
    policy = make_policy(features_dataset, chunk_length=20, **CACHED)
    with pytest.raises(SpatuneError, match="needs chunks of 20"):
        policy.forward(cached_batch)


def test_shorter_chunk_is_cut(features_dataset: Path, cached_batch) -> None:
    policy = make_policy(features_dataset, chunk_length=4, n_action_steps=4, **CACHED)
    loss, _ = policy.forward(cached_batch)
    assert torch.isfinite(loss)
    batch = {**cached_batch, **features_of(policy, cached_batch)}
    assert policy.predict_action_chunk(batch).shape == (3, 4, 3)


def test_padded_steps_do_not_change_the_loss(features_dataset: Path, cached_batch) -> None:
    policy = make_policy(features_dataset, ema_decay=0.0, **CACHED).eval()
    chunk = policy._batches._get(cached_batch, "action.chunk").clone()
    padded = policy._batches._get(cached_batch, "action.chunk_is_pad")
    assert padded.any()
    before, _ = policy.forward({**cached_batch, "action.chunk": chunk})
    chunk[padded] = 50.0
    after, _ = policy.forward({**cached_batch, "action.chunk": chunk})
    torch.testing.assert_close(before, after)


def test_features_kept_on_the_device_train_the_same(features_dataset: Path, cached_batch) -> None:
    losses = []
    for kept in (False, True):
        policy = make_policy(features_dataset, cache_on_device=kept, history=[1, 2], **CACHED)
        policy.train()
        torch.manual_seed(1)
        loss, _ = policy.forward(cached_batch)
        loss.backward()
        losses.append((loss, policy.network.trunk.text[0].weight.grad))
    assert torch.equal(losses[0][0], losses[1][0]) and torch.equal(losses[0][1], losses[1][1])


def test_select_action_executes_k_steps_of_a_chunk(
    features_dataset: Path, cached_batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = make_policy(features_dataset, n_action_steps=3, **CACHED).eval()
    batch = {**cached_batch, **features_of(policy, cached_batch)}
    chunks = []
    predict_chunk = policy.predict_action_chunk

    def record(*args: Any, **kwargs: Any) -> Tensor:
        chunks.append(predict_chunk(*args, **kwargs))
        return chunks[-1]

    monkeypatch.setattr(policy, "predict_action_chunk", record)
    policy.reset()
    actions = [policy.select_action(batch) for _ in range(5)]
    assert len(chunks) == 2
    for step, action in enumerate(actions):
        assert torch.equal(action, chunks[step // 3][:, step % 3])
    policy.reset()
    policy.select_action(batch)
    assert len(chunks) == 3


def test_frozen_vlm_encodes_images_like_the_cache(
    image_dataset: Path, features_dataset: Path, vlm_folder: Path
) -> None:
    deltas = {"action": [step / 20 for step in range(16)]}
    batch = make_batch(image_dataset, delta_timestamps=deltas)
    on_images = make_policy(image_dataset, vlm=str(vlm_folder)).eval()
    on_cache = make_policy(features_dataset, **CACHED).eval()
    on_cache.load_state_dict(on_images.state_dict())
    seen, _ = on_images.forward(batch)
    cached, _ = on_cache.forward(make_batch(features_dataset))
    torch.testing.assert_close(seen, cached, rtol=1e-2, atol=1e-2)
    assert not any("vlm" in name for name, _ in on_images.named_parameters())


def test_vlm_is_trained_when_it_is_not_frozen(
    chunk_dataset: Path, vlm_folder: Path, tmp_path: Path
) -> None:
    settings = {"vlm": str(vlm_folder), "freeze_vlm": False, "chunk_source": "column"}
    policy = make_policy(chunk_dataset, **settings)
    policy.train()
    batch = make_batch(chunk_dataset)
    optimizer = torch.optim.AdamW(policy.get_optim_params(), lr=1e-3)
    assert [group["lr"] for group in optimizer.param_groups] == [1e-3, pytest.approx(3e-4)]
    before = {name: value.clone() for name, value in policy.vlm_model.named_parameters()}
    for _ in range(2):
        policy.forward(batch)[0].backward()
        optimizer.step()
    changed = [n for n, v in policy.vlm_model.named_parameters() if not torch.equal(v, before[n])]
    assert len(changed) > 50
    policy.save_pretrained(tmp_path)
    assert not any(name.startswith("vlm") for name in load_file(tmp_path / "model.safetensors"))
    loaded = SpatunePolicy.from_pretrained(tmp_path)
    state = loaded.encoder.vlm.model.state_dict()
    assert torch.equal(state[changed[0]], policy.vlm_model.state_dict()[changed[0]])


def test_training_goes_on_from_a_policy_without_a_running_mean(
    features_dataset: Path, tmp_path: Path
) -> None:
    single = make_policy(features_dataset, ema_decay=0.0, **CACHED)
    single.save_pretrained(tmp_path)
    config = SpatuneConfig(**{**vars(single.config), "ema_decay": 0.9})
    policy = SpatunePolicy.from_pretrained(tmp_path, config=config)
    assert policy.ema is not None
    for name, value in single.network.state_dict().items():
        assert torch.equal(policy.network.state_dict()[name], value)
        assert torch.equal(policy.ema.state_dict()[name], value)


def test_chunk_length_of_a_trained_policy_is_fixed(features_dataset: Path, tmp_path: Path) -> None:
    trained = make_policy(features_dataset, **CACHED)
    trained.save_pretrained(tmp_path)
    config = SpatuneConfig(**{**vars(trained.config), "chunk_length": 12})
    with pytest.raises(SpatuneError, match="trained with chunk_length 16"):
        SpatunePolicy.from_pretrained(tmp_path, config=config)


def test_missing_camera_is_named(image_dataset: Path, vlm_folder: Path) -> None:
    policy = make_policy(image_dataset, vlm=str(vlm_folder))
    batch = make_batch(image_dataset)
    del batch["observation.images.image2"]
    with pytest.raises(SpatuneError, match="no image 'observation.images.image2', only"):
        policy.predict_action_chunk(batch)


def test_batch_without_its_data_set_is_refused(features_dataset: Path, tmp_path: Path) -> None:
    make_policy(features_dataset, **CACHED).save_pretrained(tmp_path)
    alone = SpatunePolicy.from_pretrained(tmp_path)
    with pytest.raises(SpatuneError, match="has no 'action.chunk' and no data set"):
        alone.forward(make_batch(features_dataset))


def test_weights_must_match_exactly(features_dataset: Path, tmp_path: Path) -> None:
    make_policy(features_dataset, **CACHED).save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    name = next(iter(weights))
    for change, message in (
        ({"extra": torch.zeros(1)}, "has unknown 1 weights, such as extra"),
        ({name: torch.zeros(1, 2, 3)}, "instead of"),
    ):
        save_file({**weights, **change}, path)
        with pytest.raises(SpatuneError, match=message):
            SpatunePolicy.from_pretrained(tmp_path)
    save_file({k: v for k, v in weights.items() if k != name}, path)
    with pytest.raises(SpatuneError, match="misses 1 weights"):
        SpatunePolicy.from_pretrained(tmp_path)
    path.unlink()
    with pytest.raises(SpatuneError, match="checkpoint is not complete"):
        SpatunePolicy.from_pretrained(tmp_path)


def test_features_of_another_vlm_are_refused(
    features_dataset: Path, tmp_path: Path, make_dataset: Callable[..., Path]
) -> None:
    make_policy(features_dataset, **CACHED).save_pretrained(tmp_path / "policy")
    root = shutil.copytree(features_dataset, tmp_path / "data")
    manifest = root / "columns" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"vlm": "', '"vlm": "f00d'))
    meta = LeRobotDatasetMetadata("local/tiny", root=root)
    with pytest.raises(SpatuneError, match="come from VLM f00d"):
        SpatunePolicy.from_pretrained(tmp_path / "policy", dataset_meta=meta)


def test_new_policy_needs_data_with_statistics(features_dataset: Path) -> None:
    meta = LeRobotDatasetMetadata("local/tiny", root=features_dataset)
    config = SpatuneConfig(**TINY, **CACHED)
    with pytest.raises(SpatuneError, match="takes its conventions from a data set"):
        SpatunePolicy(config)
    with pytest.raises(SpatuneError, match="no statistics of 'observation.state'"):
        SpatunePolicy(config, {}, meta)
    with pytest.raises(SpatuneError, match="no statistics of 'observation.state'"):
        make_spatune_pre_post_processors(config, {})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_action_steps": 17}, "not between 1 and chunk_length"),
        ({"chunk_source": "video"}, "use 'delta' or 'column'"),
        ({"head": "l2"}, "use 'l1', 'flow' or 'discrete'"),
        ({"use_cached_features": True, "freeze_vlm": False}, "cannot train the VLM"),
        ({"ema_decay": 1.0}, "not in"),
    ],
)
def test_bad_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        SpatuneConfig(**{**TINY, **settings})
