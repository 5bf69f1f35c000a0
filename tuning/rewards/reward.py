"""`reward`: how good a completion is, whatever the form of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ...errors import SpatuneError
from .answer_part import answer_part, well_formed
from .boxes import boxes_accuracy
from .choice import choice_accuracy
from .number import number_accuracy
from .point import point_accuracy
from .text import text_accuracy

Accuracy = Callable[[str, str], float | None]
"""From the truth and the answer to [0, 1], or None where the answer cannot be read."""

ACCURACIES: Mapping[str, Accuracy] = MappingProxyType(
    {
        "choice": choice_accuracy,
        "number": number_accuracy,
        "boxes3d": boxes_accuracy,
        "point": point_accuracy,
        "text": text_accuracy,
    }
)
"""Forms of answers that have a reward."""


@dataclass(frozen=True)
class Reward:
    """What a completion earns; all in [0, 1].

    Attributes:
        total: Half of each of the other two.
        format: 1 or 0.
        accuracy: Of the answer.
    """

    total: float
    format: float
    accuracy: float


def reward(
    answer_form: str, truth: str, completion_text: str, thinking: bool, *, relaxed: bool = False
) -> Reward:
    """The reward of a completion; it never raises for any text of a model.

    Args:
        answer_form: One of `ACCURACIES`.
        truth: The right answer alone; of a choice its letter.
        completion_text: All that the model wrote.
        thinking: Whether it must reason: the format is right where exactly one
            `<think>...</think>` stands before an answer. Otherwise it is where the answer can be
            read.
        relaxed: Numbers are right within 5 % and wrong beyond.

    Raises:
        SpatuneError: No such form, or a truth that is not of it.
    """
    if answer_form not in ACCURACIES:
        raise SpatuneError(
            f"answers of the form {answer_form!r} have no reward; use {', '.join(ACCURACIES)}"
        )
    answer = answer_part(completion_text)
    accuracy = None
    if answer is not None:
        if answer_form == "number":
            accuracy = number_accuracy(truth, answer, relaxed=relaxed)
        else:
            accuracy = ACCURACIES[answer_form](truth, answer)
    right_form = float(well_formed(completion_text) if thinking else accuracy is not None)
    value = accuracy or 0.0
    return Reward(0.5 * right_form + 0.5 * value, right_form, value)
