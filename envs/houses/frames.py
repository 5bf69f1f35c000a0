"""Between AI2-THOR's left-handed frame (x right, y up, z forward) and MuJoCo's (z up)."""

from __future__ import annotations

import numpy as np

AXES = [0, 2, 1]
"""Order of AI2-THOR's coordinates in MuJoCo's: (x, y, z) becomes (x, z, y)."""


def to_mujoco(points: np.ndarray) -> np.ndarray:
    """Points or directions (..., 3) in MuJoCo's frame; it is its own inverse."""
    return np.asarray(points, float)[..., AXES]


def rotation_matrix(degrees: tuple[float, float, float]) -> np.ndarray:
    """Rotation (3, 3) in AI2-THOR's frame, about z, then x, then y, as Unity does.

    Args:
        degrees: Angles about x, y and z; positive y turns clockwise seen from above.
    """
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def mujoco_rotation(matrix: np.ndarray) -> np.ndarray:
    """The same rotation (3, 3) in MuJoCo's frame."""
    return matrix[np.ix_(AXES, AXES)]
