"""`option_tokens`, `option_shape`, `question_tokens`: what a text-only model sees."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..questions.question import Question

_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?")


def words(text: str) -> list[str]:
    """Words and numbers of a text, small letters."""
    return _WORD.findall(text.lower())


def question_tokens(question: Question) -> list[str]:
    """Words and pairs of neighbouring words of the question."""
    found = words(question.question)
    return [f"q:{word}" for word in (*found, *_pairs(found))]


def option_tokens(question: Question, place: int) -> list[str]:
    """Words of the question and of one of its options, and of the other options, told apart.

    The first word of an option counts on its own: of an order, it is what comes first.
    """
    option = words(question.options[place])
    others = {
        word
        for other, text in enumerate(question.options)
        if other != place
        for word in words(text)
    }
    own = [f"o:{word}" for word in (*option, *_pairs(option))]
    first = [f"first:{option[0]}"] if option else []
    whole = [f"whole:{question.options[place].lower()}"]
    rest = [f"other:{word}" for word in sorted(others)]
    return [*question_tokens(question), *own, *first, *whole, *rest]


def option_shape(question: Question, place: int) -> list[float]:
    """Place, length, number, rank of the number among the options, and likeness to the others.

    They find letters that are right too often, wrong numbers drawn on one side of the right one,
    and orders of things of which the right one is the middle.
    """
    options = question.options
    numbers = [_number(option) for option in options]
    own = numbers[place]
    known = all(number is not None for number in numbers)
    rank = sum(n < own for n in numbers if n is not None) if known and own is not None else -1
    alike = [
        _likeness(options[place], other) for number, other in enumerate(options) if number != place
    ]
    return [
        float(place),
        float(len(options[place])),
        own if own is not None else -1.0,
        float(rank),
        sum(alike) / max(1, len(alike)),
    ]


def _pairs(found: Sequence[str]) -> list[str]:
    return [f"{first} {second}" for first, second in zip(found, found[1:], strict=False)]


def _number(text: str) -> float | None:
    try:
        return float(text.split()[0])
    except (ValueError, IndexError):
        return None


def _likeness(first: str, second: str) -> float:
    """Share of comma-separated parts that are the same at the same place."""
    one, other = first.split(","), second.split(",")
    same = sum(a.strip() == b.strip() for a, b in zip(one, other, strict=False))
    return same / max(len(one), len(other))
