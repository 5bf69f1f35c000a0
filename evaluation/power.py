"""`episodes_needed`: how many episodes a comparison needs to see a difference."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt
from statistics import NormalDist


def episodes_needed(
    difference: float, discordant: float, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Paired episodes after which the exact McNemar test sees a difference.

    The search starts at the formula of Miettinen (1968) as Connor (1987, Biometrics 43:207) gives
    it, which holds for the test without continuity correction; the exact test needs a few more.

    Args:
        difference: Difference of the success rates, not 0, in [-1, 1].
        discordant: Share of episodes that only one of the two solves, at least |difference|.
        power: Probability that the test is significant, in (0, 1).
        alpha: Two-sided level of the test, in (0, 1).

    Returns:
        An n of which `paired_power` is at least `power`, and of n - 1 not.

    Raises:
        ValueError: Such rates or probabilities do not exist.

    >>> episodes_needed(0.05, 0.15)
    498
    """
    _check_pairs(difference, discordant)
    _check_levels(power, alpha)
    if difference == 0:
        raise ValueError("no number of episodes shows a difference of 0")
    normal, size = NormalDist(), abs(difference)
    connor = (
        normal.inv_cdf(1 - alpha / 2) * sqrt(discordant)
        + normal.inv_cdf(power) * sqrt(discordant - size**2)
    ) ** 2 / size**2
    return _smallest(
        lambda n: paired_power(n, difference, discordant, alpha) >= power, max(1, ceil(connor))
    )


def paired_power(episodes: int, difference: float, discordant: float, alpha: float = 0.05) -> float:
    """Exact probability that the exact McNemar test is significant.

    The number of discordant pairs is binomial, and of these the number that the better run solved;
    the sum leaves out numbers of discordant pairs that are rarer than 1e-12.

    Args:
        episodes: Paired episodes.
        difference: Difference of the success rates, in [-1, 1]; at 0 the power is the test's level.
        discordant: Share of episodes that only one of the two solves, above 0 and at least
            |difference|.
        alpha: Two-sided level of the test.

    Raises:
        ValueError: Such rates do not exist.
    """
    import numpy as np
    from scipy.stats import binom

    _check_pairs(difference, discordant)
    first, last = binom.ppf(1e-12, episodes, discordant), binom.isf(1e-12, episodes, discordant)
    pairs = np.arange(first, last + 1)
    # Most losses that are significant; -1 where no number is.
    most = binom.ppf(alpha / 2, pairs, 0.5)
    most -= binom.cdf(most, pairs, 0.5) > alpha / 2
    gain = (discordant + abs(difference)) / (2 * discordant)
    rejected = binom.cdf(most, pairs, gain) + binom.sf(pairs - most - 1, pairs, gain)
    return float((binom.pmf(pairs, episodes, discordant) * rejected).sum())


def episodes_needed_unpaired(
    first: float, second: float, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Episodes of each run after which two runs on different episodes show a difference.

    For the two-sided test of two proportions without continuity correction (Fleiss, Levin and Paik
    2003, equation 4.14).

    Args:
        first: Success rate of one run, in [0, 1].
        second: That of the other, another number.
        power: Probability that the test is significant, in (0, 1).
        alpha: Two-sided level of the test, in (0, 1).

    Raises:
        ValueError: Such rates or probabilities do not exist.

    >>> episodes_needed_unpaired(0.5, 0.3)
    93
    """
    if not (0 <= first <= 1 and 0 <= second <= 1) or first == second:
        raise ValueError(f"rates {first} and {second} are not two different ones in [0, 1]")
    _check_levels(power, alpha)
    normal, mean = NormalDist(), (first + second) / 2
    root = normal.inv_cdf(1 - alpha / 2) * sqrt(2 * mean * (1 - mean)) + normal.inv_cdf(
        power
    ) * sqrt(first * (1 - first) + second * (1 - second))
    return ceil((root / (first - second)) ** 2)


def _smallest(holds: Callable[[int], bool], start: int) -> int:
    """A number for which `holds`, and not for the one below; found by doubling and halving."""
    low, high = 0, start
    while not holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _check_pairs(difference: float, discordant: float) -> None:
    if discordant <= 0 or not abs(difference) <= discordant <= 1:
        raise ValueError(
            f"a difference of {difference} with a share of {discordant} discordant pairs is "
            "impossible"
        )


def _check_levels(power: float, alpha: float) -> None:
    if not (0 < power < 1 and 0 < alpha < 1):
        raise ValueError(f"power {power} or level {alpha} is not between 0 and 1")
