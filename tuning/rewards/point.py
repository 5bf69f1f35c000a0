"""`point_accuracy`: how near a point of an image is."""

from __future__ import annotations

from math import hypot

from ...agent.answers import AnswerError, parse_point

REACH = 0.1
"""Distance, in sides of the image, from which on a point scores 0."""


def point_accuracy(truth: str, answer: str) -> float | None:
    """1 at the true point, falling linearly to 0 at `REACH`; None where the answer is no point.

    Raises:
        AnswerError: The truth is no point.
    """
    wanted = parse_point(truth)
    try:
        given = parse_point(answer)
    except AnswerError:
        return None
    return max(0.0, 1 - hypot(given.x - wanted.x, given.y - wanted.y) / REACH)
