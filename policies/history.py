"""Past frames of an episode: how they are named, and which rows of a data set hold them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import SpatuneError
from .features import FeatureSpec


def past_key(key: str, steps: int) -> str:
    """Name of what `key` was so many control steps ago, `<key>.past<steps>`.

    Where the episode is younger than that, its first frame stands in.
    """
    return f"{key}.past{steps}"


def check_history(history: Sequence[int]) -> None:
    """Refuses anything but ascending numbers of steps from 1 on.

    Raises:
        SpatuneError: `history` is something else.
    """
    steps = list(history)
    if steps != sorted(set(steps)) or any(not isinstance(k, int) or k < 1 for k in steps):
        raise SpatuneError(
            f"history {steps} must be ascending numbers of steps from 1 on, such as [1, 2, 4]"
        )


def past_feature(features: Sequence[FeatureSpec]) -> FeatureSpec:
    """The one feature that a policy reads of past frames: the coarsest grid.

    What a place looked like a moment ago needs less detail than what is to be acted on now.
    """
    grids = [spec for spec in features if spec.pool == "grid"]
    return min(grids, key=lambda spec: spec.shape[2] * spec.shape[3])


def past_rows(rows: np.ndarray, episodes: np.ndarray, steps: int) -> np.ndarray:
    """Rows that hold the frames `steps` before those of `rows`.

    Args:
        rows: (B,) frame indices.
        episodes: (N,) episode of every frame of the data set, episodes one after the other.
        steps: How far back.

    Returns:
        (B,) frame indices of the same episodes, its first frame where an episode is younger.
    """
    first = np.searchsorted(episodes, episodes[rows], side="left")
    return np.maximum(rows - steps, first)
