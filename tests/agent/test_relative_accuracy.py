"""Relative accuracy against a plain loop over the published formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spatune.agent.relative_accuracy import relative_accuracy

numbers = st.floats(-1e6, 1e6) | st.integers(-50, 200).map(float)
truths = st.floats(1e-3, 1e6) | st.integers(1, 100).map(float)


def published(predicted: float, truth: float, strict: bool) -> float:
    """|p - g| / g <= 1 - t, counted one confidence at a time."""
    error = abs(predicted - truth) / truth
    hits = 0
    for confidence in np.linspace(0.5, 0.95, 10):
        bound = 1 - confidence
        hits += error < bound if strict else error <= bound
    return hits / 10


@given(st.lists(st.tuples(numbers, truths), min_size=1, max_size=20), st.booleans())
# Equal to a bound on paper, on either side of it in floating point.
@example([(truth * part / 20, float(truth)) for truth in (10, 20) for part in range(10, 31)], False)
@example([(4.0, 5.0), (6.0, 5.0), (11.0, 20.0), (9.0, 10.0), (19.0, 20.0)], False)
def test_equals_the_published_formula(pairs: list[tuple[float, float]], strict: bool) -> None:
    predicted, truth = np.array(pairs).T
    shares = relative_accuracy(np.abs(predicted - truth) / truth, strict=strict)
    assert shares.tolist() == [published(p, g, strict) for p, g in pairs]


def test_an_error_on_a_bound_falls_where_the_published_code_puts_it() -> None:
    # 1 - 0.8 is a little less than 0.2 in floating point, 1 - 0.9 a little more than 0.1.
    assert relative_accuracy(np.array([0.1, 0.2, 0.5])).tolist() == [0.9, 0.6, 0.1]
    assert relative_accuracy(np.array([0.5]), strict=True).tolist() == [0.0]


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_shape_is_that_of_the_errors(shape: tuple[int, ...]) -> None:
    assert np.shape(relative_accuracy(np.zeros(shape))) == shape


@pytest.mark.parametrize("error", [np.nan, np.inf])
def test_an_error_without_a_value_is_within_nothing(error: float) -> None:
    assert relative_accuracy(np.array([error])).tolist() == [0.0]
