"""`mean_relative_accuracy`: VSI-Bench's score of a number (arXiv 2412.14171, section 3.3)."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ...agent.relative_accuracy import relative_accuracy
from ...errors import SpatuneError

MraRule = Literal["official", "strict"]


def mean_relative_accuracy(
    predicted: float | None, truth: float, rule: MraRule = "official"
) -> float:
    """Share of the confidences t with |predicted - truth| / truth within 1 - t.

    Args:
        predicted: The number that was read, or None where none could be: that scores 0.
        truth: The right number, above zero.
        rule: `official` counts an error equal to 1 - t as within (<=), `strict` does not (<).

    Raises:
        SpatuneError: The truth is zero, negative or not finite: a relative error means nothing.

    >>> mean_relative_accuracy(2.0, 2.0), mean_relative_accuracy(2.5, 2.0)
    (1.0, 0.6)
    """
    if not math.isfinite(truth) or truth <= 0:
        raise SpatuneError(f"MRA needs a truth above zero, not {truth}; leave the question out")
    if predicted is None or not math.isfinite(predicted):
        return 0.0
    with np.errstate(over="ignore"):
        error = np.array([abs(predicted - truth)]) / truth
    return relative_accuracy(error, strict=rule == "strict").item()
