"""`check_house`: refuses geometry that cannot be simulated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import dist

from ...errors import SpatuneError
from .house import GroundPoint, House, Opening, Room, Wall
from .openings import opening_span
from .polygon import contains, crossing_edges, overlap_area, signed_area

_GAP = 0.01
"""Metres that walls may miss the border of their floor by, and two faces of a wall each other."""

_NO_AREA = 1e-4
"""Square metres (1 cm^2) below which a floor, or what two floors share, is nothing."""

_ROUNDING = 1e-5
"""Metres that lengths may differ by because files keep six decimals."""


def check_house(house: House) -> None:
    """Check that floors, walls, openings and the agent's pose fit together.

    Raises:
        SpatuneError: A floor has fewer than three corners, no area or edges that cross; the walls
            of a room leave its floor open; floors overlap; an outer face has no inner one behind
            it; an opening is not inside its wall, goes through faces that are not back to back or
            not of its rooms, or overlaps another; or the agent starts outside of every room. The
            message begins with the place, such as `house.doors[1]`.
    """
    if not house.rooms:
        raise SpatuneError("house.rooms: a house needs at least one room")
    for index, room in enumerate(house.rooms):
        _check_floor(room, f"house.rooms[{index}].floorPolygon")
        _check_closed(room, house, f"house.rooms[{index}].floorPolygon")
    _check_apart(house.rooms)
    _check_outer_faces(house)
    _check_openings(house)
    _check_agent(house)


def _check_floor(room: Room, path: str) -> None:
    floor = room.floor
    if len(floor) < 3:
        raise SpatuneError(f"{path}: a floor needs three corners, got {len(floor)}")
    if all(abs(signed_area((floor[0], a, b))) < _NO_AREA for a, b in combinations(floor, 2)):
        raise SpatuneError(f"{path}: the floor has no area")
    crossing = crossing_edges(floor)
    if crossing is not None:
        i, j = crossing
        raise SpatuneError(
            f"{path}: the edges from {_shown(floor[i])} and from {_shown(floor[j])} cross or touch"
        )


def _check_closed(room: Room, house: House, path: str) -> None:
    faces = [wall for wall in house.walls if wall.room_id == room.id and not wall.exterior]
    for a, b in zip(room.floor, [*room.floor[1:], room.floor[0]], strict=True):
        length, reached = dist(a, b), 0.0
        for begin, end in sorted(_covered(a, b, faces)):
            if begin > reached + _GAP:
                break
            reached = max(reached, end)
        if reached < length - _GAP:
            gap = _along(a, b, reached)
            raise SpatuneError(
                f"{path}: open from {_shown(gap)} towards {_shown(b)}: "
                f"no wall of {room.id} is there (an open side needs one that is `empty`)"
            )


def _covered(a: GroundPoint, b: GroundPoint, faces: list[Wall]) -> Iterator[tuple[float, float]]:
    """The parts of an edge, in metres from its start, where one of the faces runs along it."""
    length = dist(a, b)
    along = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
    for face in faces:
        spans: list[float] = []
        for x, z in (face.start, face.end):
            from_a = (x - a[0], z - a[1])
            if abs(from_a[0] * along[1] - from_a[1] * along[0]) <= _GAP:
                spans.append(from_a[0] * along[0] + from_a[1] * along[1])
        if len(spans) == 2:
            yield min(spans), max(spans)


def _check_apart(rooms: tuple[Room, ...]) -> None:
    for (i, one), (j, other) in combinations(enumerate(rooms), 2):
        area = overlap_area(one.floor, other.floor)
        if area > _NO_AREA:
            raise SpatuneError(
                f"house.rooms[{j}].floorPolygon: overlaps house.rooms[{i}] by {area:.4g} m^2"
            )


def _check_outer_faces(house: House) -> None:
    for index, wall in enumerate(house.walls):
        if wall.exterior and not any(
            face.room_id == wall.room_id and not face.exterior and _are_back_to_back(wall, face)
            for face in house.walls
        ):
            raise SpatuneError(
                f"house.walls[{index}]: no face of {wall.room_id} is behind this outer one"
            )


def _check_openings(house: House) -> None:
    walls = {wall.id: wall for wall in house.walls}
    placed = [(f"house.doors[{i}]", door) for i, door in enumerate(house.doors)]
    placed += [(f"house.windows[{i}]", window) for i, window in enumerate(house.windows)]
    for path, opening in placed:
        faces = walls[opening.walls[0]], walls[opening.walls[1]]
        _check_faces(opening, faces, path)
        _check_inside(opening, faces, path)
    for (path, one), (other_path, other) in combinations(placed, 2):
        if not set(one.walls).isdisjoint(other.walls) and _overlap(one, other, walls):
            raise SpatuneError(f"{other_path}: overlaps {path} in the same wall")


def _check_faces(opening: Opening, faces: tuple[Wall, Wall], path: str) -> None:
    near, far = faces
    if not _are_back_to_back(near, far):
        raise SpatuneError(
            f"{path}.wall1: {far.id!r} is not back to back with wall0 {near.id!r}, "
            "from its end to its start"
        )
    for index, face in enumerate(faces):
        if face.room_id != opening.rooms[index]:
            raise SpatuneError(
                f"{path}.wall{index}: {face.id!r} is of {face.room_id}, "
                f"but room{index} is {opening.rooms[index]}"
            )
        if face.empty:
            raise SpatuneError(f"{path}.wall{index}: {face.id!r} is empty: it has no openings")


def _check_inside(opening: Opening, faces: tuple[Wall, Wall], path: str) -> None:
    left, right, length = opening.left, opening.right, faces[0].length
    if right - left > length + _ROUNDING:
        raise SpatuneError(
            f"{path}.wall0: the opening is {right - left:.3f} m wide, the wall {length:.3f} m"
        )
    if left < -_ROUNDING or right > length + _ROUNDING:
        raise SpatuneError(
            f"{path}.wall0: the opening, {left:.3f} to {right:.3f} m along it, "
            f"leaves the wall of {length:.3f} m"
        )
    for index, face in enumerate(faces):
        if opening.bottom < face.bottom - _ROUNDING or opening.top > face.top + _ROUNDING:
            raise SpatuneError(
                f"{path}.wall{index}: the opening, {opening.bottom:.3f} to {opening.top:.3f} m "
                f"high, leaves the wall from {face.bottom:.3f} to {face.top:.3f} m"
            )


def _are_back_to_back(one: Wall, other: Wall) -> bool:
    return dist(one.start, other.end) <= _GAP and dist(one.end, other.start) <= _GAP


def _overlap(one: Opening, other: Opening, walls: dict[str, Wall]) -> bool:
    shared = next(walls[name] for name in one.walls if name in other.walls)
    (a, b), (c, d) = opening_span(one, shared), opening_span(other, shared)
    beside = min(b, d) - max(a, c) <= _ROUNDING
    above = min(one.top, other.top) - max(one.bottom, other.bottom) <= _ROUNDING
    return not beside and not above


def _check_agent(house: House) -> None:
    x, _, z = house.agent.position
    if not any(contains(room.floor, (x, z)) for room in house.rooms):
        raise SpatuneError(
            f"house.metadata.agent.position: {_shown((x, z))} is outside of every room"
        )


def _along(a: GroundPoint, b: GroundPoint, metres: float) -> GroundPoint:
    part = metres / dist(a, b)
    return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])


def _shown(point: GroundPoint) -> str:
    return f"({point[0]:g}, {point[1]:g})"
