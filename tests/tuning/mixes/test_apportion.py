"""Quotas: largest remainders, named mixes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.errors import SpatuneError
from spatune.tuning.mixes.apportion import apportion
from spatune.tuning.mixes.named import EIGHT_TYPE, THREE_Q, quotas


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 1000), min_size=1, max_size=9),
    st.integers(0, 100_000),
)
def test_parts_add_up_and_lie_within_one_of_the_exact_share(
    weights: dict[str, int], total: int
) -> None:
    whole = sum(weights.values())
    if not whole:
        return
    parts = apportion(weights, total)
    assert sum(parts.values()) == total
    for name, part in parts.items():
        assert abs(part - Fraction(weights[name] * total, whole)) < 1


def test_3q_has_the_published_quotas_at_25000() -> None:
    assert quotas("3q", {}, None) == {
        "object_abs_distance": 8616,
        "obj_appearance_order": 6384,
        "object_rel_direction_medium": 3905,
        "object_rel_direction_hard": 3853,
        "object_rel_direction_easy": 2242,
    }
    assert sum(THREE_Q.values()) == 25_000


def test_size_scales_3q_by_the_largest_remainder() -> None:
    # 100 of 25,000: exact shares 34.464, 25.536, 15.62, 15.412, 8.968; three are left over.
    assert quotas("3q", {}, 100) == {
        "object_abs_distance": 34,
        "obj_appearance_order": 26,
        "object_rel_direction_medium": 16,
        "object_rel_direction_hard": 15,
        "object_rel_direction_easy": 9,
    }


def test_8type_gives_the_three_directions_one_share_together() -> None:
    wanted = quotas("8type", {}, 24_000)
    directions = [n for task, n in wanted.items() if "direction" in task]
    assert directions == [1000] * 3
    assert [n for task, n in wanted.items() if "direction" not in task] == [3000] * 7
    assert sum(EIGHT_TYPE.values()) == 8


def test_capability_is_balanced_over_capabilities_and_then_tasks() -> None:
    available = {"MM": {"a": 9, "b": 9}, "SR": {"c": 9}, "MR": {"d": 9}, "PT": {"e": 9}}
    assert quotas("capability", available, 100) == {
        "a": 10, "b": 10, "c": 20, "d": 20, "e": 20, "any CR task": 20,
    }  # fmt: skip


def test_all_takes_everything_or_in_proportion() -> None:
    available = {"MM": {"a": 30}, "SR": {"b": 10}}
    assert quotas("all", available, None) == {"a": 30, "b": 10}
    assert quotas("all", available, 8) == {"a": 6, "b": 2}


@pytest.mark.parametrize(
    ("name", "size", "message"), [("4q", None, "mixes are: 3q, 8type"), ("3q", 0, "--size is 0")]
)
def test_bad_mix_or_size_is_one_clear_error(name: str, size: int | None, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        quotas(name, {}, size)
