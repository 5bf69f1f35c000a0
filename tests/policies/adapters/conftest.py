"""Tiny policies of LeRobot's own classes, with random weights, saved as LeRobot saves them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

SIZE = 64
INSTRUCTION = "pick up the alphabet soup and place it in the basket"


def save_policy(config: Any, folder: Path) -> Path:
    """Make a policy of LeRobot's class for `config` and save it with its processors."""
    import torch
    from lerobot.policies.factory import get_policy_class, make_pre_post_processors

    torch.manual_seed(0)
    policy: Any = get_policy_class(config.type)(config)
    rng = np.random.default_rng(0)
    stats: dict[str, Any] = {
        key: {"mean": rng.normal(size=n), "std": rng.uniform(0.5, 1, n)}
        | {"min": -np.ones(n), "max": np.ones(n)}
        for key, n in (("observation.state", 8), ("action", 7))
    }
    for key in config.image_features:
        stats[key] = {"mean": np.full((3, 1, 1), 0.5), "std": np.full((3, 1, 1), 0.2)}
        stats[key] |= {"min": np.zeros((3, 1, 1)), "max": np.ones((3, 1, 1))}
    tensors = {
        k: {n: torch.tensor(v, dtype=torch.float32) for n, v in s.items()} for k, s in stats.items()
    }
    policy.save_pretrained(folder)
    for processor in make_pre_post_processors(config, dataset_stats=tensors):
        processor.save_pretrained(folder)
    return folder


def features(cameras: tuple[str, ...] = ("image", "image2"), size: int = SIZE) -> dict[str, Any]:
    """Input and output features of a LIBERO policy."""
    from lerobot.configs import FeatureType, PolicyFeature

    inputs = {"observation.state": PolicyFeature(FeatureType.STATE, (8,))}
    for name in cameras:
        inputs[f"observation.images.{name}"] = PolicyFeature(FeatureType.VISUAL, (3, size, size))
    outputs = {"action": PolicyFeature(FeatureType.ACTION, (7,))}
    return {"input_features": inputs, "output_features": outputs, "device": "cpu"}


@pytest.fixture(scope="session")
def make_act(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds an ACT policy: chunks of 8, of which 6 are executed, unless told otherwise."""

    def make(*, cameras: tuple[str, ...] = ("image", "image2"), **settings: Any) -> Path:
        from lerobot.policies.act.configuration_act import ACTConfig

        tiny: dict[str, Any] = dict(dim_model=32, n_heads=2, dim_feedforward=32, latent_dim=8)
        tiny |= dict(n_encoder_layers=1, n_decoder_layers=1, n_vae_encoder_layers=1)
        tiny |= dict(pretrained_backbone_weights=None, chunk_size=8, n_action_steps=6)
        config = ACTConfig(**features(cameras), **(tiny | settings))
        return save_policy(config, tmp_path_factory.mktemp("act"))

    return make


@pytest.fixture(scope="session")
def act(make_act: Callable[..., Path]) -> Path:
    """An ACT policy."""
    return make_act()


@pytest.fixture(scope="session")
def smolvla(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SmolVLA policy on a tiny SmolVLM: it draws noise and reads the instruction."""
    from lerobot.policies.smolvla.configuration_smolvla import SmolVLAConfig

    from spatune.agent.tiny_families import build_tiny

    vlm = build_tiny("smolvlm", tmp_path_factory.mktemp("vlm"), corpus=(INSTRUCTION,))
    config = SmolVLAConfig(
        **features(),
        vlm_model_name=str(vlm),
        load_vlm_weights=False,
        num_vlm_layers=0,
        chunk_size=8,
        n_action_steps=6,
        num_steps=2,
        max_state_dim=8,
        max_action_dim=8,
        resize_imgs_with_padding=(128, 128),
        self_attn_every_n_layers=2,
    )
    return save_policy(config, tmp_path_factory.mktemp("smolvla"))


@pytest.fixture(scope="session")
def vqbet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VQ-BeT policy: it reads the last three observations of one camera."""
    from lerobot.policies.vqbet.configuration_vqbet import VQBeTConfig

    config = VQBeTConfig(
        **features(("image",)),
        n_obs_steps=3,
        n_action_pred_token=3,
        action_chunk_size=4,
        crop_shape=(56, 56),
        pretrained_backbone_weights=None,
        gpt_n_layer=1,
        gpt_n_head=2,
        gpt_hidden_dim=32,
        gpt_input_dim=32,
        gpt_output_dim=32,
        gpt_block_size=64,
    )
    return save_policy(config, tmp_path_factory.mktemp("vqbet"))


def make_observation(step: int = 0, size: int = SIZE) -> dict[str, Any]:
    """A random observation in the form that `LiberoEnv` gives."""
    rng = np.random.default_rng(step)
    return {
        "observation.images.image": rng.integers(0, 256, (size, size, 3), dtype=np.uint8),
        "observation.images.image2": rng.integers(0, 256, (size, size, 3), dtype=np.uint8),
        "observation.state": rng.normal(size=8).astype(np.float32),
        "task": INSTRUCTION,
    }


@pytest.fixture(scope="session")
def observation() -> Callable[..., dict[str, Any]]:
    """`make_observation`: a random observation for every step number."""
    return make_observation


@pytest.fixture(scope="session")
def save() -> Callable[..., Path]:
    """Saves a policy of a type whose smallest settings are written here."""

    def make(kind: str, folder: Path) -> Path:
        assert kind == "diffusion"
        from lerobot.policies.diffusion.configuration_diffusion import DiffusionConfig

        config = DiffusionConfig(
            **features(),
            n_obs_steps=2,
            horizon=8,
            n_action_steps=4,
            crop_shape=None,
            pretrained_backbone_weights=None,
            down_dims=(16, 32, 64),
            diffusion_step_embed_dim=16,
            num_inference_steps=2,
        )
        return save_policy(config, folder)

    return make
