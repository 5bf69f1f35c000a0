"""Confidence intervals of a success rate k/n."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval (Wilson 1927), the one to read beside a success rate.

    Args:
        k: Successes, 0 <= k <= n.
        n: Episodes, at least 0.
        confidence: Two-sided confidence level in (0, 1).

    Returns:
        Lower and upper bound in [0, 1]; (0, 1) when n is 0.

    >>> low, high = wilson(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    _check(k, n, confidence)
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    centre = (k + z * z / 2) / (n + z * z)
    half = z * sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    # At k = 0 and k = n a bound is exactly 0 or 1; the formula is off by one rounding.
    return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval (1934): never covers less than `confidence`, and is wider for it.

    Args:
        k: Successes, 0 <= k <= n.
        n: Episodes, at least 0.
        confidence: Two-sided confidence level in (0, 1).

    Returns:
        Lower and upper bound in [0, 1]; (0, 1) when n is 0.
    """
    from scipy.special import betaincinv

    _check(k, n, confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def _check(k: int, n: int, confidence: float) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"{k} successes in {n} episodes is impossible")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
