"""`clockwise`: how far one turns to the right from one direction to another, seen from above."""

from __future__ import annotations

import numpy as np


def clockwise(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Degrees in (-180, 180] from directions `before` to `after`; positive to the right.

    Args:
        before: Directions (..., 2) on the floor: x right, z forward. Lengths do not matter.
        after: The same; the two broadcast against each other.

    Returns:
        (...,), meaningless where a direction is zero.
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    ahead = before[..., 0] * after[..., 0] + before[..., 1] * after[..., 1]
    aside = before[..., 1] * after[..., 0] - before[..., 0] * after[..., 1]
    # Adding 0.0 makes -0.0 a 0.0, so that straight back is 180 and never -180.
    return np.degrees(np.arctan2(aside + 0.0, ahead))


def shorter_way(degrees: np.ndarray) -> np.ndarray:
    """Degrees in [0, 180], whichever way round, of turns by any degrees."""
    return np.abs(180.0 - (180.0 - degrees) % 360.0)
