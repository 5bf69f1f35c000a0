"""Mean relative accuracy against its definition and hand-computed values."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spatune.bench_spatial.scores.mra import mean_relative_accuracy
from spatune.errors import SpatuneError

BOUNDS = [Fraction(50 - 5 * step, 100) for step in range(10)]
"""Largest relative errors that count, exactly: 0.50, 0.45, ..., 0.05."""

truths = st.floats(1e-3, 1e6)
guesses = st.floats(-1e7, 1e7)


@pytest.mark.parametrize(
    ("predicted", "truth", "score"),
    [
        (4.0, 4.0, 1.0),
        (3.9, 4.0, 1.0),  # 2.5 % off: within all ten bounds
        (3.5, 4.0, 0.8),  # 12.5 %: all but 10 % and 5 %
        (5.5, 4.0, 0.3),  # 37.5 %: 50, 45, 40
        (6.0, 4.0, 0.1),  # 50 %, exact in binary: only the first bound, and only with <=
        (6.1, 4.0, 0.0),
        (-4.0, 4.0, 0.0),
        (0.0, 4.0, 0.0),
        (None, 4.0, 0.0),
        (math.nan, 4.0, 0.0),
        (math.inf, 4.0, 0.0),
    ],
)
def test_hand_computed(predicted: float | None, truth: float, score: float) -> None:
    assert mean_relative_accuracy(predicted, truth) == pytest.approx(score)


def test_error_on_a_bound_counts_only_officially() -> None:
    assert mean_relative_accuracy(6.0, 4.0, "official") == pytest.approx(0.1)
    assert mean_relative_accuracy(6.0, 4.0, "strict") == 0.0


@given(guesses, truths)
def test_equals_the_exact_definition_away_from_the_bounds(predicted: float, truth: float) -> None:
    error = abs(Fraction(predicted) - Fraction(truth)) / Fraction(truth)
    assume(all(abs(error - bound) > Fraction(1, 10**9) for bound in BOUNDS))
    expected = sum(error <= bound for bound in BOUNDS) / 10
    for rule in ("official", "strict"):
        assert mean_relative_accuracy(predicted, truth, rule) == pytest.approx(expected)


@given(guesses, truths)
def test_strict_never_exceeds_official_and_both_are_tenths(predicted: float, truth: float) -> None:
    strict = mean_relative_accuracy(predicted, truth, "strict")
    official = mean_relative_accuracy(predicted, truth)
    assert 0 <= strict <= official <= 1
    assert (10 * official) == pytest.approx(round(10 * official))


@given(truths, st.floats(0, 2), st.floats(0, 2))
def test_a_closer_guess_never_scores_less(truth: float, near: float, far: float) -> None:
    near, far = sorted((near, far))
    scores = [mean_relative_accuracy(truth * (1 + off), truth) for off in (near, far)]
    assert scores[0] >= scores[1]


@pytest.mark.parametrize("truth", [0.0, -1.0, math.nan, math.inf])
def test_truth_without_a_relative_error_is_refused(truth: float) -> None:
    with pytest.raises(SpatuneError, match="MRA needs a truth above zero"):
        mean_relative_accuracy(1.0, truth)
