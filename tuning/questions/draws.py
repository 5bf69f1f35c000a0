"""Draws that many generators share: of categories, of wrong numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .skill import Unsuitable

WRONG_NUMBERS = 3
"""Beside a true one."""


def pick[T](items: Sequence[T], count: int, rng: np.random.Generator) -> list[T]:
    """`count` different items in random order.

    Raises:
        Unsuitable: There are not that many.
    """
    if len(items) < count:
        raise Unsuitable("too few objects")
    return [items[place] for place in rng.permutation(len(items))[:count]]


def near_counts(count: int, *, least: int = 1) -> list[int]:
    """Other numbers within 3 of a count, from `least` on: what it may be taken for."""
    return [number for number in range(max(least, count - 3), count + 4) if number != count]


def numeric_distractors(
    truth: float, rng: np.random.Generator, *, decimals: int
) -> tuple[str, ...]:
    """Wrong numbers beside a true one, as SIMS-V draws them.

    Factors are uniform in 0.4..2.3, with probability 0.1 an outlier in 2.5..3.5; each wrong number
    differs by at least 0.2 (relative to the truth) from the truth and from the others.

    Args:
        truth: The right number, above 0.
        rng: Source of the draws.
        decimals: Digits after the point; also those of the text.

    Raises:
        Unsuitable: The truth is too small for that many different rounded numbers.
    """
    if truth <= 0:
        raise Unsuitable("the answer is zero")
    taken = [truth]
    for _ in range(100):
        low, high = (2.5, 3.5) if rng.random() < 0.1 else (0.4, 2.3)
        value = round(truth * rng.uniform(low, high), decimals)
        if value > 0 and all(abs(value - other) >= 0.2 * truth for other in taken):
            taken.append(value)
        if len(taken) > WRONG_NUMBERS:
            return tuple(f"{number:.{decimals}f}" for number in taken[1:])
    raise Unsuitable("no room for wrong numbers")
