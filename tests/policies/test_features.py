"""Features are pooled as their specification says, in one forward pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from spatune.agent.features import Grid, SpatialFeatures
from spatune.agent.vlm import SpatialVLM
from spatune.errors import SpatuneError
from spatune.policies.features import (
    EMBEDDED_SOURCES,
    FeatureSpec,
    extract_features,
    parse_sources,
    pool_features,
    probe_feature_specs,
)

SIZE = 64


@pytest.fixture(scope="module")
def vlm(vlm_folder: Path) -> SpatialVLM:
    return SpatialVLM.from_pretrained(vlm_folder)


@pytest.fixture(scope="module")
def images() -> list[list[np.ndarray]]:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 2, SIZE, SIZE, 3), dtype=np.uint8)
    return [list(sample) for sample in pixels]


TEXTS = ["pick up the mug", "push", "put the plate to the left of the mug"]


def test_probe_finds_the_shapes_of_the_embedded_sources(vlm: SpatialVLM) -> None:
    specs = {spec.name: spec for spec in probe_feature_specs(vlm, EMBEDDED_SOURCES, 2, SIZE)}
    assert specs["fine"].shape == (2, 40, 8, 8)
    assert specs["coarse"].shape == (2, 112, 4, 4)
    assert specs["text"].shape == (32,)


def test_extracted_tensors_match_their_specification(vlm: SpatialVLM, images) -> None:
    specs = probe_feature_specs(vlm, EMBEDDED_SOURCES, 2, SIZE)
    features = extract_features(vlm, images, TEXTS, specs)
    for spec in specs:
        assert features[spec.name].shape == (3, *spec.shape)
        assert features[spec.name].dtype == torch.float32
        assert not features[spec.name].requires_grad
    encoded = vlm.encode(images, TEXTS, specs[0].source)
    torch.testing.assert_close(features["fine"][:, 1], encoded.camera_map(1))


def test_one_forward_serves_every_feature(vlm: SpatialVLM, images) -> None:
    calls = []
    handle = vlm.model.base_model.register_forward_hook(lambda *_: calls.append(1))
    specs = probe_feature_specs(vlm, EMBEDDED_SOURCES, 2, SIZE)
    calls.clear()
    extract_features(vlm, images, TEXTS, specs)
    handle.remove()
    assert len(calls) == 1


def test_gradients_reach_the_vlm_only_when_asked_for(vlm: SpatialVLM, images) -> None:
    specs = probe_feature_specs(vlm, EMBEDDED_SOURCES, 2, SIZE)
    features = extract_features(vlm, images, TEXTS, specs, gradients=True)
    torch.stack([tensor.square().mean() for tensor in features.values()]).sum().backward()
    touched = [p for p in vlm.model.parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert len(touched) > 50
    vlm.model.zero_grad()


def test_last_and_mean_ignore_padding() -> None:
    tokens = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[True, True, False], [True, True, True]])
    features = SpatialFeatures(tokens, mask, ())
    assert pool_features(features, "last").tolist() == [[2.0, 3.0], [10.0, 11.0]]
    assert pool_features(features, "mean").tolist() == [[1.0, 2.0], [8.0, 9.0]]


def test_grid_keeps_rows_and_columns() -> None:
    tokens = torch.arange(13.0).reshape(1, 13, 1)
    mask = torch.ones(1, 13, dtype=torch.bool)
    grids = (Grid(0, 0, 2, 3), Grid(1, 7, 2, 3))
    pooled = pool_features(SpatialFeatures(tokens, mask, grids), "grid")
    assert pooled.shape == (1, 2, 1, 2, 3)
    assert pooled[0, 1, 0].tolist() == [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]
    with pytest.raises(SpatuneError, match="grids differ in size"):
        unequal = (Grid(0, 0, 2, 3), Grid(1, 6, 1, 3))
        pool_features(SpatialFeatures(tokens, mask, unequal), "grid")


def test_other_image_size_is_one_clear_error(vlm: SpatialVLM, images) -> None:
    spec = FeatureSpec("fine", EMBEDDED_SOURCES["fine"].partition(":")[0], "grid", (2, 40, 16, 16))
    with pytest.raises(SpatuneError, match=r"\(2, 40, 8, 8\).*\(2, 40, 16, 16\)"):
        extract_features(vlm, images, TEXTS, [spec])


@pytest.mark.parametrize("text", ["language.-1", "language.-1:max", ":last", ""])
def test_badly_written_source_is_one_clear_error(text: str) -> None:
    with pytest.raises(SpatuneError, match="write it as 'source:pool'"):
        parse_sources({"text": text})


def test_specification_survives_json() -> None:
    spec = FeatureSpec("fine", "vision.blocks.2", "grid", (2, 40, 16, 16))
    assert FeatureSpec.from_json(spec.to_json()) == spec
    with pytest.raises(SpatuneError, match="does not fit pool"):
        FeatureSpec("fine", "vision.blocks.2", "grid", (40,))
