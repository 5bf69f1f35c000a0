"""`Judge`: marks an answer in free words against the right one, as OpenEQA does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...errors import SpatuneError

_MARK = re.compile(r"\b[Mm]ark\s*:\s*([1-5])\b|^\s*([1-5])\s*\.?\s*$")


class Judge(Protocol):
    """Anything that gives a mark: a function, a local model, a client of an API."""

    def __call__(
        self, question: str, answer: str, prediction: str, extra_answers: Sequence[str]
    ) -> int:
        """A mark from 1 (wrong) to 5 (right).

        Args:
            question: The question.
            answer: The right answer.
            prediction: What is to be marked.
            extra_answers: Other right answers.
        """
        ...


@dataclass(frozen=True)
class TextJudge:
    """A judge that asks a language model in words.

    Published scores are of GPT-4 with OpenEQA's own prompt; those of another model or of this
    prompt are not to be compared with them.

    Attributes:
        ask: From a prompt to the model's text.
    """

    ask: Callable[[str], str]

    def __call__(
        self, question: str, answer: str, prediction: str, extra_answers: Sequence[str]
    ) -> int:
        """A mark from 1 to 5.

        Raises:
            SpatuneError: The model's text holds no mark.
        """
        return read_mark(self.ask(judge_prompt(question, answer, prediction, extra_answers)))


def judge_prompt(
    question: str, answer: str, prediction: str, extra_answers: Sequence[str] = ()
) -> str:
    """What a language model is asked: a mark from 1 to 5."""
    others = [f"Also right: {', '.join(extra_answers)}"] if extra_answers else []
    return "\n".join(
        [
            "You mark answers to questions about a place that was seen in a video.",
            "Compare the answer with the right one and give a mark from 1 to 5: 5 if both mean "
            "the same, 1 if the answer is wrong, and marks between for answers that are partly "
            "right.",
            f"Question: {question}",
            f"Right answer: {answer}",
            *others,
            f"Answer to mark: {prediction}",
            "Reply with one line: Your mark: <number>",
        ]
    )


def read_mark(text: str) -> int:
    """The mark in a judge's text: `Your mark: 4`, or a number alone.

    Raises:
        SpatuneError: There is none from 1 to 5.

    >>> read_mark("Your mark: 4"), read_mark("2")
    (4, 2)
    """
    match = _MARK.search(text)
    if match is None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise SpatuneError(f"the judge said {shown!r}, which holds no mark from 1 to 5")
    return int(match[1] or match[2])


def mark_score(mark: int) -> float:
    """(mark - 1) / 4: 0 for 1, 1 for 5; OpenEQA writes it times 100.

    Raises:
        SpatuneError: The mark is not 1, 2, 3, 4 or 5.
    """
    if mark not in (1, 2, 3, 4, 5):
        raise SpatuneError(f"the judge gave the mark {mark}; a mark is 1, 2, 3, 4 or 5")
    return (mark - 1) / 4


def local_judge(
    name: str, *, device: str = "cpu", precision: str = "float32", max_new_tokens: int = 32
) -> TextJudge:
    """A judge that is a vision-language model on this machine, asked without pictures.

    Args:
        name: A folder or a hub id.
        device: Where it runs.
        precision: Type of its weights.
        max_new_tokens: Longest text with a mark.

    Raises:
        SpatuneError: There is no such model, or it cannot be asked without pictures.
    """
    from ..asker import Asker, load_vlm

    vlm = load_vlm(name, None, False, device, precision)
    asker = Asker.of(vlm, max_new_tokens, blind=True)
    if asker.grey is not None:
        raise SpatuneError(f"{name} does not take text alone; choose another judge")
    return TextJudge(lambda prompt: asker.ask([[]], [prompt])[0])
