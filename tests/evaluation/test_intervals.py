"""Intervals against scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from spatune.evaluation import clopper_pearson, wilson

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@given(counts, levels)
def test_wilson_is_scipys(count: tuple[int, int], level: float) -> None:
    expected = binomtest(*count).proportion_ci(level, method="wilson")
    assert wilson(*count, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(counts, levels)
def test_clopper_pearson_is_scipys(count: tuple[int, int], level: float) -> None:
    expected = binomtest(*count).proportion_ci(level, method="exact")
    assert clopper_pearson(*count, level) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_edges(interval) -> None:
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(0, 5)[0] == 0.0 and interval(5, 5)[1] == 1.0
    with pytest.raises(ValueError, match="6 successes in 5 episodes"):
        interval(6, 5)
