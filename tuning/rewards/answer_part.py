"""`answer_part`: what a completion gives as its answer, and `well_formed`: is its form right?"""

from __future__ import annotations

import re

_WRAPPED = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
_THINK_TAGS = re.compile(r"</?think>")
_ANSWER_TAGS = re.compile(r"</?answer>")


def answer_part(text: str) -> str | None:
    """The answer without reasoning and tags.

    It stands in the last `<answer>...</answer>` behind the reasoning or, without these tags, is all
    that follows `</think>`.

    Returns:
        The answer; None where it is empty, reasoning is not closed, or an answer's tags are not in
        pairs: nothing in an unfinished thought counts as an answer.
    """
    tail = text.rpartition("</think>")[2]
    if "<think>" in tail:
        return None
    found = _WRAPPED.findall(tail)
    if 2 * len(found) != len(_ANSWER_TAGS.findall(tail)):
        return None
    answer = (found[-1] if found else tail).strip()
    return answer or None


def well_formed(text: str) -> bool:
    """Whether a text is one `<think>...</think>` and a tail that is not empty.

    The tail may be wrapped in one `<answer>...</answer>`. Nothing stands before the reasoning.
    """
    start = text.lstrip()
    if _THINK_TAGS.findall(start) != ["<think>", "</think>"] or not start.startswith("<think>"):
        return False
    thought, _, tail = start.partition("</think>")
    tags = _ANSWER_TAGS.findall(tail)
    if _ANSWER_TAGS.search(thought) or answer_part(text) is None:
        return False
    if not tags:
        return True
    tail = tail.strip()
    whole = tail.startswith("<answer>") and tail.endswith("</answer>")
    return whole and tags == ["<answer>", "</answer>"]
