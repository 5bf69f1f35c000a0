"""`apportion`: a total in whole parts, by the largest remainders."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction


def apportion(weights: Mapping[str, int | Fraction], total: int) -> dict[str, int]:
    """Split a total in proportion to weights; the parts are whole and add up to it.

    Every part is the exact share rounded down; what is left goes to the largest remainders, and
    among equal ones to the first names.

    Args:
        weights: At least one of them above 0, none below.
        total: At least 0.

    >>> apportion({"a": 1, "b": 1, "c": 1}, 10)
    {'a': 4, 'b': 3, 'c': 3}
    """
    whole = sum(map(Fraction, weights.values()), Fraction(0))
    exact = {name: Fraction(weight) * total / whole for name, weight in weights.items()}
    parts = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(weights, key=lambda name: (parts[name] - exact[name], name))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts
