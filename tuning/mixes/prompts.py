"""`Turn`: what a model is asked and what it should answer, in VSI-Bench's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...agent.question_wording import (
    LETTER,
    LETTER_AND_TEXT,
    OPTIONS,
    PREFIXES,
    SHORT,
    THINK,
    THINK_LETTER,
)
from ..questions.question import LETTERS, Question

_PHRASE_WORDS = 3


@dataclass(frozen=True)
class Turn:
    """One question and its answer.

    Attributes:
        prompt: All text that the model is given.
        answer: What it should say.
        type: `mc` for an answer such as `B. left`, `mc_direct` for `B`, `oe` without options.
    """

    prompt: str
    answer: str
    type: Literal["mc", "mc_direct", "oe"]


def turn(question: Question, *, letter_only: bool, reasoning: bool, camera: str = "") -> Turn:
    """Put a question into words.

    Args:
        question: Points, boxes, numbers and texts are asked openly, even if there are options.
        letter_only: A choice is answered by the letter alone.
        reasoning: Ask for the derivation of the answer, where the question has one.
        camera: What the model must know of the camera, before the question; or empty.
    """
    lines = [PREFIXES[question.media], *([camera] if camera else []), question.question]
    thinks = reasoning and bool(question.reasoning)
    if question.form == "choice":
        options = zip(LETTERS, question.options, strict=False)
        lines += [OPTIONS, *(f"{letter}. {text}" for letter, text in options)]
        whole = f"{question.letter}. {question.answer}"
        answer = question.letter if letter_only or thinks else whole
        closing = THINK_LETTER if thinks else LETTER if letter_only else LETTER_AND_TEXT
        kind = "mc_direct" if letter_only or thinks else "mc"
    else:
        answer, kind = question.answer, "oe"
        closing = THINK if thinks else SHORT if _is_short(question) else ""
    if thinks:
        answer = f"<think>{question.reasoning}</think><answer>{answer}</answer>"
    return Turn("\n".join([*lines, *([closing] if closing else [])]), answer, kind)


def _is_short(question: Question) -> bool:
    """Boxes, points and captions have their form in the question."""
    if question.form == "text":
        return len(question.answer.split()) <= _PHRASE_WORDS
    return question.form == "number"
