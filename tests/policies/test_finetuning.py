"""A VLM that is trained with its policy: what is trained, what is packed, what is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.datasets import LeRobotDataset, LeRobotDatasetMetadata
from safetensors.torch import load_file
from torch import nn

from spatune.agent import build_tiny
from spatune.agent.sources import vision_tower
from spatune.errors import SpatuneError
from spatune.policies import (
    FeaturesConfig,
    FrameColumns,
    PackConfig,
    SpatuneConfig,
    SpatunePolicy,
    load_policy,
    pack_policy,
)
from spatune.policies.features_dataset import build_features
from spatune.policies.frames_dataset import FramesConfig, build_frames

SMALL: dict[str, Any] = {
    "device": "cpu",
    "keypoints": 2,
    "width": 16,
    "hidden": 32,
    "chunk_source": "column",
    "ema_decay": 0.5,
}


def new_policy(root: Path, vlm: Path, **settings: Any) -> SpatunePolicy:
    meta = LeRobotDatasetMetadata("local/tiny", root=root)
    torch.manual_seed(0)
    config = SpatuneConfig(**{**SMALL, "freeze_vlm": False, "vlm": str(vlm), **settings})
    return SpatunePolicy(config, meta.stats, meta)


def rows(root: Path, indices: tuple[int, ...] = (0, 3, 9)) -> dict[str, Any]:
    dataset = LeRobotDataset("local/tiny", root=root)
    return torch.utils.data.default_collate([dataset[index] for index in indices])


def step(policy: SpatunePolicy, batch: dict[str, Any], rate: float = 1e-2) -> None:
    optimizer = torch.optim.AdamW(policy.get_optim_params(), lr=rate)
    policy.train()
    policy.forward(batch)[0].backward()
    optimizer.step()
    policy.update()


def reached(policy: SpatunePolicy) -> set[str]:
    """Parameters of the VLM whose gradient is not zero."""
    named = policy.vlm_model.named_parameters()
    return {name for name, p in named if p.grad is not None and bool(p.grad.any())}


@pytest.mark.parametrize("architecture", ["fastvlm", "qwen3_vl"])
@pytest.mark.parametrize("freeze_vision", [False, True])
def test_gradients_reach_what_is_trained_and_nothing_else(
    chunk_dataset: Path, vlm_folder: Path, tmp_path: Path, architecture: str, freeze_vision: bool
) -> None:
    folder = vlm_folder
    if architecture != "fastvlm":
        folder = build_tiny(architecture, tmp_path / "vlm", corpus=["pick up the mug"])
    policy = new_policy(chunk_dataset, folder, freeze_vision=freeze_vision)
    tower: nn.Module = vision_tower(policy.vlm_model)
    vision = {id(p) for n, p in tower.named_parameters() if "merger" not in n}
    named = dict(policy.vlm_model.named_parameters())
    before = {name: value.clone() for name, value in named.items()}
    step(policy, rows(chunk_dataset))
    found = reached(policy)
    seen = {name for name in found if id(named[name]) in vision}
    assert bool(seen) == (not freeze_vision)
    assert {"projector" in name or "merger" in name for name in found} == {True, False}
    assert any("language_model.layers.0" in name for name in found)
    changed = {name for name in named if not torch.equal(before[name], named[name])}
    frozen = {name for name in named if id(named[name]) in vision} if freeze_vision else set()
    assert changed & frozen == set() and found <= changed
    in_optimizer = {id(p) for group in policy.get_optim_params() for p in group["params"]}
    assert {id(named[name]) for name in frozen} & in_optimizer == set()
    assert all(id(named[name]) in in_optimizer for name in found)
    network = [p for p in policy.network.parameters() if p.grad is not None]
    assert network and all(id(p) in in_optimizer for p in network)


def test_batch_norms_of_a_trained_vlm_keep_their_statistics(
    chunk_dataset: Path, vlm_folder: Path
) -> None:
    policy = new_policy(chunk_dataset, vlm_folder)
    before = {n: b.clone() for n, b in policy.vlm_model.named_buffers() if "running" in n}
    step(policy, rows(chunk_dataset))
    assert policy.network.training and not policy.vlm_model.training
    after = dict(policy.vlm_model.named_buffers())
    assert before and all(torch.equal(after[name], value) for name, value in before.items())


def test_packed_policy_is_the_fine_tuned_one(
    chunk_dataset: Path, vlm_folder: Path, tmp_path: Path
) -> None:
    policy = new_policy(chunk_dataset, vlm_folder)
    for _ in range(2):
        step(policy, rows(chunk_dataset))
    policy.save_pretrained(tmp_path / "checkpoint")
    exact = pack_policy(PackConfig(tmp_path / "checkpoint", tmp_path / "exact", half=False))
    small = pack_policy(PackConfig(tmp_path / "checkpoint", tmp_path / "small"))
    packed = load_file(exact / "vlm" / "model.safetensors")
    base = load_file(vlm_folder / "model.safetensors")
    tuned = policy.vlm_model.state_dict()
    shared = [name for name in packed if name in tuned]
    assert shared and all(torch.equal(packed[name], tuned[name]) for name in shared)
    assert any(not torch.equal(packed[name], base[name]) for name in packed)
    rng = np.random.default_rng(0)
    observation: dict[str, Any] = {
        camera.key: rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        for camera in policy.spec.cameras
    }
    observation |= {
        "observation.state": rng.normal(size=4).astype(np.float32),
        "task": "pick up the mug",
    }
    noise = np.zeros((1, 16, 3), np.float32)
    theirs = load_policy(tmp_path / "checkpoint").predict([observation], noise)
    np.testing.assert_array_equal(load_policy(exact).predict([observation], noise), theirs)
    near = load_policy(small).predict([observation], noise)
    np.testing.assert_allclose(near[..., :2], theirs[..., :2], atol=2e-2)
    with pytest.raises(SpatuneError, match="trained together with its own VLM"):
        pack_policy(PackConfig(tmp_path / "checkpoint", tmp_path / "other", vlm=vlm_folder))


def test_pictures_as_columns_train_as_pictures_in_rows(
    chunk_dataset: Path, vlm_folder: Path, tmp_path: Path
) -> None:
    frames = build_frames(FramesConfig(chunk_dataset, tmp_path / "frames"))
    losses = []
    for root in (chunk_dataset, frames):
        policy = new_policy(root, vlm_folder, state_noise=0.0, augment=True).train()
        torch.manual_seed(1)
        losses.append(policy.forward(rows(root))[0])
    assert torch.equal(losses[0], losses[1])
    outs = [tmp_path / "a", tmp_path / "b"]
    for root, out in zip((chunk_dataset, frames), outs, strict=True):
        build_features(FeaturesConfig(root, str(vlm_folder), out))
    manifests = [FrameColumns.open(out).manifest for out in outs]
    assert manifests[0] is not None and manifests[1] is not None
    assert manifests[0].columns == manifests[1].columns


def test_augmented_labels_follow_the_images(
    chunk_dataset: Path, vlm_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = new_policy(chunk_dataset, vlm_folder, freeze_vlm=True, augment=True)
    batch = rows(chunk_dataset)
    given: list[dict[str, Any]] = []
    loss = policy.network.loss
    monkeypatch.setattr(
        policy.network, "loss", lambda inputs: (given.append(inputs), loss(inputs))[1]
    )
    policy.train()
    torch.manual_seed(3)
    policy.forward(batch)
    torch.manual_seed(3)
    changed, spatial = policy._augmented(batch, policy._batches.spatial_targets(batch))
    assert torch.equal(given[0]["aux.pixels"], spatial["privileged.goal_pixels"])
    assert not torch.equal(given[0]["aux.pixels"], batch["privileged.goal_pixels"])
    for camera in policy.spec.cameras:
        assert changed[camera.key].shape == batch[camera.key].shape
        assert not torch.equal(changed[camera.key], batch[camera.key])


def test_cached_features_refuse_what_needs_images(make_dataset: Callable[..., Path]) -> None:
    with pytest.raises(SpatuneError, match="cannot be augmented"):
        SpatuneConfig(use_cached_features=True, augment=True)
    with pytest.raises(SpatuneError, match="needs use_cached_features=true"):
        SpatuneConfig(cache_on_device=True)
