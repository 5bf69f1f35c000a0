"""`TopDownMap`: a house seen from above, as data that a picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

Point = tuple[float, float]
"""(x, z) on the floor, metres, in AI2-THOR's frame: x to the right, z up in a picture."""

Segment = tuple[Point, Point]
"""A straight line from one point to another."""


@dataclass(frozen=True)
class MapRoom:
    """One room.

    Attributes:
        room_type: For example `Kitchen`; decides the colour.
        polygon: Corners of its floor, in order.
    """

    room_type: str
    polygon: tuple[Point, ...]


@dataclass(frozen=True)
class MapBox:
    """The footprint of something that stands in the way.

    Attributes:
        x: Centre, metres.
        z: Centre, metres.
        half_x: Half of its extent along its own x axis, metres.
        half_z: Half of its extent along its own z axis, metres.
        yaw: Degrees, clockwise seen from above; at 0 its axes are those of the house.
    """

    x: float
    z: float
    half_x: float
    half_z: float
    yaw: float = 0.0

    def corners(self) -> tuple[Point, ...]:
        """The four corners, in order around the box."""
        sine, cosine = sin(radians(self.yaw)), cos(radians(self.yaw))
        around = ((1, 1), (1, -1), (-1, -1), (-1, 1))
        offsets = [(a * self.half_x, b * self.half_z) for a, b in around]
        # Clockwise: its own z axis points along (sin, cos) and its x axis along (cos, -sin).
        return tuple(
            (self.x + a * cosine + b * sine, self.z - a * sine + b * cosine) for a, b in offsets
        )


@dataclass(frozen=True)
class TopDownMap:
    """What of a house a map shows.

    Attributes:
        rooms: Its rooms.
        walls: Walls that are there; open passages between rooms are not among them.
        doors: Holes in walls that an agent can walk through.
        obstacles: Furniture.
        reachable: Grid points where an agent can stand.
    """

    rooms: tuple[MapRoom, ...]
    walls: tuple[Segment, ...] = ()
    doors: tuple[Segment, ...] = ()
    obstacles: tuple[MapBox, ...] = ()
    reachable: tuple[Point, ...] = ()
