"""`box_corners`: the eight corners of boxes given as nine numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from ...errors import SpatuneError

AngleUnit = Literal["degrees", "radians", "half_turns"]
"""How pitch, yaw and roll are written; `half_turns` is [-1, 1] for [-180, 180] degrees."""

DEGREES: Mapping[AngleUnit, float] = MappingProxyType(
    {"degrees": 1.0, "radians": 180 / np.pi, "half_turns": 180.0}
)
"""Degrees in one unit of each angle unit."""

UNIT_CORNERS = np.array(
    [
        [-0.5, -0.5, -0.5],
        [0.5, -0.5, -0.5],
        [0.5, 0.5, -0.5],
        [-0.5, 0.5, -0.5],
        [-0.5, -0.5, 0.5],
        [0.5, -0.5, 0.5],
        [0.5, 0.5, 0.5],
        [-0.5, 0.5, 0.5],
    ]
)
"""(8, 3): the corners of the unit box; corners 0 to 3 go around one face, 4 to 7 lie opposite."""

FACES = np.array(
    [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
)
"""(6, 4): the corners of each face, in order around it."""

EDGES = np.array(
    [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
        [4, 5],
        [5, 6],
        [6, 7],
        [7, 4],
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
    ]
)
"""(12, 2): the corners at the ends of each edge."""


def box_corners(boxes: ArrayLike, *, angles: AngleUnit = "degrees") -> np.ndarray:
    """Corners of boxes given as x, y, z, size x, size y, size z, pitch, yaw, roll.

    The box is turned about the fixed axes of the camera frame: by pitch about x, then by yaw about
    y, then by roll about z (extrinsic xyz), and then moved to its centre.

    Args:
        boxes: (N, 9); centre and sizes in metres, in the camera frame.
        angles: Unit of pitch, yaw and roll.

    Returns:
        (N, 8, 3) float64, in the order of `UNIT_CORNERS`.

    Raises:
        SpatuneError: if a box is not nine finite numbers.
    """
    numbers = np.asarray(boxes, dtype=np.float64)
    if numbers.size == 0:
        return np.zeros((0, 8, 3))
    if numbers.ndim != 2 or numbers.shape[1] != 9 or not np.isfinite(numbers).all():
        raise SpatuneError(
            "A box is nine finite numbers (x, y, z, three sizes, pitch, yaw, roll); got "
            f"an array of shape {numbers.shape}."
        )
    turns = Rotation.from_euler("xyz", numbers[:, 6:] * DEGREES[angles], degrees=True)
    local = UNIT_CORNERS * numbers[:, None, 3:6]
    return local @ turns.as_matrix().transpose(0, 2, 1) + numbers[:, None, :3]
