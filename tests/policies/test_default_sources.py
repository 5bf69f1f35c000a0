"""Features without `--sources`: two grids and the text, of any family; and a policy on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lerobot.datasets import LeRobotDatasetMetadata

from spatune.agent import SpatialVLM, build_tiny
from spatune.errors import SpatuneError
from spatune.policies import FeaturesConfig, FrameColumns, SpatuneConfig, SpatunePolicy
from spatune.policies.default_sources import default_sources
from spatune.policies.features import EMBEDDED_SOURCES
from spatune.policies.features_dataset import build_features

QWEN = {"fine": "vision.blocks.0:grid", "coarse": "vision.merger:grid", "text": "language.-1:last"}
EXPECTED = {
    "qwen3_vl": (QWEN, (8, 8), (4, 4)),
    "qwen2_5_vl": (QWEN, (8, 8), (4, 4)),
    "internvl": (
        QWEN | {"fine": "vision.encoder.layer.0:grid", "coarse": "vision.encoder.layer.1:grid"},
        (8, 8),
        (8, 8),
    ),
}


@pytest.mark.parametrize("architecture", list(EXPECTED))
def test_a_policy_trains_on_the_default_features_of_a_family(
    image_dataset: Path, tmp_path: Path, architecture: str
) -> None:
    folder = build_tiny(architecture, tmp_path / "vlm", corpus=["pick up the mug"])
    sources, fine, coarse = EXPECTED[architecture]
    assert default_sources(SpatialVLM.from_pretrained(folder)) == sources
    out = build_features(FeaturesConfig(image_dataset, str(folder), tmp_path / "out"))
    manifest = FrameColumns.open(out).manifest
    assert manifest is not None
    shapes = {spec.name: spec.shape for spec in manifest.features}
    assert (shapes["fine"][2:], shapes["coarse"][2:]) == (fine, coarse)
    meta = LeRobotDatasetMetadata("local/tiny", root=out)
    config = SpatuneConfig(
        device="cpu", use_cached_features=True, chunk_source="column", width=16, hidden=16
    )
    policy = SpatunePolicy(config, meta.stats, meta).train()
    index = torch.arange(4)
    loss, _ = policy.forward({"index": index, "observation.state": torch.randn(4, 4)})
    loss.backward()
    assert torch.isfinite(loss)


def test_the_embedded_family_keeps_its_sources(
    vlm_folder: Path, image_dataset: Path, build: Callable[..., Path]
) -> None:
    vlm = SpatialVLM.from_pretrained(vlm_folder)
    assert default_sources(vlm) == EMBEDDED_SOURCES
    tower: Any = vlm.model.get_encoder(modality="image")
    del tower.timm_model.blocks
    with pytest.raises(SpatuneError, match="no features are known by default"):
        default_sources(vlm)
