"""Totals: intervals of categories, and intervals that draw whole scenes."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.bench_spatial import Sample, Scored
from spatune.bench_spatial.benchmark import mean_score
from spatune.bench_spatial.benchmarks.vsi_bench import VSIBench
from spatune.bench_spatial.totals import Totals, scene_intervals
from spatune.evaluation import wilson

BENCH = VSIBench()


def one(index: int, scene: str, score: float | None, category: str = "route_planning") -> Scored:
    options, form = (("x", "y", "z"), "choice")
    if category == "object_counting":
        options, form = ((), "number")
    sample = Sample(str(index), "vsi-bench", category, scene, "?", options, "A", form)
    return Scored(sample, "A", score)


def totals(parts: list[Scored]) -> Totals:
    return Totals.of(BENCH, BENCH.variant(), parts, frozenset({"0"}))


def test_choices_have_wilson_and_numbers_a_bootstrap_interval() -> None:
    parts = [one(i, f"s{i}", float(i < 7)) for i in range(10)]
    parts += [one(20 + i, f"s{i}", i / 10, "object_counting") for i in range(10)]
    number, choice = totals(parts).categories
    assert (choice.right, choice.samples, choice.interval) == (7, 10, wilson(7, 10))
    assert choice.chance == pytest.approx(1 / 3) and choice.unparsable == 1
    assert number.right is None and number.chance is None
    assert number.interval is not None and number.mean == pytest.approx(0.45)
    low, high = number.interval
    # Standard error of the mean: 0.303 / sqrt(10) = 0.096.
    assert (low, high) == pytest.approx((0.45 - 1.96 * 0.096, 0.45 + 1.96 * 0.096), abs=0.02)


def test_scene_interval_is_that_of_the_scene_means_when_scenes_agree_within() -> None:
    rng = np.random.default_rng(0)
    values = rng.random(40)
    parts = [one(10 * s + i, f"s{s}", float(v)) for s, v in enumerate(values) for i in range(10)]
    interval = scene_intervals(parts, lambda part: {"mean": mean_score(part)}, 1000)["mean"]
    assert interval is not None
    half = 1.96 * values.std(ddof=1) / np.sqrt(40)
    assert (interval[1] - interval[0]) / 2 == pytest.approx(half, rel=0.1)
    # Ten times as many independent samples would claim an interval three times too narrow.
    alone = [one(i, "", part.score) for i, part in enumerate(parts)]
    single = scene_intervals(alone, lambda part: {"mean": mean_score(part)}, 1000)["mean"]
    assert single is not None
    assert (single[1] - single[0]) / 2 == pytest.approx(half / np.sqrt(10), rel=0.1)


def test_intervals_do_not_depend_on_the_order_of_samples() -> None:
    parts = [one(i, f"s{i % 5}", float(i % 3 == 0)) for i in range(30)]
    assert totals(parts) == totals(parts[::-1])


def test_too_few_for_an_interval_is_said_and_not_guessed() -> None:
    alone = totals([one(0, "s", 1.0)])
    assert alone.intervals == {"overall": None, "object_rel_direction": None, "mean": None}
    assert alone.categories[0].scene_interval is None
    nothing = totals([])
    assert nothing.numbers["overall"] is None and nothing.samples == 0


def test_samples_without_scores_of_their_own_have_no_mean() -> None:
    (category,) = totals([one(0, "s", None), one(1, "t", None)]).categories
    assert category.mean is None and category.right is None and category.interval is None
