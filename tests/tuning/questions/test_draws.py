"""Draws that generators share: different items, and wrong numbers that are clearly wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.tuning.questions.draws import near_counts, numeric_distractors, pick
from spatune.tuning.questions.skill import Unsuitable

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(st.floats(0.5, 200), st.sampled_from([1, 2]), seeds)
def test_wrong_numbers_keep_apart_from_the_truth_and_from_each_other(
    truth: float, decimals: int, rng: np.random.Generator
) -> None:
    truth = round(truth, decimals)
    wrong = numeric_distractors(truth, rng, decimals=decimals)
    assert len(wrong) == 3
    values = [truth, *map(float, wrong)]
    for place, value in enumerate(values):
        assert all(abs(value - other) >= 0.2 * truth - 1e-9 for other in values[:place])


@given(st.integers(2, 500), seeds)
def test_wrong_numbers_lie_in_the_range_of_factors(truth: int, rng: np.random.Generator) -> None:
    for text in numeric_distractors(truth, rng, decimals=0):
        assert text == str(int(text)) and int(text) > 0
        assert 0.4 * truth - 0.5 <= int(text) <= 3.5 * truth + 0.5


def test_a_tenth_of_the_wrong_numbers_are_outliers() -> None:
    rng = np.random.default_rng(0)
    drawn = [float(x) for _ in range(2000) for x in numeric_distractors(10, rng, decimals=2)]
    outliers = np.array(drawn) > 24
    # More than 0.1 of those kept, for the crowded range near the truth is refused more often.
    assert 0.1 < outliers.mean() < 0.2
    assert not ((np.array(drawn) > 23.01) & (np.array(drawn) < 24.99)).any()


@pytest.mark.parametrize("truth", [0.0, -1.0])
def test_there_are_no_wrong_numbers_beside_nothing(truth: float) -> None:
    with pytest.raises(Unsuitable, match="zero"):
        numeric_distractors(truth, np.random.default_rng(0), decimals=1)


def test_a_truth_too_small_for_its_digits_is_unsuitable() -> None:
    with pytest.raises(Unsuitable, match="no room"):
        numeric_distractors(0.1, np.random.default_rng(0), decimals=1)


def test_near_counts_lie_within_three() -> None:
    assert near_counts(7) == [4, 5, 6, 8, 9, 10]
    assert near_counts(1) == [2, 3, 4]
    assert near_counts(1, least=0) == [0, 2, 3, 4]


@given(st.integers(0, 8), st.integers(0, 8), seeds)
def test_picked_items_are_different(total: int, count: int, rng: np.random.Generator) -> None:
    items = [f"item {number}" for number in range(total)]
    if count > total:
        with pytest.raises(Unsuitable, match="too few"):
            pick(items, count, rng)
    else:
        chosen = pick(items, count, rng)
        assert len(chosen) == len(set(chosen)) == count and set(chosen) <= set(items)


def test_every_item_is_picked_as_often_at_every_place() -> None:
    rng = np.random.default_rng(0)
    counts = np.zeros((2, 4))
    for _ in range(4000):
        for place, item in enumerate(pick(range(4), 2, rng)):
            counts[place, item] += 1
    assert np.abs(counts / 1000 - 1).max() < 0.12
