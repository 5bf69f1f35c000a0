"""The interval of a mean: scipy's where both apply, right in small strata, and it covers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from spatune.evaluation.bootstrap import mean_interval

values = st.lists(st.floats(-100, 100), min_size=2, max_size=30)


def interval(values, strata, **arguments) -> tuple[float, float]:
    found = mean_interval(list(values), list(strata), **arguments)
    assert found is not None
    return found


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_is_scipys_bootstrap_of_several_samples(level: float) -> None:
    rng = np.random.default_rng(1)
    groups = [rng.beta(2, 5, 60), rng.beta(5, 2, 80), rng.normal(3, 0.5, 40)]
    total = sum(map(len, groups))

    def mean(*samples: np.ndarray, axis: int = -1) -> np.ndarray:
        return sum((sample.sum(axis=axis) for sample in samples), np.zeros(())) / total

    theirs = stats.bootstrap(
        groups, mean, confidence_level=level, n_resamples=10_000, method="percentile", rng=2
    ).confidence_interval
    strata = [index for index, group in enumerate(groups) for _ in group]
    low, high = interval(np.concatenate(groups), strata, confidence=level)
    # Monte-Carlo noise, and n - 1 draws of n, are both below 4 % of the width at these sizes.
    width = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=0.04 * width)
    assert high == pytest.approx(theirs.high, abs=0.04 * width)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_spread_is_that_of_the_stratified_mean_however_small_the_strata(size: int) -> None:
    rng = np.random.default_rng(size)
    groups = rng.normal(rng.normal(0, 5, (40, 1)), 1, (40, size))
    low, high = interval(groups.ravel(), np.repeat(np.arange(40), size))
    # Cochran 1977, section 5.4: sum of w_h^2 s_h^2 / n_h with equal weights.
    error = np.sqrt((groups.var(axis=1, ddof=1) / size).sum()) / 40
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.05)


def test_strata_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    groups = rng.normal(np.arange(5)[:, None], 0.1, (5, 10))
    low, high = interval(groups.ravel(), np.repeat(np.arange(5), 10))
    whole = interval(groups.ravel(), [0] * 50)
    assert high - low < 0.2 * (whole[1] - whole[0])


def test_strata_of_one_value_are_pooled_and_not_taken_as_certain() -> None:
    drawn = np.random.default_rng(0).normal(size=30)
    assert interval(drawn, range(30)) == interval(drawn, [0] * 30)
    low, high = interval([0.0, 1.0, 9.0], ["a", "a", "b"])
    assert (low, high) == interval([0.0, 1.0, 9.0], ["a", "a", "a"])
    assert low < high


@given(values, st.data())
def test_order_and_names_of_strata_do_not_matter(drawn: list[float], data: st.DataObject) -> None:
    strata = data.draw(st.lists(st.integers(0, 4), min_size=len(drawn), max_size=len(drawn)))
    order = data.draw(st.permutations(range(len(drawn))))
    found = interval(drawn, strata, resamples=50)
    renamed = [f"house {4 - strata[i]}" for i in order]
    assert interval([drawn[i] for i in order], renamed, resamples=50) == found
    assert min(drawn) - 1e-9 <= found[0] <= found[1] <= max(drawn) + 1e-9


def test_blocks_of_draws_add_up() -> None:
    # 600 values x 10,000 resamples are drawn in several blocks.
    drawn = np.random.default_rng(0).normal(size=600)
    low, high = interval(drawn, [0] * 600)
    error = drawn.std(ddof=1) / np.sqrt(600)
    assert (low, high) == pytest.approx(
        (drawn.mean() - 1.96 * error, drawn.mean() + 1.96 * error), abs=0.1 * error
    )


def test_too_few_values_have_no_interval() -> None:
    assert mean_interval([], []) is None
    assert mean_interval([1.0], ["a"]) is None
    assert mean_interval([1.0, 1.0], ["a", "b"]) == (1.0, 1.0)


@pytest.mark.parametrize(("houses", "episodes"), [(1, 40), (10, 3), (20, 2)])
def test_covers_the_truth_about_95_times_in_100(houses: int, episodes: int) -> None:
    rng = np.random.default_rng(houses)
    # A house's SPL is 0 for a failure, else a number below 1; its true mean is known.
    rates = rng.uniform(0.3, 0.9, houses)
    truth = rates.mean() * 0.75
    strata = np.repeat(np.arange(houses), episodes).tolist()
    covered = 0
    for _ in range(500):
        solved = rng.random((houses, episodes)) < rates[:, None]
        drawn = (solved * rng.uniform(0.5, 1.0, solved.shape)).ravel()
        low, high = interval(drawn, strata, resamples=1000)
        covered += low <= truth <= high
    assert 0.91 <= covered / 500 <= 0.98
