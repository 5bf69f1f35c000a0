"""`Pinhole`: where a camera is, how it sees, and what it makes of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...envs.houses.frames import rotation_matrix


@dataclass(frozen=True, eq=False)
class Pinhole:
    """A camera without distortion, in the scene's frame (x right, y up, z forward, left-handed).

    Attributes:
        position: (3,), metres.
        axes: Unit vectors (3, 3), one a row: the image's right, the image's down, the view's
            direction. These are X, Y and Z of camera coordinates.
        fov: Vertical field of view, degrees.
        width: Pixels.
        height: Pixels.
    """

    position: np.ndarray
    axes: np.ndarray
    fov: float
    width: int
    height: int

    @classmethod
    def looking(
        cls,
        position: Sequence[float],
        rotation: tuple[float, float, float],
        fov: float,
        width: int,
        height: int,
    ) -> Pinhole:
        """A camera by AI2-THOR's angles: degrees about x (down is positive), y (clockwise), z."""
        right, up, forward = rotation_matrix(rotation).T
        return cls(np.asarray(position, float), np.stack([right, -up, forward]), fov, width, height)

    @cached_property
    def focal(self) -> float:
        """Focal length in pixels, the same along columns and rows."""
        return self.height / 2 / float(np.tan(np.radians(self.fov) / 2))

    @property
    def horizontal_fov(self) -> float:
        """Horizontal field of view, degrees."""
        return float(np.degrees(2 * np.arctan(self.width / 2 / self.focal)))

    @property
    def yaw(self) -> float:
        """Degrees in [0, 360) that the view's direction is turned from +z, clockwise from above."""
        x, _, z = self.axes[2]
        return float(np.degrees(np.arctan2(x, z)) % 360.0)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the scene as X right, Y down, Z forward of the camera, metres."""
        return (np.asarray(points, float) - self.position) @ self.axes.T

    def to_scene(self, points: np.ndarray) -> np.ndarray:
        """Inverse of `to_camera`."""
        return np.asarray(points, float) @ self.axes + self.position

    def project(self, points: np.ndarray) -> np.ndarray:
        """Column, row (pixels, 0 at the left and upper edge) and depth (m) of points (..., 3).

        A point behind the camera has a depth of at most 0 and meaningless pixels.
        """
        local = self.to_camera(points)
        depth = local[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = self.focal * local[..., :2] / depth[..., None]
        pixels = pixels + np.array([self.width / 2, self.height / 2])
        return np.concatenate([pixels, depth[..., None]], axis=-1)

    def unproject(self, columns: np.ndarray, rows: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the scene at pixels (first centre: 0.5, 0.5) and depths in metres."""
        x = (np.asarray(columns, float) - self.width / 2) / self.focal * depth
        y = (np.asarray(rows, float) - self.height / 2) / self.focal * depth
        return self.to_scene(np.stack([x, y, np.asarray(depth, float)], axis=-1))
