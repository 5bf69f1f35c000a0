"""The discrete head draws as its logits say, with the noise as its only chance."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spatune.errors import SpatuneError
from spatune.policies import FeatureSpec
from spatune.policies.heads import DiscreteHead
from spatune.policies.network import NetworkConfig
from spatune.policies.trunk import SpatialTrunk, TrunkOutput

SAMPLES, CLASSES = 200, 4
CONFIG = NetworkConfig.tiny((FeatureSpec("fine", "vision.x", "grid", (1, 8, 4, 4)),)).trunk


def make_head(**settings: Any) -> tuple[DiscreteHead, TrunkOutput]:
    """A head with clear preferences, and trunk outputs of random samples."""
    torch.manual_seed(0)
    trunk, head = SpatialTrunk(CONFIG).eval(), DiscreteHead(CONFIG, 1, CLASSES, **settings).eval()
    with torch.no_grad():
        for parameter in head.layers[-1].parameters():
            parameter.mul_(8.0)
        context = trunk({"fine": torch.randn(SAMPLES, 1, 8, 4, 4)}, torch.randn(SAMPLES, 8))
    return head, context


def draw(head: DiscreteHead, context: TrunkOutput, seed: int) -> Tensor:
    """(SAMPLES,) classes."""
    noise = torch.randn(SAMPLES, 1, 1, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return head.predict(context, noise)[:, 0, 0]


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_drawn_actions_follow_the_softmax(temperature: float) -> None:
    head, context = make_head(temperature=temperature)
    with torch.no_grad():
        shares = (head.logits(context) / temperature).softmax(-1)[:, 0]
    draws = torch.stack([draw(head, context, seed) for seed in range(200)], dim=1)
    counts = torch.stack([(draws == c).float().mean(1) for c in range(CLASSES)], dim=1)
    # 40,000 draws in all: the mean share is known to 0.0025, that of one sample to 0.035.
    torch.testing.assert_close(counts.mean(0), shares.mean(0), atol=0.01, rtol=0)
    assert (counts - shares).abs().mean() < 0.03


def test_the_given_noise_is_the_only_randomness() -> None:
    head, context = make_head()
    torch.manual_seed(1)
    first = draw(head, context, 0)
    torch.manual_seed(2)
    assert torch.equal(first, draw(head, context, 0))
    assert not torch.equal(first, draw(head, context, 1))


def test_temperature_zero_takes_the_largest_whatever_the_noise() -> None:
    head, context = make_head(temperature=0.0)
    best = head.logits(context).argmax(-1)[:, 0]
    for seed in range(3):
        assert torch.equal(draw(head, context, seed), best.float())


@given(value=st.floats(width=32, allow_nan=False))
def test_every_noise_gives_a_class(value: float) -> None:
    head, context = make_head()
    with torch.no_grad():
        drawn = head.predict(context, torch.full((SAMPLES, 1, 1), value))
    assert drawn.shape == (SAMPLES, 1, 1)
    assert set(drawn.unique().tolist()) <= set(map(float, range(CLASSES)))


def test_loss_is_the_weighted_cross_entropy_of_valid_steps() -> None:
    weights = [1.0, 2.0, 0.5, 1.0]
    head, context = make_head(class_weights=weights, label_smoothing=0.0)
    labels = torch.randint(CLASSES, (SAMPLES,))
    valid = (torch.rand(SAMPLES, 1) > 0.3).float()
    with torch.no_grad():
        loss, parts = head.loss(context, labels[:, None, None].float(), valid, torch.ones(1))
        logits = head.logits(context)[:, 0]
        kept = valid[:, 0].bool()
        expected = torch.nn.functional.cross_entropy(
            logits[kept], labels[kept], torch.tensor(weights)
        )
    torch.testing.assert_close(loss, expected)
    accuracy = (logits[kept].argmax(-1) == labels[kept]).float().mean()
    torch.testing.assert_close(parts["accuracy"], accuracy)


def test_bad_classes_are_refused() -> None:
    for classes, weights in ((1, ()), (4, (1.0, 2.0))):
        with pytest.raises(SpatuneError, match="one number a class"):
            DiscreteHead(CONFIG, 1, classes, class_weights=weights)
