"""Folds, answer classes, balance."""

from __future__ import annotations

from collections import Counter
from math import log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.tuning.quality.answer_classes import AnswerClasses
from spatune.tuning.quality.balance import Spread, TaskBalance
from spatune.tuning.quality.folds import folds_of
from spatune.tuning.quality.outline import Outline, is_order_choice
from spatune.tuning.quality.question_files import Place
from spatune.tuning.quality.stable_hash import stable_hash
from spatune.tuning.questions.question import LETTERS, Question


def outline(number: int, answer: str, options: tuple[str, ...] = (), form: Any = "choice"):
    """A question in short, from one of three scenes."""
    letter = LETTERS[options.index(answer)] if options else ""
    question = Question(
        f"q{number}", "t", "SR", "video", form, "x", f"s{number % 3}", "w", (0,), "Which?", answer,
        options, letter,
    )  # fmt: skip # pyright: ignore[reportArgumentType]
    return Outline.of(question, Place(0, 0))


def test_hash_is_the_same_on_every_machine() -> None:
    assert stable_hash(0, "order", "a/b/0") == 3129332752202856895
    assert stable_hash("a", "bc") != stable_hash("ab", "c")


@given(st.lists(st.sampled_from("abcdefghij"), min_size=40, max_size=80), st.integers(0, 3))
def test_groups_are_never_split_and_folds_are_of_like_size(groups: list[str], seed: int) -> None:
    count = min(3, len(set(groups)))
    folds = folds_of(groups, count, seed)
    assert set(folds) == set(range(count))
    assert len({(group, fold) for group, fold in zip(groups, folds, strict=True)}) == len(
        set(groups)
    )
    sizes = Counter(folds.tolist())
    assert max(sizes.values()) - min(sizes.values()) <= max(Counter(groups).values())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("bed, sofa", "sofa, bed"), True),
        (("bed, sofa, desk", "sofa, bed, desk", "desk, bed, sofa"), True),
        (("left", "right"), False),
        (("bed, sofa", "bed, desk"), False),
        ((), False),
    ],
)
def test_orders_of_the_same_things_are_found(options: tuple[str, ...], expected: bool) -> None:
    assert is_order_choice(options) is expected


def test_kinds_of_answers() -> None:
    closed = [outline(i, "left", ("left", "right")) for i in range(9)]
    wide = [outline(i, f"thing {i}", (f"thing {i}", "sofa")) for i in range(9)]
    orders = [outline(i, "a, b", ("a, b", "b, a")) for i in range(3)]
    counts = [outline(i, str(i % 4), form="number") for i in range(9)]
    captions = [outline(i, "long", form="text") for i in range(3)]
    kinds = [AnswerClasses.of(o).kind for o in (closed, wide, orders, counts, captions)]
    assert kinds == ["closed", "open", "orders", "numbers", "free"]
    assert {AnswerClasses.of(counts).name(o) for o in counts} == {"0", "1", "2", "3"}


def test_many_numbers_are_ten_quantile_bins() -> None:
    held = [outline(i, f"{i / 10}", form="number") for i in range(1000)]
    classes = AnswerClasses.of(held)
    assert set(Counter(classes.name(o) for o in held).values()) == {100}
    assert classes.name(outline(0, "12.3", form="number")) == "10..20"


def test_entropy_and_most_common_share() -> None:
    spread = Spread.of("aaab")
    expected = -(0.75 * log2(0.75) + 0.25 * log2(0.25))
    assert spread.entropy == pytest.approx(expected)
    assert spread.evenness == pytest.approx(expected)
    assert spread.most_common_share == 0.75
    assert list(spread.counts) == ["a", "b"]
    assert (Spread.of("aa").entropy, Spread.of("aa").evenness) == (0.0, 1.0)


def test_balance_of_a_task() -> None:
    held = [outline(i, "left", ("left", "right")) for i in range(4)]
    held += [outline(i, "back", ("left", "right", "back")) for i in range(4, 6)]
    balance = TaskBalance.of(held)
    assert (balance.questions, balance.scenes, balance.largest_scene_share) == (6, 3, 1 / 3)
    assert balance.letters[2].counts == {"A": 4}
    assert balance.letters[3].counts == {"C": 2}
    assert balance.answers.counts == {"left": 4, "back": 2}
