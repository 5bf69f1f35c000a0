"""Intervals cover the truth as often as they say: exactly where that can be summed, else drawn."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from spatune.evaluation import PairedCounts, clopper_pearson, mean_interval, wilson
from spatune.evaluation.suite_means import suite_interval

RATES = np.linspace(0.005, 0.995, 199)
EPISODES = (5, 10, 50, 200)


def coverage(interval, n: int, level: float = 0.95) -> np.ndarray:
    """Exact probability, at each of `RATES`, that the interval of k/n holds the rate."""
    k = np.arange(n + 1)
    low, high = np.array([interval(int(one), n, level) for one in k]).T
    held = (low <= RATES[:, None]) & (RATES[:, None] <= high)
    return (binom.pmf(k, n, RATES[:, None]) * held).sum(axis=1)


@pytest.mark.parametrize("n", EPISODES)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_clopper_pearson_never_covers_less(n: int, level: float) -> None:
    assert coverage(clopper_pearson, n, level).min() >= level


@pytest.mark.parametrize("n", EPISODES)
def test_wilson_covers_95_in_100_on_average_and_not_much_less_anywhere(n: int) -> None:
    found = coverage(wilson, n)
    assert found.mean() == pytest.approx(0.953, abs=0.008)
    # Known dips close to 0 and 1 (Brown, Cai and DasGupta 2001).
    assert found.min() >= 0.83


@pytest.mark.parametrize(("name", "interval"), [("wilson", wilson), ("exact", clopper_pearson)])
def test_coverage_is_that_of_scipys_intervals(name: str, interval) -> None:
    def scipys(k: int, n: int, level: float) -> tuple[float, float]:
        low, high = binomtest(k, n).proportion_ci(level, method=name)
        return low, high

    assert coverage(interval, 20) == pytest.approx(coverage(scipys, 20), abs=1e-9)


@pytest.mark.parametrize("episodes", [10, 30])
@pytest.mark.parametrize(("lost", "gained"), [(0.02, 0.02), (0.1, 0.05), (0.05, 0.3), (0.4, 0.4)])
def test_paired_difference_covers(episodes: int, lost: float, gained: float) -> None:
    @cache
    def held(b: int, c: int) -> bool:
        low, high = PairedCounts(episodes - b - c, b, c, 0).interval()
        return low <= gained - lost <= high

    # Exact: the interval depends on the two discordant counts alone, which are multinomial.
    found = 0.0
    for b in range(episodes + 1):
        for c in range(episodes + 1 - b):
            if held(b, c):
                chance = binom.pmf(b, episodes, lost)
                found += chance * binom.pmf(c, episodes - b, gained / (1 - lost))
    assert found >= 0.93


def suite_coverage(interval, rate: float, episodes: int, runs: int) -> float:
    """How often a suite's interval holds the mean of ten tasks around `rate`, drawn."""
    rng = np.random.default_rng(0)
    # Tasks differ: from nearly 0 or up to nearly 1, around the mean.
    rates = rate + np.linspace(-0.9, 0.9, 10) * min(rate, 1 - rate)
    covered = 0
    for _ in range(runs):
        outcomes = (rng.random((10, episodes)) < rates[:, None]).astype(float)
        low, high = interval(outcomes.tolist())
        covered += low <= rate <= high
    return covered / runs


def of_suite(tasks: list[list[float]]) -> tuple[float, float]:
    found = suite_interval(tasks, resamples=1000)
    assert found is not None
    return found


def resampled_alone(tasks: list[list[float]]) -> tuple[float, float]:
    strata = [index for index, task in enumerate(tasks) for _ in task]
    found = mean_interval([value for task in tasks for value in task], strata, resamples=1000)
    assert found is not None
    return found


@pytest.mark.parametrize(("rate", "episodes"), [(0.5, 10), (0.9, 5), (0.9, 1)])
def test_suite_mean_covers(rate: float, episodes: int) -> None:
    assert suite_coverage(of_suite, rate, episodes, 300) >= 0.93


def test_close_to_1_a_suite_mean_covers_more_often_than_resampling_alone() -> None:
    rates = (0.94, 0.95, 0.96, 0.97, 0.98)
    ours = [suite_coverage(of_suite, rate, 5, 100) for rate in rates]
    alone = [suite_coverage(resampled_alone, rate, 5, 100) for rate in rates]
    assert np.mean(ours) >= 0.88
    assert np.mean(alone) <= np.mean(ours) - 0.08
