"""`solid_gap`: metres between two turned boxes."""

from __future__ import annotations

import numpy as np

from .box import Box

# Pairs of places in `Box.corners` that an edge of the box joins.
_EDGES = np.array([(a, a | bit) for bit in (1, 2, 4) for a in range(8) if not a & bit])


def solid_gap(first: Box, second: Box) -> float:
    """Metres between the nearest points of two boxes; 0 where they overlap.

    Exact for boxes turned about the vertical. A tilted box is replaced by the upright prism over
    its shadow on the floor, which holds it and lies in the axis-aligned box around it. So the value
    is never less than `box_gap` and never more than the distance of the boxes themselves.
    """
    vertical = max(first.low[1] - second.high[1], second.low[1] - first.high[1], 0.0)
    return float(np.hypot(vertical, _shadow_gap(first, second)))


def _shadow_gap(first: Box, second: Box) -> float:
    """Metres between the shadows that two boxes throw straight down."""
    ours, theirs = first.corners[:, [0, 2]], second.corners[:, [0, 2]]
    if not _apart(first, second, ours, theirs):
        return 0.0
    return min(_nearest(ours, theirs), _nearest(theirs, ours))


def _apart(first: Box, second: Box, ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether a line along an edge of a shadow separates the two (separating axis theorem)."""
    directions = np.concatenate([first.axes, second.axes])  # (6, 3)
    normals = np.stack([-directions[:, 2], directions[:, 0]])  # (2, 6)
    a, b = ours @ normals, theirs @ normals  # (8, 6)
    gaps = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
    return bool((gaps > 0.0).any())


def _nearest(points: np.ndarray, corners: np.ndarray) -> float:
    """Metres from the nearest of some points (8, 2) to the shadow with these corners (8, 2).

    All edges of the box are taken, also those inside its shadow: they are part of it.
    """
    start = corners[_EDGES[:, 0]]  # (12, 2)
    along = corners[_EDGES[:, 1]] - start
    length2 = np.maximum((along**2).sum(axis=1), 1e-18)
    offset = points[:, None] - start  # (8, 12, 2)
    part = np.clip((offset * along).sum(axis=2) / length2, 0.0, 1.0)
    return float(np.linalg.norm(offset - part[..., None] * along, axis=2).min())
