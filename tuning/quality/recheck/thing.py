"""`Thing`: an object as its mesh is: extents, sides, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Thing:
    """The vertices of one object, in the plan frame: x east, y north, z up; right-handed, metres.

    Attributes:
        id: AI2-THOR's id.
        category: In words.
        body: Number of its MuJoCo body.
        vertices: (N, 3).
        frame: Unit vectors (3, 3), one a row: the axes of its body.
    """

    id: str
    category: str
    body: int
    vertices: np.ndarray
    frame: np.ndarray

    @cached_property
    def low(self) -> np.ndarray:
        """Least coordinates (3,)."""
        return self.vertices.min(axis=0)

    @cached_property
    def high(self) -> np.ndarray:
        """Greatest coordinates (3,)."""
        return self.vertices.max(axis=0)

    @cached_property
    def bounds(self) -> np.ndarray:
        """Least and greatest coordinates (2, 3) along the axes of its body."""
        local = self.vertices @ self.frame.T
        return np.stack([local.min(axis=0), local.max(axis=0)])

    @property
    def sides(self) -> np.ndarray:
        """Its three sides, the shortest first."""
        return np.sort(self.bounds[1] - self.bounds[0])

    @property
    def height(self) -> float:
        """From its lowest to its highest vertex."""
        return float(self.high[2] - self.low[2])

    @cached_property
    def middle(self) -> np.ndarray:
        """(3,) of its bounds."""
        return self.bounds.mean(axis=0) @ self.frame

    @property
    def spot(self) -> complex:
        """Its middle on the plan: east + north * i."""
        return complex(self.middle[0], self.middle[1])

    @property
    def corners(self) -> np.ndarray:
        """(8, 3) of its bounds."""
        places = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
        return self.bounds[places, np.arange(3)] @ self.frame

    def gap(self, other: Thing) -> float:
        """Between the upright rectangular hulls of the vertices of two things."""
        apart = np.maximum(self.low - other.high, other.low - self.high)
        return float(np.sqrt((np.clip(apart, 0.0, None) ** 2).sum()))

    def away(self, point: np.ndarray) -> float:
        """From a point (3,) to the nearest point within its bounds."""
        local = self.frame @ point
        nearest = np.clip(local, self.bounds[0], self.bounds[1])
        return float(np.linalg.norm(local - nearest))

    def away_on_plan(self, spot: complex) -> float:
        """From a place on the plan to the rectangle around its vertices."""
        point = np.array([spot.real, spot.imag])
        return float(np.linalg.norm(point - np.clip(point, self.low[:2], self.high[:2])))
