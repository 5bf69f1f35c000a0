"""Answers in a model's text: the published extraction and the robust one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.bench_spatial.scores.extraction import (
    first_word,
    robust_choice,
    robust_number,
    strict_choice,
    strict_number,
    to_number,
)

OPTIONS = ("the sofa", "a lamp", "the bed")


@pytest.mark.parametrize(
    ("raw", "strict", "robust"),
    [
        ("B", "B", "B"),
        ("b.", "B", "B"),
        ("B. a lamp", "B", "B"),
        ("(B)", None, "B"),
        ("The answer is B", None, "B"),
        ("<think>A or C?</think>B", None, "B"),
        ("The bed.", None, "C"),
        ("D", None, None),
        ("A or B", "A", None),
        ("", None, None),
    ],
)
def test_choice(raw: str, strict: str | None, robust: str | None) -> None:
    assert strict_choice(raw, "ABC") == strict
    assert robust_choice(raw, "ABC", OPTIONS) == robust


@pytest.mark.parametrize(
    ("raw", "strict", "robust"),
    [
        ("3", 3.0, 3.0),
        ("2.5 meters", 2.5, 2.5),
        ("2.5.", 2.5, 2.5),
        ("2.5m", None, 2.5),
        ("about 2.5", None, 2.5),
        ("1,250", None, 1250.0),
        ("two", None, 2.0),
        ("There are three chairs.", None, 3.0),
        ("The room is 4 by 5, so 20 square meters", None, 20.0),
        ("The answer is 7, as 3 and 4 chairs are there", None, 7.0),
        ("<think>2 + 2</think>4", None, 4.0),
        ("nan", None, None),
        ("inf", None, None),
        ("1e999", None, None),
        ("many", None, None),
        ("", None, None),
    ],
)
def test_number(raw: str, strict: float | None, robust: float | None) -> None:
    assert to_number(strict_number(raw)) == strict
    assert to_number(robust_number(raw)) == robust


def test_first_word_is_the_published_rule() -> None:
    assert first_word("The answer is A") == "The"
    assert first_word("A... maybe") == "A"
    assert first_word("A\nbecause") == "A\nbecause"


@given(st.text())
def test_any_text_gives_an_allowed_answer_or_none(raw: str) -> None:
    for choice in (strict_choice(raw, "ABC"), robust_choice(raw, "ABC", OPTIONS)):
        assert choice is None or choice in tuple("ABC")
    for number in (strict_number(raw), robust_number(raw)):
        assert number is None or to_number(number) is not None


@given(st.floats(0.001, 1e6).map(lambda value: f"{value:.3f}"))
def test_both_read_a_plain_number(text: str) -> None:
    assert strict_number(text) == robust_number(text) == text
