"""The faces of walls, with holes where doors and windows are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .frames import to_mujoco
from .house import House, Opening, Wall
from .openings import opening_span
from .polygon import contains
from .triangles import Triangles, join, quad, upright_rectangle

Rectangle = tuple[float, float, float, float]
"""Left, right (metres from the wall's start), bottom, top (metres)."""

CAP_WIDTH = 0.04
"""Width of a wall as a map shows it, metres."""

_THINNEST = 1e-3


def solid_rectangles(wall: Wall, openings: Sequence[Opening]) -> list[Rectangle]:
    """What remains of a wall face when its openings are cut out.

    Args:
        wall: The face.
        openings: Doors and windows of the house; those of other walls are left out.
    """
    pieces: list[Rectangle] = [(0.0, wall.length, wall.bottom, wall.top)]
    for opening in openings:
        if wall.id in opening.walls:
            left, right = opening_span(opening, wall)
            hole = (left, right, opening.bottom, opening.top)
            pieces = [part for piece in pieces for part in _cut(piece, hole)]
    return pieces


def wall_mesh(wall: Wall, house: House) -> Triangles | None:
    """The face as it is seen from its room (from outside if it is an outer face), or None."""
    pieces = solid_rectangles(wall, (*house.doors, *house.windows))
    if wall.empty or not pieces:
        return None
    start, end = np.array(wall.start), np.array(wall.end)
    along = (end - start) / wall.length
    left_side = (start + end) / 2 + 0.01 * np.array([-along[1], along[0]])
    room = next(room for room in house.rooms if room.id == wall.room_id)
    inside = contains(room.floor, (float(left_side[0]), float(left_side[1])))
    if inside == wall.exterior:
        # It is seen from the other side: run along it the other way.
        start, along = end, -along
        pieces = [(wall.length - b, wall.length - a, low, high) for a, b, low, high in pieces]
    origin = (float(start[0]), float(start[1]))
    faces = [upright_rectangle(origin, along, *piece) for piece in pieces]
    return join([*faces, _cap(start, along, wall)])


def _cap(start: np.ndarray, along: np.ndarray, wall: Wall) -> Triangles:
    """A strip behind the upper edge, which a map seen from above shows in place of the wall."""
    back = CAP_WIDTH * np.array([along[1], -along[0]])
    end = start + along * wall.length
    corners = np.array([[x, wall.top, z] for x, z in (start, start + back, end + back, end)])
    return quad(to_mujoco(corners), np.array([0.0, 0.0, 1.0]))


def _cut(piece: Rectangle, hole: Rectangle) -> list[Rectangle]:
    left, right, bottom, top = piece
    from_, to, low, high = hole
    if to <= left or from_ >= right or high <= bottom or low >= top:
        return [piece]
    middle = max(left, from_), min(right, to)
    parts = [
        (left, from_, bottom, top),
        (to, right, bottom, top),
        (*middle, bottom, low),
        (*middle, high, top),
    ]
    return [p for p in parts if p[1] - p[0] > _THINNEST and p[3] - p[2] > _THINNEST]
