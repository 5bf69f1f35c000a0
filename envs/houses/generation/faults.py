"""`house_fault`: why a generated house is no place for a navigating agent."""

from __future__ import annotations

from ..floorplan import FloorPlan
from ..house import GroundPoint, House, HouseObject
from ..polygon import contains
from ..reachable import ReachableGrid
from ..yaw_box import object_box

LEAST_POINTS = 5
"""Reachable grid points that a room needs; ProcTHOR's own rule."""
WALL_TOLERANCE = 0.03
"""How far a bounding box may reach into a wall, metres."""


def house_fault(house: House) -> str | None:
    """What is wrong with a house in one line, or None.

    An agent must be able to reach `LEAST_POINTS` grid points of each room from its start, and
    every object must lie within one room.
    """
    start = (house.agent.position[0], house.agent.position[2])
    points = ReachableGrid(FloorPlan(house), start).points
    if not len(points):
        return "the agent's start is blocked"
    for room in house.rooms:
        count = sum(contains(room.floor, (float(x), float(z))) for x, z in points)
        if count < LEAST_POINTS:
            return f"only {count} grid points of {room.id} ({room.room_type}) can be reached"
    for thing, _ in house.all_objects():
        if not _within_a_room(house, thing):
            return f"{thing.id} ({thing.asset_id}) lies across a wall or outside"
    return None


def _within_a_room(house: House, thing: HouseObject) -> bool:
    x, _, z = thing.position
    if not any(contains(room.floor, (x, z)) for room in house.rooms):
        return False
    box = object_box(thing).grown(-WALL_TOLERANCE)
    half = (box.size[0] / 2, box.size[2] / 2)
    if min(half) <= 0:
        return True
    return not any(
        _crosses(box.to_own(wall.start), box.to_own(wall.end), half)
        for wall in house.walls
        if not (wall.empty or wall.exterior)
    )


def _crosses(start: GroundPoint, end: GroundPoint, half: tuple[float, float]) -> bool:
    """Whether a segment enters the rectangle of these half extents about the origin."""
    first, last = 0.0, 1.0
    for from_, to, most in zip(start, end, half, strict=True):
        way = to - from_
        if abs(way) < 1e-12:
            if abs(from_) >= most:
                return False
            continue
        near, far = sorted((side * most - from_) / way for side in (-1, 1))
        first, last = max(first, near), min(last, far)
    return first < last
