"""Augmented images and their labels: a label stays on what it named."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spatune.policies.augmentation import COLOUR, LEAST_AREA, Augmentation


@given(
    seed=st.integers(0, 2**31),
    column=st.floats(0.3, 0.7),
    row=st.floats(0.3, 0.7),
)
def test_labels_move_with_pixels(seed: int, column: float, row: float) -> None:
    size = 96
    centres = (torch.arange(size) + 0.5) / size
    distance = (centres[None, :] - column) ** 2 + (centres[:, None] - row) ** 2
    image = torch.exp(-distance / (2 * 0.04**2)).expand(2, 3, size, size)
    torch.manual_seed(seed)
    changes = Augmentation.draw(2)
    changes = Augmentation(changes.side, changes.corner, torch.ones(2, 3))
    bright = changes.images(image)[:, 0]
    mass = bright.sum((1, 2))
    found = torch.stack(
        [(bright.sum(1) * centres).sum(1) / mass, (bright.sum(2) * centres).sum(1) / mass], 1
    )
    label = torch.tensor([column, row, 0.9]).expand(2, 1, 1, 3)
    moved = changes.pixels(label)
    inside = ((moved[:, 0, 0, :2] - 0.5).abs() < 0.33).all(1)
    assert torch.allclose(moved[inside, 0, 0, :2], found[inside], atol=0.01)
    assert torch.equal(moved[..., 2], label[..., 2])


def test_crops_are_within_their_range_and_never_a_flip() -> None:
    torch.manual_seed(0)
    changes = Augmentation.draw(2000)
    area = changes.side**2
    assert area.min() >= LEAST_AREA - 1e-6 and area.max() <= 1
    assert 0.88 < area.mean() < 0.92
    assert changes.corner.min() >= 0 and (changes.corner + changes.side[:, None]).max() <= 1 + 1e-6
    assert (changes.colour - 1).abs().max() <= COLOUR
    ramp = torch.linspace(0, 1, 32).expand(2000, 3, 32, 32)
    seen = changes.images(ramp)
    assert (seen[:, 0, 16, 31] > seen[:, 0, 16, 0]).all()


def test_cameras_of_a_sample_change_alike_and_samples_do_not() -> None:
    torch.manual_seed(0)
    changes = Augmentation.draw(2)
    image = torch.rand(1, 3, 32, 32).expand(2, 3, 32, 32)
    first, second = changes.images(image), changes.images(image)
    assert torch.equal(first, second) and not torch.allclose(first[0], first[1], atol=0.02)


def test_the_whole_image_in_its_own_colours_stays() -> None:
    still = Augmentation(torch.ones(2), torch.zeros(2, 2), torch.ones(2, 3))
    pixels = torch.randint(0, 256, (2, 3, 16, 24), dtype=torch.uint8)
    torch.testing.assert_close(still.images(pixels), pixels.float() / 255, atol=1e-5, rtol=0)
    labels = torch.rand(2, 2, 2, 3)
    assert torch.equal(still.pixels(labels), labels)


def test_the_seed_decides() -> None:
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(Augmentation.draw(4).corner)
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
    assert draws[0].mean() == pytest.approx(0.05, abs=0.05)
