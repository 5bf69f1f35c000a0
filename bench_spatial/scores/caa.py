"""`chance_adjusted_accuracy`: SITE's accuracy, 0 for guessing and 1 for all right (2505.05456)."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import SpatuneError


def chance_adjusted_accuracy(right: Sequence[float], options: Sequence[int]) -> float | None:
    """Sum of (X_i - 1/n_i) over sum of (1 - 1/n_i).

    Args:
        right: X_i, 1 for a right answer and 0 for a wrong one.
        options: n_i, how many options the question has; at least 2.

    Returns:
        The accuracy, at most 1 and below 0 for fewer right answers than by chance; None without
        questions.

    Raises:
        SpatuneError: A question has fewer than two options.

    >>> chance_adjusted_accuracy([1, 0], [2, 4])
    0.2
    """
    if any(count < 2 for count in options):
        raise SpatuneError("chance-adjusted accuracy needs questions of two options or more")
    if not options:
        return None
    gained = sum(x - 1 / n for x, n in zip(right, options, strict=True))
    return gained / sum(1 - 1 / n for n in options)
