"""`think_prompt` and `after_thinking`: asking for reasoning, and reading what comes after it."""

from __future__ import annotations

import re

from ..agent.question_wording import LETTER, SHORT, THINK, THINK_LETTER
from ..errors import SpatuneError

THINKING_TOKENS = 512
"""Longest answer with reasoning, unless another length is asked for."""

THINK_RECEIPT = {
    "choices_end_with": THINK_LETTER,
    "other_questions_end_with": THINK,
    "read": "what follows the last </think>, inside <answer> where there is one",
}

_CLOSINGS = {LETTER: THINK_LETTER, SHORT: THINK}
_END, _OPEN = "</think>", "<answer>"
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)


def think_prompt(text: str) -> str:
    """A prompt whose last line asks for reasoning instead of a short answer.

    Raises:
        SpatuneError: Its last line is neither of the usual two.
    """
    head, _, closing = text.rpartition("\n")
    if closing not in _CLOSINGS:
        raise SpatuneError(
            f"this benchmark's questions end with {closing!r}, for which there is no reasoning "
            "wording; leave --reasoning off, or choose another --benchmark or --variant"
        )
    return f"{head}\n{_CLOSINGS[closing]}"


def after_thinking(raw: str) -> str | None:
    """The answer after the reasoning, or None where there is none to read.

    There is none without `</think>` (reasoning that did not end), and none in an `<answer>` that
    was not closed, which can be half a number. Of several answers the last counts.

    >>> after_thinking("<think>2 + 1</think><answer>3</answer>"), after_thinking("a 3")
    ('3', None)
    """
    _, ended, tail = raw.rpartition(_END)
    if not ended:
        return None
    if _OPEN in tail:
        found = _ANSWER.findall(tail)
        # The last one opened must be one that was closed.
        closed = found and tail.rfind(_OPEN) < tail.rfind("</answer>")
        return found[-1].strip() or None if closed else None
    return tail.strip() or None
