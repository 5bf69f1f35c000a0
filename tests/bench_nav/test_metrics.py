"""Metrics of navigation: AI2-THOR's own SPL, the edge cases, and what must hold for any episode."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.bench_nav.metrics import (
    WHY_MISSING,
    episode_metrics,
    path_length,
    sel,
    soft_spl,
    spl,
)

lengths = st.floats(0, 1e3)
positive = st.floats(1e-3, 1e3)
unknown = st.sampled_from([None, -1.0, math.inf, math.nan])


def thor_points(points: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip("xyz", map(float, point), strict=True)) for point in points]


def test_spl_is_ai2thors_on_random_episodes() -> None:
    thor = pytest.importorskip("ai2thor.util.metrics", reason="pip install 'spatune[unity]'")
    rng = np.random.default_rng(0)
    for _ in range(1000):
        # One corner is a path of length 0, so the edge cases take part.
        path, shortest = (rng.uniform(-5, 5, (rng.integers(1, 9), 3)) for _ in range(2))
        success = bool(rng.integers(2))
        expected = thor.compute_single_spl(thor_points(path), thor_points(shortest), success)
        found = spl(success, path_length(shortest), path_length(path))
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("travelled", [0.0, 0.25])
@pytest.mark.parametrize("success", [True, False])
def test_spl_is_ai2thors_where_the_goal_is_the_start(success: bool, travelled: float) -> None:
    thor = pytest.importorskip("ai2thor.util.metrics", reason="pip install 'spatune[unity]'")
    start, end = np.zeros(3), np.array([travelled, 0, 0])
    expected = thor.compute_single_spl(
        thor_points(np.array([start, end])), thor_points(np.array([start])), success
    )
    assert spl(success, 0.0, travelled) == expected == float(success and travelled == 0)


@pytest.mark.parametrize("metric", [spl, sel])
def test_success_weighted_by_hand(metric) -> None:
    assert metric(True, 4, 5) == 0.8
    assert metric(True, 4, 3) == 1.0
    assert metric(False, 4, 5) == 0.0


@pytest.mark.parametrize("metric", [spl, sel])
@given(unknown, lengths)
def test_an_unknown_optimum_is_no_number_unless_the_episode_failed(
    metric, optimal: float | None, spent: float
) -> None:
    assert metric(True, optimal, spent) is None
    assert metric(False, optimal, spent) == 0.0


@given(st.booleans(), lengths, lengths)
def test_spl_lies_between_zero_and_success(success: bool, optimal: float, spent: float) -> None:
    value = spl(success, optimal, spent)
    assert value is not None and 0 <= value <= success


@given(positive, lengths, lengths)
def test_spl_falls_with_the_way_and_rises_with_the_optimum(
    optimal: float, spent: float, more: float
) -> None:
    short, long = spl(True, optimal, spent), spl(True, optimal, spent + more)
    harder = spl(True, optimal + more, spent)
    assert short is not None and long is not None and harder is not None
    assert long <= short <= harder or short == pytest.approx(harder)


def test_soft_spl_by_hand() -> None:
    # Half of 8 m was made good on a way of 16 m.
    assert soft_spl(4.0, 8.0, 16.0) == 0.25
    assert soft_spl(4.0, 8.0, 4.0) == 0.5
    assert soft_spl(9.0, 8.0, 3.0) == 0.0
    assert soft_spl(0.0, 8.0, 8.0) == 1.0


def test_soft_spl_where_the_goal_is_the_start() -> None:
    assert soft_spl(0.0, 0.0, 0.0) == 1.0
    assert soft_spl(0.0, 0.0, 0.5) == 0.0
    assert soft_spl(0.5, 0.0, 0.5) == 0.0


@given(unknown, lengths, lengths)
def test_soft_spl_needs_both_distances(nothing: float | None, known: float, spent: float) -> None:
    assert soft_spl(nothing, known, spent) is None
    assert soft_spl(known, nothing, spent) is None


@given(lengths, positive, lengths, lengths)
def test_soft_spl_lies_in_the_unit_interval_and_falls_with_way_and_distance(
    final: float, start: float, spent: float, more: float
) -> None:
    base = soft_spl(final, start, spent)
    longer, farther = soft_spl(final, start, spent + more), soft_spl(final + more, start, spent)
    assert base is not None and longer is not None and farther is not None
    assert 0 <= longer <= base <= 1 and 0 <= farther <= base


@given(lengths, lengths)
def test_soft_spl_at_the_goal_is_spl_of_a_success(start: float, spent: float) -> None:
    assert soft_spl(0.0, start, spent) == pytest.approx(spl(True, start, spent))


@pytest.mark.parametrize("spent", [-0.1, math.inf, math.nan])
def test_an_impossible_way_is_refused(spent: float) -> None:
    for call in (
        lambda: spl(True, 1.0, spent),
        lambda: sel(False, 1, spent),
        lambda: soft_spl(1.0, 2.0, spent),
    ):
        with pytest.raises(ValueError, match="cannot have spent"):
            call()


def test_path_length_of_a_polyline() -> None:
    assert path_length([(0, 0), (3, 4), (3, 6)]) == 7.0
    assert path_length([(1.0, 2.0)]) == path_length([]) == 0.0


@given(st.lists(st.tuples(lengths, lengths), min_size=2, max_size=12))
def test_path_length_is_at_least_the_straight_line_and_the_same_backwards(points: list) -> None:
    length = path_length(points)
    assert length >= math.dist(points[0], points[-1]) - 1e-9
    assert length == pytest.approx(path_length(points[::-1]))


INFO = {
    "success": True,
    "path_length": np.float64(5.0),
    "steps": 40,
    "distance_to_goal": 0.5,
    "start_distance": 5.0,
    "optimal_length": 4.0,
    "optimal_steps": 30,
    "collisions": 3,
}


def test_metrics_of_an_episode() -> None:
    assert episode_metrics({**INFO, "heading": 90}) == {
        "spl": 0.8,
        "soft_spl": 0.9,
        "sel": 0.75,
        "distance_to_goal": 0.5,
        "path_length": 5.0,
        "optimal_length": 4.0,
        "collisions": 3.0,
    }


def test_what_is_unknown_is_none_and_has_a_reason() -> None:
    nothing = dict.fromkeys(("distance_to_goal", "optimal_length", "optimal_steps"))
    found = episode_metrics({**INFO, **nothing})
    missing = {name for name, value in found.items() if value is None}
    assert missing == set(WHY_MISSING)
    assert found["path_length"] == 5.0
    lost = episode_metrics({**INFO, **nothing, "success": False})
    assert lost["spl"] == lost["sel"] == 0.0
