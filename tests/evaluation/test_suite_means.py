"""The mean over tasks: each weighs the same; its interval is honest where nothing failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spatune.evaluation import EpisodeRecord, SuiteMean, mean_interval, summarise, wilson
from spatune.evaluation.suite_means import suite_interval

SUITES = st.lists(st.lists(st.booleans(), min_size=2, max_size=12), min_size=1, max_size=6)


def test_every_task_weighs_the_same() -> None:
    mean = SuiteMean.of("libero_object", {0: [True] * 8, 1: [False, False], 2: [True, False]})
    assert mean.mean == pytest.approx(0.5)
    assert (mean.tasks, mean.planned_tasks) == (3, 3)
    assert mean.text.startswith("libero_object, mean over 3 tasks: 50.0 % [")


def test_tasks_without_an_episode_are_said() -> None:
    mean = SuiteMean.of("s", {0: [True, False], 1: []})
    assert (mean.mean, mean.tasks, mean.planned_tasks) == (0.5, 1, 2)
    assert "mean over 1 of 2 tasks" in mean.text
    nothing = SuiteMean.of("s", {0: [], 1: []})
    assert nothing.mean is None and nothing.interval is None
    assert nothing.to_json()["bootstrap95"] is None
    assert nothing.text == "s: no task has a finished episode"


@given(SUITES)
@example([[False, True, True, True], [False, True, True, True], [True] * 7])
def test_interval_is_within_0_and_1_and_holds_the_mean(tasks: list[list[bool]]) -> None:
    outcomes = [[float(success) for success in task] for task in tasks]
    interval = suite_interval(outcomes, resamples=400)
    assert interval is not None
    low, high = interval
    assert 0 <= low < high <= 1
    # Between tasks of very unequal size the added episodes can pull it away.
    if len({len(task) for task in tasks}) == 1:
        mean = np.mean([np.mean(task) for task in outcomes])
        assert low - 0.02 <= mean <= high + 0.02


def test_interval_of_failures_is_that_of_successes_mirrored() -> None:
    outcomes = (np.random.default_rng(0).random((10, 20)) < 0.9).astype(float)
    one, other = suite_interval(outcomes.tolist()), suite_interval((1 - outcomes).tolist())
    assert one is not None and other is not None
    assert other == pytest.approx((1 - one[1], 1 - one[0]), abs=0.01)


@pytest.mark.parametrize(("tasks", "episodes"), [(10, 5), (10, 50), (3, 4)])
def test_a_suite_without_a_failure_is_not_certain(tasks: int, episodes: int) -> None:
    mean = SuiteMean.of("s", {task: [True] * episodes for task in range(tasks)})
    assert mean.interval is not None
    low, high = mean.interval
    assert high == 1.0
    # As wide as Wilson's interval of k/n, which the bootstrap alone would make a point.
    assert 1 - low == pytest.approx(1 - wilson(tasks * episodes, tasks * episodes)[0], rel=0.25)


def test_is_the_stratified_bootstrap_when_episodes_are_many() -> None:
    rng = np.random.default_rng(0)
    outcomes = (rng.random((10, 200)) < np.linspace(0.3, 0.9, 10)[:, None]).astype(float)
    found = suite_interval(outcomes.tolist())
    plain = mean_interval(outcomes.ravel().tolist(), np.repeat(np.arange(10), 200).tolist())
    assert found is not None and found == pytest.approx(plain, abs=0.003)


def test_unequal_tasks_have_the_spread_of_an_equally_weighted_mean() -> None:
    rng = np.random.default_rng(1)
    tasks = [(rng.random(size) < 0.5).astype(float).tolist() for size in (20, 400, 400, 400)]
    interval = suite_interval(tasks)
    assert interval is not None
    error = np.sqrt(sum(np.var(task, ddof=1) / len(task) for task in tasks)) / 4
    assert (interval[1] - interval[0]) / 2 == pytest.approx(1.96 * error, rel=0.08)


def test_one_task_with_a_single_episode_among_others_has_no_interval() -> None:
    assert suite_interval([[1.0], [0.0, 1.0]]) is None
    assert suite_interval([[1.0]]) is None
    assert suite_interval([]) is None
    # One episode a task: the tasks together are one stratum.
    assert suite_interval([[1.0], [0.0], [1.0]]) is not None


def test_summary_has_a_mean_a_suite_without_errors(episode: Callable[..., EpisodeRecord]) -> None:
    records = [episode(0, 0, 90), episode(0, 1, None), episode(1, 0, 110)]
    goal = episode(0, 0, 90, suite="libero_goal")
    error = replace(episode(1, 1, None), success=None, error="RuntimeError")
    held = [*records, goal, error]
    first, second = summarise(held, [one.key for one in held]).suites
    assert (first.suite, first.tasks, first.mean) == ("libero_goal", 1, 1.0)
    assert (second.suite, second.tasks, second.mean) == ("libero_object", 2, 0.75)
    data = summarise(records, [one.key for one in records]).to_json()
    assert data["suites"][0]["mean"] == 0.75
