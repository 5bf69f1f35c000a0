"""Answers in a model's text: the published way of VSI-Bench, and one that reads sentences too."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ...agent.answers import AnswerError, final_part, parse_choice

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_STATED = re.compile(rf"\banswer\b[^\d.]{{0,20}}?({_NUMBER.pattern})", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}


def first_word(raw: str) -> str:
    """VSI-Bench's extraction: the text before the first space, without full stops at its end.

    >>> first_word("B. the left one"), first_word("The answer is B")
    ('B', 'The')
    """
    return raw.split(" ")[0].rstrip(".").strip()


def strict_choice(raw: str, letters: str) -> str | None:
    """The first word if it is one of the letters, in upper case; None for anything else."""
    word = first_word(raw).upper()
    return word if len(word) == 1 and word in letters else None


def strict_number(raw: str) -> str | None:
    """The first word if it spells a finite number; None for anything else."""
    word = first_word(raw)
    value = to_number(word)
    return None if value is None else word


def robust_choice(raw: str, letters: str, options: Sequence[str]) -> str | None:
    """One letter, or the words of exactly one option, in a sentence or behind reasoning."""
    try:
        return parse_choice(raw, letters).letter
    except AnswerError:
        text = _plain(final_part(raw))
        pairs = zip(letters, options, strict=True)
        fitting = [letter for letter, option in pairs if _plain(option) == text]
        return fitting[0] if len(fitting) == 1 else None


def robust_number(raw: str) -> str | None:
    """A number in a sentence: the one after "answer", else the last; number words up to twelve.

    Units are not read: a question names the one that it wants.
    """
    text = _THOUSANDS.sub("", final_part(raw))
    stated = _STATED.findall(text)
    found = stated or _NUMBER.findall(text)
    if found:
        return found[-1] if to_number(found[-1]) is not None else None
    words = [_WORDS[w] for w in re.findall(r"[a-z]+", text.lower()) if w in _WORDS]
    return str(words[-1]) if words else None


def to_number(text: str | None) -> float | None:
    """A finite number, or None where the text spells none."""
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _plain(text: str) -> str:
    return text.strip().rstrip(".").lower()
