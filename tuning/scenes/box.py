"""`Box`: an oriented box in the scene's frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
_GRID = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)], float)


@dataclass(frozen=True, eq=False)
class Box:
    """A box in a scene's frame: x right, y up, z forward (left-handed, as in AI2-THOR).

    Attributes:
        center: (3,), metres.
        axes: Unit vectors (3, 3), one a row: the directions of the box's own x, y and z.
        lengths: Full lengths (3,) along `axes`, metres.
    """

    center: np.ndarray
    axes: np.ndarray
    lengths: np.ndarray

    @classmethod
    def from_bounds(cls, low: Sequence[float], high: Sequence[float]) -> Box:
        """The axis-aligned box between two corners."""
        low_, high_ = np.asarray(low, float), np.asarray(high, float)
        return cls((low_ + high_) / 2, np.eye(3), high_ - low_)

    @cached_property
    def half_extents(self) -> np.ndarray:
        """Half the lengths (3,) of the axis-aligned box around it, metres."""
        return np.abs(self.axes).T @ (self.lengths / 2)

    @cached_property
    def low(self) -> np.ndarray:
        """Least coordinates (3,) of the axis-aligned box around it, metres."""
        return self.center - self.half_extents

    @cached_property
    def high(self) -> np.ndarray:
        """Greatest coordinates (3,) of the axis-aligned box around it, metres."""
        return self.center + self.half_extents

    @cached_property
    def corners(self) -> np.ndarray:
        """Its eight corners (8, 3), metres."""
        return self.center + (_SIGNS * self.lengths / 2) @ self.axes

    def grid(self, part: float) -> np.ndarray:
        """Points (27, 3) of a 3 x 3 x 3 grid over its middle, this part of each length wide."""
        return self.center + (part * (_GRID * self.lengths / 2)) @ self.axes

    @property
    def ground(self) -> np.ndarray:
        """Its centre seen from above (2,): x and z, metres."""
        return self.center[[0, 2]]

    def distance_to(self, point: np.ndarray) -> float:
        """Metres from a point (3,) to the box; 0 inside."""
        local = self.axes @ (np.asarray(point, float) - self.center)
        return float(np.linalg.norm(np.maximum(np.abs(local) - self.lengths / 2, 0.0)))


def box_gap(first: Box, second: Box) -> float:
    """Metres between two axis-aligned boxes: the norm of the gaps along x, y and z.

    This is SIMS-V's and VSI-Bench's distance "from the closest point of each object". It is exact
    for boxes along the axes, and too short where a turned box does not fill the one around it.
    """
    gaps = np.maximum(np.maximum(first.low - second.high, second.low - first.high), 0.0)
    return float(np.linalg.norm(gaps))
