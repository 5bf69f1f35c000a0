"""`folds_of`: groups of questions that are scored by a model that has seen only the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .stable_hash import stable_hash


def folds_of(groups: Sequence[str], count: int, seed: int) -> np.ndarray:
    """The fold (N,) of each item, 0 to count - 1; items of one group share theirs.

    The groups, the largest first and equal ones by hash, go one by one to the fold with the fewest
    items, so that folds are of about the same size.

    Args:
        groups: Names (N,).
        count: Folds, at most as many as there are different groups.
        seed: Of the hash.
    """
    sizes = Counter(groups)
    order = sorted(sizes, key=lambda name: (-sizes[name], stable_hash(seed, "fold", name), name))
    filled = [0] * count
    fold: dict[str, int] = {}
    for name in order:
        fold[name] = min(range(count), key=lambda place: (filled[place], place))
        filled[fold[name]] += sizes[name]
    return np.array([fold[name] for name in groups], int)
