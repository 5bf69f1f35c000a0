"""`choice_accuracy`: is the letter right?"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"`+\s*\(?([A-Za-z])\)?[.):]?\s*`+")
# Neither the pronoun "I" nor the article "A" before a word is a letter of an option.
_LONE = re.compile(r"(?<![\w'])([B-HJ-Z]|A(?! (?!(?:is|or|and)\b)[a-z]))(?![\w'])")
_ALONE = re.compile(r"\(?([a-z])[.):]?")


def choice_accuracy(truth: str, answer: str) -> float | None:
    """1 for the right letter, else 0; None where the answer names no letter.

    The letter is the one in backticks, else the first upper-case letter that stands alone, else the
    whole answer if that is one lower-case letter.

    Args:
        truth: Letter of the right option, with or without its text.
        answer: Without reasoning.

    >>> choice_accuracy("B", "Not A but `B`"), choice_accuracy("B", "The mug, so (B)")
    (1.0, 1.0)
    """
    given = _letter(answer)
    return None if given is None else float(given == _letter(truth))


def _letter(text: str) -> str | None:
    found = _QUOTED.search(text) or _LONE.search(text) or _ALONE.fullmatch(text.strip())
    return found[1].upper() if found else None
