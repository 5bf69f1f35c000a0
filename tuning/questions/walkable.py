"""`WalkableFloor`: where a robot gets when it walks straight ahead."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from ..scenes.scene import Scene
from .keeping import kept

TOLERANCE = 0.18
"""A way is clear where it is no farther than this from a walkable point, metres.

In a full cell of a 0.25 m grid no place is. The other side of a wall is: agents keep their radius
(0.2 m) from both of its sides.
"""

_STRIDE = 0.05
_LOOKS = 5
"""Looks a stride. So many see any wall, however thin: one of them falls within 5 mm of its middle,
where no walkable point is nearer than an agent's radius."""


class WalkableFloor:
    """The walkable points of a scene. Get it by `floor_of`, which keeps it.

    Args:
        points: Places (x, z) as in `Scene.walkable`, at least one.
    """

    def __init__(self, points: tuple[tuple[float, float], ...]) -> None:
        self._points = np.array(points, float)
        self._tree = KDTree(self._points)

    def beside(self, low: np.ndarray, high: np.ndarray, gap: float) -> np.ndarray:
        """Walkable points (N, 2) at an axis-aligned rectangle, the nearest first.

        Args:
            low: Least x and z (2,), metres.
            high: Greatest x and z (2,), metres.
            gap: No point is farther from the rectangle, metres. Of equally near points, the first
                is the one nearest the rectangle's centre.
        """
        gaps = rectangle_gap(self._points, low, high)
        away = np.linalg.norm(self._points - (low + high) / 2, axis=1)
        order = np.lexsort((away, np.round(gaps, 3)))
        return self._points[order[gaps[order] <= gap]]

    def ahead(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Places (N, 2) on the straight way from a walkable place as far as it is clear.

        The first is the start, the last is the end or a place before the first obstacle.
        """
        strides = max(1, int(np.ceil(np.linalg.norm(end - start) / _STRIDE)))
        looks = start + np.linspace(0, 1, _LOOKS * strides + 1)[:, None] * (end - start)
        near, _ = self._tree.query(looks)
        blocked = np.flatnonzero(near > TOLERANCE)
        clear = looks[: int(blocked[0])] if len(blocked) else looks
        return clear[::_LOOKS]


def rectangle_gap(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Distances (...,) of points (..., 2) from an axis-aligned rectangle, 0 inside."""
    return np.linalg.norm(np.maximum(np.maximum(low - points, points - high), 0.0), axis=-1)


@kept
def floor_of(scene: Scene) -> WalkableFloor:
    """The walkable points of a scene that has some."""
    return WalkableFloor(scene.walkable)
