"""Meshes of furniture, doors and windows, made of their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .assets import find_asset
from .frames import mujoco_rotation, to_mujoco
from .house import Opening
from .palette import Palette
from .shapes import Part, parts_of
from .triangles import Triangles, box, cylinder, ellipsoid, join

OPENING_DEPTH = 0.12
"""Thickness of the frames of doors and windows, metres; walls have none."""

_STANDING = {
    "x": np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]),
    "y": np.eye(3),
    "z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}
"""Turns MuJoCo's z, along which cylinders stand, to an axis of AI2-THOR's frame."""


def parts_mesh(parts: Sequence[Part], palette: Palette) -> Triangles:
    """One mesh of an asset's parts, about the centre of its bounding box."""
    return join([_part_mesh(part).painted(palette.coordinates(part.colour)) for part in parts])


def opening_parts(opening: Opening) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The frame of a door or window that fills its hole, and the leaf that closes it, if any.

    Parts are about the centre of the hole: x along `wall0`, y up, z through the wall.
    """
    size = (opening.right - opening.left, opening.top - opening.bottom, OPENING_DEPTH)
    parts = parts_of(replace(find_asset(opening.asset_id), size=size))
    if opening.material is not None and opening.material.colour is not None:
        parts = tuple(replace(part, colour=opening.material.colour) for part in parts)
    frame = tuple(part for part in parts if not part.leaf)
    return frame, tuple(part for part in parts if part.leaf)


def _part_mesh(part: Part) -> Triangles:
    size = to_mujoco(np.array(part.size))
    if part.kind == "box":
        mesh = box(size)
    elif part.kind == "ellipsoid":
        mesh = ellipsoid(size)
    else:
        along = "xyz".index(part.axis)
        across = part.size[(along + 1) % 3]
        mesh = cylinder(across / 2, part.size[along]).rotated(_STANDING[part.axis])
    if part.tilt:
        mesh = mesh.rotated(mujoco_rotation(np.array(part.rotation())))
    return mesh.moved(to_mujoco(np.array(part.centre)))
