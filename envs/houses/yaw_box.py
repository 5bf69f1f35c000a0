"""`YawBox`: an upright box turned about the vertical, in AI2-THOR's frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .assets import find_asset
from .house import GroundPoint, HouseObject, Vector

_LYING = 45.0


@dataclass(frozen=True)
class YawBox:
    """A box that stands on one of its faces.

    Attributes:
        centre: Centre (x, y, z), metres.
        size: Extents (x, y, z) in its own frame, metres.
        yaw: Degrees about the vertical, clockwise seen from above; 0 looks along +z.
    """

    centre: Vector
    size: Vector
    yaw: float = 0.0

    @property
    def bottom(self) -> float:
        """Height of the lower face, metres."""
        return self.centre[1] - self.size[1] / 2

    @property
    def top(self) -> float:
        """Height of the upper face, metres."""
        return self.centre[1] + self.size[1] / 2

    @cached_property
    def axes(self) -> tuple[GroundPoint, GroundPoint]:
        """Its own x and z axes on the ground."""
        sine, cosine = math.sin(math.radians(self.yaw)), math.cos(math.radians(self.yaw))
        return (cosine, -sine), (sine, cosine)

    @property
    def extent(self) -> Vector:
        """Extents of the axis-aligned box around it, metres."""
        reach = [self._reach((1.0, 0.0)), self._reach((0.0, 1.0))]
        return (2 * reach[0], self.size[1], 2 * reach[1])

    @property
    def corners(self) -> tuple[GroundPoint, ...]:
        """Corners of its footprint (x, z), in order around it."""
        x, z = self.size[0] / 2, self.size[2] / 2
        return tuple(self.to_ground(corner) for corner in ((-x, -z), (-x, z), (x, z), (x, -z)))

    def to_ground(self, point: GroundPoint) -> GroundPoint:
        """A point (x, z) of its own frame, about its centre, on the ground."""
        (ax, az), (bx, bz) = self.axes
        x, z = point
        return (self.centre[0] + x * ax + z * bx, self.centre[2] + x * az + z * bz)

    def to_own(self, point: GroundPoint) -> GroundPoint:
        """A point (x, z) on the ground in its own frame; undoes `to_ground`."""
        (ax, az), (bx, bz) = self.axes
        x, z = point[0] - self.centre[0], point[1] - self.centre[2]
        return (x * ax + z * az, x * bx + z * bz)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Metres (n,) from points (n, 2) on the ground to its footprint, 0 inside."""
        own = (points - (self.centre[0], self.centre[2])) @ np.array(self.axes).T
        beyond = np.abs(own) - (self.size[0] / 2, self.size[2] / 2)
        return np.hypot(*np.maximum(beyond, 0.0).T)

    def overlap(self, other: YawBox) -> float:
        """How far the two must be moved to part them, metres; 0 when they do not overlap."""
        least = min(self.top, other.top) - max(self.bottom, other.bottom)
        x, z = other.centre[0] - self.centre[0], other.centre[2] - self.centre[2]
        # Two upright boxes are apart if they are along one of their own axes.
        for axis in (*self.axes, *other.axes):
            if least <= 0.0:
                return 0.0
            away = abs(x * axis[0] + z * axis[1])
            least = min(least, self._reach(axis) + other._reach(axis) - away)
        return max(0.0, least)

    def grown(self, metres: float) -> YawBox:
        """The same box with its footprint larger by so much on each side."""
        x, y, z = self.size
        return YawBox(self.centre, (x + 2 * metres, y, z + 2 * metres), self.yaw)

    def _reach(self, axis: GroundPoint) -> float:
        """Metres from its centre to the end of its footprint along a direction of length 1."""
        (ax, az), (bx, bz) = self.axes
        width, _, depth = self.size
        along = abs(ax * axis[0] + az * axis[1]) * width
        return (along + abs(bx * axis[0] + bz * axis[1]) * depth) / 2


def standing_size(size: Vector, rotation: Vector) -> Vector:
    """Extents of an asset's box as it stands, for one that was tipped over about its x axis."""
    x, y, z = size
    return (x, z, y) if abs(rotation[0]) > _LYING else size


def object_box(thing: HouseObject) -> YawBox:
    """The bounding box of an object of a house."""
    size = standing_size(find_asset(thing.asset_id).size, thing.rotation)
    return YawBox(thing.position, size, thing.yaw)
