"""An untrained policy for LIBERO, made of the real parts at their smallest size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

IMAGE_SIZE = 64


@pytest.fixture(scope="session")
def untrained_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy folder as training would leave it, with random weights."""
    import torch
    from lerobot.configs import FeatureType, PolicyFeature

    from spatune.agent.tiny import build_fastvlm
    from spatune.bench_libero.environment import LiberoView
    from spatune.policies.configuration_spatune import SpatuneConfig
    from spatune.policies.features import EMBEDDED_SOURCES, probe_feature_specs
    from spatune.policies.modeling_spatune import SpatunePolicy
    from spatune.policies.normalisation import ACTION, STATE, Statistics
    from spatune.policies.preparation import policy_spec
    from spatune.policies.vlm_features import VlmFeatures

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("untrained")
    vlm = build_fastvlm(
        root / "vlm",
        hidden_size=32,
        layers=1,
        image_size=IMAGE_SIZE,
        corpus=("pick up the alphabet soup and place it in the basket",),
        vocab_size=300,
        location_bins=4,
        pretrained_backbone=False,
    )
    config = SpatuneConfig(vlm=str(vlm), width=16, hidden=32, device="cpu")
    encoder = VlmFeatures(config)
    config.features = list(probe_feature_specs(encoder.vlm, EMBEDDED_SOURCES, 2, IMAGE_SIZE))
    config.features_vlm = encoder.identity
    config.input_features = {STATE: PolicyFeature(FeatureType.STATE, (8,))}
    config.output_features = {ACTION: PolicyFeature(FeatureType.ACTION, (7,))}
    statistics = Statistics(
        {
            STATE: {"mean": (0.0,) * 8, "std": (1.0,) * 8},
            ACTION: {"q01": (-1.0,) * 7, "q99": (1.0,) * 7},
        }
    )
    spec = policy_spec(config, LiberoView(IMAGE_SIZE, state_frame="base").env_spec(), statistics)
    policy = SpatunePolicy(config, conventions=(spec, statistics), vlm=encoder.vlm)
    policy.save_pretrained(root / "policy")
    return root / "policy"
