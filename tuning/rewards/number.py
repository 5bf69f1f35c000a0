"""`number_accuracy`: how near a number is."""

from __future__ import annotations

import numpy as np

from ...agent.answers import AnswerError, parse_number
from ..quality.scoring import mean_relative_accuracy

RELAXED_ERROR = 0.05
"""Relative error up to which a number is right, in the relaxed variant."""


def number_accuracy(truth: str, answer: str, *, relaxed: bool = False) -> float | None:
    """VSI-Bench's mean relative accuracy; None where the answer is not one number.

    Metres and centimetres are converted where both sides name their unit; a bare number has the
    unit of the question. For a truth of 0 only 0 is right.

    Args:
        truth: The right number.
        answer: Without reasoning.
        relaxed: 1 within 5 % of the truth and 0 elsewhere, in place of the ten steps.

    Raises:
        AnswerError: The truth is no number.
    """
    wanted = parse_number(truth)
    try:
        given = parse_number(answer)
    except AnswerError:
        return None
    if given.unit != wanted.unit and "count" not in (given.unit, wanted.unit):
        if "deg" in (given.unit, wanted.unit):
            return 0.0
        right, value = wanted.meters, given.meters
    else:
        right, value = wanted.value, given.value
    with np.errstate(over="ignore"):
        if relaxed:
            # An error that is 5 % on paper counts, however it is rounded.
            return float(abs(value - right) <= RELAXED_ERROR * abs(right) * (1 + 1e-9))
        return float(mean_relative_accuracy(np.array(value), np.array(right)))
