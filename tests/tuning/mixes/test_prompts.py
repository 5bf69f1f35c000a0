"""Words around questions, and drawn marks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from spatune.tuning.mixes.marks import draw_marks
from spatune.tuning.mixes.prompts import turn
from spatune.tuning.questions.question import Question

CHOICE = {"question": "Left or right?", "answer": "right", "options": ("left", "right")}


def test_choice_reads_as_in_vsi_bench(make_question: Callable[..., Question]) -> None:
    asked = turn(make_question("t", "s", 0, CHOICE), letter_only=True, reasoning=False)
    assert asked.prompt == (
        "These are frames of a video.\nLeft or right?\nOptions:\nA. left\nB. right\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert (asked.answer, asked.type) == ("B", "mc_direct")


def test_number_reads_as_in_vsi_bench(make_question: Callable[..., Question]) -> None:
    facts = {"question": "How far?", "answer": "2.3", "options": ("2.3", "1"), "form": "number"}
    asked = turn(make_question("t", "s", 0, facts), letter_only=True, reasoning=False)
    assert asked.prompt == (
        "These are frames of a video.\nHow far?\n"
        "Please answer the question using a single word or phrase."
    )
    assert (asked.answer, asked.type) == ("2.3", "oe")


def test_letter_and_text_are_both_asked_for(make_question: Callable[..., Question]) -> None:
    asked = turn(make_question("t", "s", 0, CHOICE), letter_only=False, reasoning=False)
    assert (asked.answer, asked.type) == ("B. right", "mc")
    assert asked.prompt.endswith("letter from the given choices and its text.")


@pytest.mark.parametrize("letter_only", [True, False])
def test_reasoning_stands_before_the_answer(
    make_question: Callable[..., Question], letter_only: bool
) -> None:
    question = make_question("t", "s", 0, CHOICE | {"reasoning": "It is there."})
    asked = turn(question, letter_only=letter_only, reasoning=True)
    assert asked.answer == "<think>It is there.</think><answer>B</answer>"
    assert "between <answer> and </answer>" in asked.prompt
    assert turn(question, letter_only=True, reasoning=False).answer == "B"


def test_a_question_without_derivation_is_asked_directly(
    make_question: Callable[..., Question],
) -> None:
    asked = turn(make_question("t", "s", 0, CHOICE), letter_only=True, reasoning=True)
    assert asked.answer == "B"


@pytest.mark.parametrize(
    ("media", "prefix"),
    [("image", "This is an image."), ("pair", "These are two"), ("views", "These are views")],
)
def test_prefix_says_what_is_shown(
    make_question: Callable[..., Question], media: str, prefix: str
) -> None:
    question = make_question("t", "s", 0, CHOICE | {"media": media})
    assert turn(question, letter_only=True, reasoning=False).prompt.startswith(prefix)


@pytest.mark.parametrize(("form", "answer"), [("boxes3d", "[]"), ("text", "It is a long caption.")])
def test_forms_that_their_question_explains_get_no_closing(
    make_question: Callable[..., Question], form: str, answer: str
) -> None:
    question = make_question("t", "s", 0, {"question": "Do it.", "answer": answer, "form": form})
    asked = turn(question, letter_only=True, reasoning=False)
    assert asked.prompt.splitlines() == ["These are frames of a video.", "Do it."]


def test_a_mark_is_drawn_where_it_says_and_nowhere_else() -> None:
    grey = Image.new("RGB", (224, 160), (90, 90, 90))
    drawn = np.asarray(draw_marks(grey, [("X", 0.25, 0.5)]))
    rows, columns = np.nonzero((drawn != 90).any(axis=2))
    assert abs(columns.min() - 56) <= 8 and columns.max() < 90
    assert abs(rows.mean() - 80) <= 3
    assert (drawn[80, 56] == 90).all(), "the marked pixel itself stays visible"
    assert np.asarray(grey).max() == 90
