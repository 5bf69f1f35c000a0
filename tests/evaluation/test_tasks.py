"""The task list: every way of writing it, and one clear line for every mistake."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.errors import SpatuneError
from spatune.evaluation.tasks import parse_tasks

ranges = st.tuples(st.integers(0, 89), st.integers(0, 89)).map(sorted)


@given(st.lists(ranges, min_size=1, max_size=6), st.booleans(), st.integers(90, 200))
def test_ids_and_ranges_in_any_order(parts: list[list[int]], spaces: bool, count: int) -> None:
    text = (" , " if spaces else ",").join(
        str(first) if first == last else f"{first}-{last}" for first, last in parts
    )
    wanted = {task for first, last in parts for task in range(first, last + 1)}
    assert parse_tasks(text, count) == tuple(sorted(wanted))
    assert parse_tasks("all", count) == tuple(range(count))


@given(st.text(max_size=12), st.integers(1, 90))
def test_any_text_is_tasks_or_one_clear_line(text: str, count: int) -> None:
    try:
        tasks = parse_tasks(text, count)
    except SpatuneError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert tasks and list(tasks) == sorted(set(tasks)) and tasks[-1] < count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read ''; write 'all' or '0,3,5-7'"),
        ("1;2", "cannot read '1;2'"),
        ("-1", "cannot read '-1'"),
        ("3-1", "'3-1' runs backwards; write 1-3"),
        ("0,10", "there is no task 10; there are tasks 0 to 9"),
        ("²", "cannot read '²'"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(SpatuneError, match=re.escape(message)):
        parse_tasks(text, 10)
