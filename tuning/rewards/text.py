"""`text_accuracy`: how alike two texts are (ANLS, Biten et al. 2019, arXiv:1905.13648)."""

from __future__ import annotations

import numpy as np

LEAST_SIMILARITY = 0.5
"""Texts that are less alike score 0."""


def text_accuracy(truth: str, answer: str) -> float | None:
    """1 minus the edit distance over the longer length, 0 below `LEAST_SIMILARITY`.

    Case, the amount of white space and a full stop at the end do not count.

    Returns:
        Similarity in [0, 1]; None for an empty answer.
    """
    first, second = _plain(truth), _plain(answer)
    if not second:
        return None
    longer = max(len(first), len(second))
    # Most of what a model rambles is too long to be alike; the distance costs its square.
    if abs(len(first) - len(second)) > (1 - LEAST_SIMILARITY) * longer:
        return 0.0
    similarity = 1 - edit_distance(first, second) / longer
    return similarity if similarity >= LEAST_SIMILARITY else 0.0


def edit_distance(first: str, second: str) -> int:
    """Least number of insertions, deletions and replacements of single characters."""
    letters = np.array([ord(letter) for letter in second])
    places = np.arange(len(second) + 1)
    row = places.copy()
    for count, letter in enumerate(first, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        # Insertions run along the row: the least of best[j] + (distance from j), for all j at once.
        steps = np.concatenate([[count], best]) - places
        row = np.minimum.accumulate(steps) + places
    return int(row[-1])


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).removesuffix(".").rstrip()
