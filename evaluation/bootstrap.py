"""`mean_interval`: a bootstrap interval of a mean whose values come in strata."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

RESAMPLES = 10_000
_SEED = 0
_BLOCK = 2_000_000
"""Most values that are drawn at once, so that memory stays small."""


def mean_interval(
    values: Sequence[float],
    strata: Sequence[Hashable],
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    weights: Mapping[Hashable, float] | None = None,
) -> tuple[float, float] | None:
    """Percentile interval of the mean by a stratified bootstrap, for these strata.

    Each resample draws, from every stratum of n values, n - 1 with replacement (Rao and Wu 1988):
    drawing n would take the variance (n - 1) / n times too small, by half with two episodes a
    house. A stratum of one value has no spread of its own, so all of these together form one
    stratum; if there is just one, it joins the smallest other.

    The seed is fixed and the order of the values does not matter: equal data, equal interval.

    Args:
        values: One finite number an episode.
        strata: The stratum of each, for example its suite and task.
        confidence: Two-sided confidence level in (0, 1).
        resamples: Number of resamples.
        weights: Weight of each stratum's mean in the mean; by default the number of its values.

    Returns:
        Lower and upper bound, or None for fewer than two values.
    """
    if len(values) < 2:
        return None
    generator = np.random.default_rng(_SEED)
    sums = np.zeros(resamples)
    groups = _groups(values, strata, weights)
    for group, weight in groups:
        sums += weight * _resampled_means(np.array(group), resamples, generator)
    tail = 50 * (1 - confidence)
    total = sum(weight for _, weight in groups)
    # A mean of values lies between them; rounding of the sum must not push it out.
    means = (sums / total).clip(min(values), max(values))
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def _groups(
    values: Sequence[float],
    strata: Sequence[Hashable],
    weights: Mapping[Hashable, float] | None,
) -> list[tuple[list[float], float]]:
    """Values of each stratum, sorted, with its weight; none has fewer than two."""
    by_stratum: dict[Hashable, list[float]] = {}
    for value, stratum in zip(values, strata, strict=True):
        by_stratum.setdefault(stratum, []).append(float(value))
    weighed = [
        (sorted(group), len(group) if weights is None else weights[stratum])
        for stratum, group in by_stratum.items()
    ]
    groups = [(group, weight) for group, weight in weighed if len(group) > 1]
    groups.sort(key=lambda pair: (len(pair[0]), *pair))
    alone = sorted(group[0] for group, _ in weighed if len(group) == 1)
    weight_alone = sum(weight for group, weight in weighed if len(group) == 1)
    if len(alone) == 1:
        group, weight = groups[0]
        groups[0] = (sorted(group + alone), weight + weight_alone)
    elif alone:
        groups.append((alone, weight_alone))
    return groups


def _resampled_means(
    group: np.ndarray, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    """Means (resamples,) of n - 1 draws each from the n values."""
    draws = len(group) - 1
    rows = max(1, _BLOCK // draws)
    means = [
        group[generator.integers(0, len(group), (min(rows, resamples - first), draws))].mean(axis=1)
        for first in range(0, resamples, rows)
    ]
    return np.concatenate(means)
