"""`FloorPlan`: where an agent can stand and move in a house."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .assets import find_asset
from .house import House, HouseObject, Opening, Wall
from .openings import opening_span
from .yaw_box import standing_size

AGENT_RADIUS = 0.2
AGENT_HEIGHT = 1.8
"""Size of AI2-THOR's default agent, metres."""

_STEP_OVER = 0.03
_CLEARANCE = 1e-6
_BLOCK = 2048


_Box = tuple[float, float, float, float, float]


def is_passable(door: Opening, openness: float) -> bool:
    """Whether an agent can walk through a door: it leads inside, and has no leaf or an open one."""
    return not door.outside and (not door.openable or openness > 0.5)


class FloorPlan:
    """Obstacles of a house, and exact tests of a round agent against them.

    Points and directions are (x, z) in metres in AI2-THOR's frame, arrays (P, 2).

    Args:
        house: The house.
        openness: Openness of doors by id, where it differs from the house's.
        removed: Ids of objects that are not there, such as one that is carried.
        radius: Radius of the agent, metres.

    Attributes:
        boxes: Obstacles (N, 5): centre x and z, half extents, yaw in radians (clockwise).
        owners: Id of the object or wall that each box belongs to.
        bounds: Corners (2, 2) of the smallest rectangle around all rooms.
    """

    def __init__(
        self,
        house: House,
        *,
        openness: Mapping[str, float] | None = None,
        removed: frozenset[str] = frozenset(),
        radius: float = AGENT_RADIUS,
    ) -> None:
        self.radius = radius
        opened = openness or {}
        doors = [
            door for door in house.doors if is_passable(door, opened.get(door.id, door.openness))
        ]
        boxes: list[tuple[str, _Box]] = [
            (thing.id, _object_box(thing))
            for thing, parent in house.all_objects()
            if thing.id not in removed and _in_the_way(thing, parent)
        ]
        for wall in house.walls:
            if not (wall.empty or wall.exterior):
                boxes += [(wall.id, box) for box in _wall_boxes(wall, doors)]
        self.owners = tuple(owner for owner, _ in boxes)
        self.boxes = np.array([box for _, box in boxes]).reshape(-1, 5)
        corners = np.array([corner for room in house.rooms for corner in room.floor])
        self.bounds = np.stack([corners.min(axis=0), corners.max(axis=0)])
        self._polygons = [np.array(room.floor) for room in house.rooms]
        sine, cosine = np.sin(self.boxes[:, 4]), np.cos(self.boxes[:, 4])
        self._reach = np.linalg.norm(self.boxes[:, 2:4], axis=1)
        self._along = np.stack([cosine, -sine], axis=1)  # (N, 2): the box's own x axis
        self._across = np.stack([sine, cosine], axis=1)  # (N, 2): its z axis

    def free(self, points: np.ndarray) -> np.ndarray:
        """Whether an agent can stand at each point, bool (P,)."""
        points = np.asarray(points, float).reshape(-1, 2)
        return self.clear(points, points)

    def clear(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Whether an agent can move in a straight line from each start to its end, bool (P,)."""
        starts = np.asarray(starts, float).reshape(-1, 2)
        ends = np.asarray(ends, float).reshape(-1, 2)
        moves, _ = self._collisions(starts, ends)
        clear = self.inside(starts) & self.inside(ends)
        clear[moves] = False
        return clear

    def blocker(self, start: np.ndarray, end: np.ndarray) -> str | None:
        """Id of what stops an agent on its straight way, the nearest to the start, or None."""
        start, end = np.asarray(start, float)[None], np.asarray(end, float)[None]
        _, boxes = self._collisions(start, end)
        if not len(boxes):
            return None
        gaps = _to_box(self._in_boxes(start, boxes), self.boxes[boxes, 2:4])
        return self.owners[int(boxes[np.argmin(gaps)])]

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Whether each point is over the floor of a room, bool (P,)."""
        points = np.asarray(points, float).reshape(-1, 2)
        found = np.zeros(len(points), bool)
        for polygon in self._polygons:
            found |= _in_polygon(points, polygon)
        return found

    def _collisions(self, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a move and a box that comes nearer to it than the radius, as index arrays."""
        found = [
            self._collisions_of(starts[first : first + _BLOCK], ends[first : first + _BLOCK], first)
            for first in range(0, len(starts), _BLOCK)
        ]
        moves, boxes = zip(*found, strict=True) if found else ((), ())
        none = np.zeros(0, int)
        return np.concatenate([none, *moves]), np.concatenate([none, *boxes])

    def _collisions_of(
        self, starts: np.ndarray, ends: np.ndarray, first: int
    ) -> tuple[np.ndarray, np.ndarray]:
        middle, half = (starts + ends) / 2, np.linalg.norm(ends - starts, axis=1) / 2
        gaps = np.linalg.norm(middle[:, None] - self.boxes[:, :2], axis=-1)
        moves, boxes = np.nonzero(gaps < (half + self.radius)[:, None] + self._reach)
        size = self.boxes[boxes, 2:4]
        a, b = self._in_boxes(starts[moves], boxes), self._in_boxes(ends[moves], boxes)
        near = _segment_to_box(a, b, size) < self.radius - _CLEARANCE
        return moves[near] + first, boxes[near]

    def _in_boxes(self, points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Each point (M, 2) in the frame of its box (M,)."""
        offset = points - self.boxes[boxes, :2]
        along = np.sum(offset * self._along[boxes], axis=-1)
        return np.stack([along, np.sum(offset * self._across[boxes], axis=-1)], axis=-1)


def _to_box(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Metres from points (M, 2) to boxes about the origin with half extents (M, 2)."""
    return np.linalg.norm(np.maximum(np.abs(points) - half, 0.0), axis=-1)


def _segment_to_box(a: np.ndarray, b: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Metres from segments a to b (M, 2) to boxes about the origin (M,); 0 where they meet."""
    direction = b - a
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (-half - a) / direction, (half - a) / direction
    near, far = np.minimum(first, second), np.maximum(first, second)
    still = direction == 0
    within = np.abs(a) <= half
    near = np.where(still, np.where(within, -np.inf, np.inf), near)
    far = np.where(still, np.where(within, np.inf, -np.inf), far)
    enter, leave = near.max(axis=-1), far.min(axis=-1)
    crossing = (enter <= leave) & (leave >= 0) & (enter <= 1)
    # Two convex shapes that do not meet are nearest at a corner of one of them.
    nearest = np.minimum(_to_box(a, half), _to_box(b, half))
    squared = np.maximum(np.sum(direction**2, axis=-1), 1e-18)
    for signs in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        offset = half * signs - a
        share = np.clip(np.sum(offset * direction, axis=-1) / squared, 0.0, 1.0)
        gap = np.linalg.norm(offset - share[..., None] * direction, axis=-1)
        nearest = np.minimum(nearest, gap)
    return np.where(crossing, 0.0, nearest)


def _in_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    x, z = points[:, None, 0], points[:, None, 1]
    a, b = polygon, np.roll(polygon, -1, axis=0)
    spans = (a[:, 1] > z) != (b[:, 1] > z)
    with np.errstate(divide="ignore", invalid="ignore"):
        where = a[:, 0] + (z - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return np.count_nonzero(spans & (x < where), axis=1) % 2 == 1


def _in_the_way(thing: HouseObject, parent: HouseObject | None) -> bool:
    """Whether a walking agent meets an object; what lies on furniture is above that."""
    height = standing_size(find_asset(thing.asset_id).size, thing.rotation)[1]
    bottom, top = thing.position[1] - height / 2, thing.position[1] + height / 2
    if parent is not None and bottom > 0.3:
        return False
    return bottom < AGENT_HEIGHT and top > _STEP_OVER


def _object_box(thing: HouseObject) -> _Box:
    size = standing_size(find_asset(thing.asset_id).size, thing.rotation)
    return (
        thing.position[0],
        thing.position[2],
        size[0] / 2,
        size[2] / 2,
        float(np.radians(thing.yaw)),
    )


def _wall_boxes(wall: Wall, doors: list[Opening]) -> list[_Box]:
    """What is left of a wall beside its passable doors, as boxes without thickness."""
    spans = [opening_span(door, wall) for door in doors if wall.id in door.walls]
    pieces, reached = [], 0.0
    for left, right in sorted(spans):
        pieces.append((reached, left))
        reached = right
    pieces.append((reached, wall.length))
    start, end = np.array(wall.start), np.array(wall.end)
    along = (end - start) / wall.length
    yaw = float(np.arctan2(-along[1], along[0]))
    boxes = []
    for left, right in pieces:
        if right - left > 1e-6:
            x, z = start + along * (left + right) / 2
            boxes.append((float(x), float(z), (right - left) / 2, 0.0, yaw))
    return boxes
