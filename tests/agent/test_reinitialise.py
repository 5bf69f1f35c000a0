"""`reinitialise`: the same tokenizer and shape, and nothing of what was learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spatune.agent import SpatialVLM
from spatune.agent.reinitialise import reinitialise
from spatune.agent.sources import vision_tower
from spatune.errors import SpatuneError


@pytest.mark.parametrize("architecture", ["fastvlm", "qwen3_vl"])
def test_weights_are_new_and_the_rest_is_kept(
    checkpoint: Callable[[str], Path], tmp_path: Path, picture, architecture: str
) -> None:
    folder = checkpoint(architecture)
    given = SpatialVLM.from_pretrained(folder)
    fresh = SpatialVLM.from_pretrained(reinitialise(folder, tmp_path / "a", seed=3))
    old, new = given.model.state_dict(), fresh.model.state_dict()
    assert old.keys() == new.keys()
    drawn = [name for name, value in old.items() if value.ndim > 1]
    assert not any(torch.equal(old[name], new[name]) for name in drawn)
    assert given.processor.tokenizer.get_vocab() == fresh.processor.tokenizer.get_vocab()
    image = picture()
    features = fresh.encode([[image]], ["pick up the mug"])
    assert 0.1 < features.tokens[features.mask].std() < 10, "the signal neither vanishes nor bursts"
    again = SpatialVLM.from_pretrained(reinitialise(folder, tmp_path / "b", seed=3)).model
    assert all(torch.equal(new[name], value) for name, value in again.state_dict().items())
    other = SpatialVLM.from_pretrained(reinitialise(folder, tmp_path / "c", seed=4)).model
    assert not any(torch.equal(new[name], other.state_dict()[name]) for name in drawn)


def test_the_vision_tower_can_stay(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    folder = checkpoint("fastvlm")
    out = reinitialise(folder, tmp_path / "out", seed=5, vision="keep")
    kept = SpatialVLM.from_pretrained(out).model
    given = SpatialVLM.from_pretrained(folder).model
    tower = vision_tower(kept).state_dict()
    assert all(torch.equal(tower[k], v) for k, v in vision_tower(given).state_dict().items())
    names = [name for name in kept.state_dict() if "projector" in name and "weight" in name]
    assert names and not any(
        torch.equal(kept.state_dict()[name], given.state_dict()[name]) for name in names
    )


def test_what_cannot_be_done_is_said(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="exists already"):
        reinitialise(checkpoint("fastvlm"), tmp_path)
    with pytest.raises(SpatuneError, match="no EfficientNet-Lite0"):
        reinitialise(checkpoint("qwen3_vl"), tmp_path / "out", vision="imagenet")
