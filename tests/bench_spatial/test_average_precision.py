"""Average precision of boxes: cases that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.agent.boxes.corners import box_corners
from spatune.bench_spatial.boxes.average_precision import BoxCase, average_precision
from spatune.errors import SpatuneError

CHAIR, TABLE = "chair", "table"


def cubes(*xs: float, depth: float = 5.0) -> np.ndarray:
    """Unit cubes at these x, (N, 8, 3)."""
    return box_corners([[x, 0, depth, 1, 1, 1, 0, 0, 0] for x in xs])


def case(
    truth: np.ndarray,
    answer: np.ndarray,
    category: str = CHAIR,
    ignored: tuple[int, ...] = (),
) -> BoxCase:
    flags = np.isin(np.arange(len(truth)), ignored)
    return BoxCase(category, truth, answer, flags)


def test_right_answers_score_one_everywhere() -> None:
    scores = average_precision([case(cubes(0, 3), cubes(0, 3)), case(cubes(0), cubes(0), TABLE)])
    assert scores.categories == (CHAIR, TABLE)
    assert scores.ap() == scores.ap(0.15) == scores.ar(0.5) == 1


def test_no_answer_scores_zero() -> None:
    scores = average_precision([case(cubes(0), cubes())])
    assert scores.ap() == scores.ar() == 0


def test_a_wrong_box_before_the_right_one_halves_precision() -> None:
    assert average_precision([case(cubes(0), cubes(9, 0))]).ap(0.15) == pytest.approx(0.5)
    # After the right one it costs nothing: all recalls are reached before it.
    assert average_precision([case(cubes(0), cubes(0, 9))]).ap(0.15) == 1


def test_the_second_box_on_one_object_is_wrong() -> None:
    scores = average_precision([case(cubes(0, 9), cubes(0, 0, 9))])
    # Right, wrong, right: precision 1 up to recall 0.5, then 2/3; 51 and 50 of 101 points.
    assert scores.ap(0.15) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_what_is_missed_gives_no_precision_beyond_its_recall() -> None:
    # One of three: recall 1/3 is read at 0, 0.01, ... 0.33.
    assert average_precision([case(cubes(0, 9, 18), cubes(0))]).ap(0.15) == pytest.approx(34 / 101)


def test_precision_is_read_at_the_best_later_point() -> None:
    # Wrong, right, right, right over three: raw precision 0, 1/2, 2/3, 3/4; read as 3/4 throughout.
    scores = average_precision([case(cubes(0, 9, 18), cubes(40, 0, 9, 18))])
    assert scores.ap(0.15) == pytest.approx(0.75)


def test_thresholds_are_met_by_their_own_overlaps() -> None:
    # Shifted by s the IoU of unit cubes is (1 - s) / (1 + s): 0.29 here, so five thresholds hold.
    scores = average_precision([case(cubes(0), cubes(0.55))])
    assert [scores.ap(t) for t in (0.05, 0.15, 0.25, 0.3, 0.5)] == [1, 1, 1, 0, 0]
    assert scores.ap() == pytest.approx(0.5)


def test_each_box_takes_the_object_it_covers_best() -> None:
    # Both boxes overlap object 0; the first covers object 1 better and must leave 0 to the second.
    scores = average_precision([case(cubes(0, 0.6), cubes(0.5, 0.1))])
    assert scores.ap(0.15) == 1


def test_first_boxes_choose_first() -> None:
    # The first box takes object 0, its best; nothing is left for the second, which fits exactly.
    scores = average_precision([case(cubes(0), cubes(0.3, 0))])
    assert scores.ap(0.5) == 1  # IoU 0.54
    assert average_precision([case(cubes(0, 1.0), cubes(0.4, 0.3))]).ar(0.4) == 0.5


def test_categories_weigh_the_same() -> None:
    many = [case(cubes(0), cubes(0)) for _ in range(9)]
    scores = average_precision([*many, case(cubes(0), cubes(9), TABLE)])
    assert scores.ap(0.15) == pytest.approx(0.5)
    assert scores.ap(0.15, category=CHAIR) == 1 and scores.ap(0.15, category=TABLE) == 0


def test_cases_are_pooled_in_their_order() -> None:
    right, wrong = case(cubes(0), cubes(0)), case(cubes(0), cubes(9))
    # Right then wrong: precision 1 up to recall 0.5; wrong then right: 1/2 up to 0.5.
    assert average_precision([right, wrong]).ap(0.15) == pytest.approx(51 / 101)
    assert average_precision([wrong, right]).ap(0.15) == pytest.approx(0.5 * 51 / 101)


def test_ignored_objects_count_neither_way() -> None:
    # Found or not, the second object does not matter, and its box is not a wrong one.
    for answer in (cubes(9, 0), cubes(0)):
        scores = average_precision([case(cubes(0, 9), answer, ignored=(1,))])
        assert scores.ap(0.15) == 1
    # A box that covers an ignored and another object is given to the other.
    scores = average_precision([case(cubes(0, 0.3), cubes(0), ignored=(0,))])
    assert scores.ap(0.15) == scores.ar(0.15) == 1


def test_a_category_with_nothing_to_find_is_left_out_of_the_mean() -> None:
    scores = average_precision(
        [case(cubes(0), cubes(0)), case(cubes(0), cubes(0), TABLE, ignored=(0,))]
    )
    assert scores.ap(0.15) == 1
    assert math.isnan(scores.ap(0.15, category=TABLE))


def test_only_the_first_boxes_count_under_a_limit() -> None:
    many = cubes(*range(20, 140, 10), 0)
    scores = average_precision([case(cubes(0), many)])
    assert scores.ar(0.15, max_detections=1) == scores.ar(0.15, max_detections=10) == 0
    assert scores.ar(0.15) == 1
    assert scores.ap(0.15) == pytest.approx(1 / 13)
    # The 101st box is not read at all.
    assert average_precision([case(cubes(0), cubes(*range(20, 220, 2), 0))]).ar(0.15) == 0


def test_depth_ranges_ask_only_for_what_lies_in_them() -> None:
    near, far = cubes(0, depth=5), cubes(0, depth=40)
    scores = average_precision([case(np.concatenate([near, far]), near)])
    assert scores.ap(0.15, depth="near") == 1
    assert scores.ap(0.15, depth="far") == 0
    assert math.isnan(scores.ap(0.15, depth="medium"))
    # A wrong box far away is no mistake among what is near.
    scores = average_precision([case(near, np.concatenate([cubes(9, depth=40), near]))])
    assert scores.ap(0.15, depth="near") == 1 and scores.ap(0.15) == 0.5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3), max_size=5), st.lists(st.floats(-3, 3), min_size=1, max_size=5))
def test_scores_stay_in_range(answer: list[float], truth: list[float]) -> None:
    scores = average_precision([case(cubes(*truth), cubes(*answer))])
    values = [scores.ap(t) for t in (0.05, 0.15, 0.3, 0.5)]
    assert all(0 <= value <= 1 for value in values)
    assert scores.ar(0.05) <= min(len(answer), len(truth)) / len(truth) + 1e-12


def test_unknown_thresholds_depths_and_categories_are_refused() -> None:
    scores = average_precision([case(cubes(0), cubes(0))])
    with pytest.raises(SpatuneError, match="threshold 0.17"):
        scores.ap(0.17)
    with pytest.raises(SpatuneError, match="near"):
        scores.ap(depth="close")
    with pytest.raises(SpatuneError, match="10 and 100"):
        scores.ar(max_detections=5)
    with pytest.raises(SpatuneError, match="chair"):
        scores.ap(category="lamp")
