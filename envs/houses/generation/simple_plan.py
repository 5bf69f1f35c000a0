"""`SimplePlan`: rooms of a simple house, their walls, doors and windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..assets import Asset, Split, assets_of_type
from ..house import Colour, GroundPoint, Material, Opening, Room, Wall
from ..openings import opening_span
from ..yaw_box import YawBox

ROOM_CHAINS: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (("LivingRoom",), ("Bedroom",), ("Kitchen",)),
    2: (("Kitchen", "LivingRoom"), ("LivingRoom", "Bedroom"), ("Bedroom", "Bathroom")),
    3: (
        ("Kitchen", "LivingRoom", "Bedroom"),
        ("LivingRoom", "Bedroom", "Bathroom"),
        ("Kitchen", "LivingRoom", "Bathroom"),
    ),
}
"""Room types of houses by their number of rooms; a door joins each room to the next."""

FIRST_ROOM = 2
"""Number of the first room; ProcTHOR keeps 1 for the outdoors."""

_SIDES = ("west", "north", "east", "south")
_WALL_COLOURS: tuple[Colour, ...] = (
    (0.949, 0.941, 0.918),
    (0.914, 0.835, 0.789),
    (0.796, 0.831, 0.761),
    (0.733, 0.804, 0.851),
    (0.898, 0.871, 0.741),
    (0.682, 0.678, 0.675),
)
_WALLS = ("OrangeDrywall", "BrownDrywall", "WallDrywallWhite", "EggshellDrywall")
_FLOORS = ("DarkWoodSmooth", "DarkWoodFloors", "DarkWoodPlanks", "BedroomFloor1", "GreyFloor")
_TILES = ("CeramicTiles1", "CeramicTiles2", "CeramicTiles3")
_OUTSIDE = Material("WallDrywallWhite")


@dataclass(frozen=True)
class RoomPlan:
    """A rectangular room.

    Attributes:
        number: Its number in the house.
        room_type: Its type.
        low: Least (x, z), metres.
        high: Greatest (x, z), metres.
    """

    number: int
    room_type: str
    low: GroundPoint
    high: GroundPoint

    @property
    def id(self) -> str:
        """`room|<number>`."""
        return f"room|{self.number}"

    def side(self, name: str) -> tuple[GroundPoint, GroundPoint]:
        """Ends of a wall, in the order in which walls run: clockwise seen from above."""
        (x0, z0), (x1, z1) = self.low, self.high
        return {
            "west": ((x0, z0), (x0, z1)),
            "north": ((x0, z1), (x1, z1)),
            "east": ((x1, z1), (x1, z0)),
            "south": ((x1, z0), (x0, z0)),
        }[name]


@dataclass(frozen=True)
class SimplePlan:
    """A house without furniture.

    Attributes:
        plans: Its rooms as rectangles.
        rooms: Its rooms.
        walls: Faces of walls.
        doors: One between each room and the next, and one that leads outside.
        windows: At least one.
        height: Of the ceiling, metres.
        ceiling: Material of ceilings.
    """

    plans: tuple[RoomPlan, ...]
    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    doors: tuple[Opening, ...]
    windows: tuple[Opening, ...]
    height: float
    ceiling: Material

    def spaces_before(self, openings: Sequence[Opening], room: str, depth: float) -> list[YawBox]:
        """The spaces in front of those openings that a room has, from floor to ceiling."""
        walls = {wall.id: wall for wall in self.walls}
        found = []
        for opening in openings:
            if room in opening.rooms:
                wall = walls[opening.walls[opening.rooms.index(room)]]
                found.append(_space_before(opening, wall, depth))
        return found


def _space_before(opening: Opening, wall: Wall, depth: float) -> YawBox:
    left, right = opening_span(opening, wall)
    start, end = np.array(wall.start), np.array(wall.end)
    along = (end - start) / wall.length
    # The room is to the right of its walls.
    x, z = start + along * (left + right) / 2 + depth / 2 * np.array([along[1], -along[0]])
    yaw = float(np.degrees(np.arctan2(-along[1], along[0])))
    height = wall.top - wall.bottom
    return YawBox((float(x), height / 2, float(z)), (right - left, height, depth), yaw)


def simple_plan(count: int, split: Split, random: np.random.Generator) -> SimplePlan:
    """Draw the rooms of a house, in a row or, of three, in an L."""
    plans = _rectangles(count, random)
    height = round(float(random.uniform(2.5, 3.0)), 3)
    looks = {plan.number: _wall_material(random) for plan in plans}
    shared = {
        _line(*plan.side(side)): (plan, other)
        for plan, other in zip(plans[:-1], plans[1:], strict=True)
        for side in _SIDES
        if _line(*plan.side(side)) in [_line(*other.side(name)) for name in _SIDES]
    }
    walls: list[Wall] = []
    for plan in plans:
        for side in _SIDES:
            start, end = plan.side(side)
            name = f"wall|{plan.number}|{_line(start, end)}"
            walls.append(Wall(name, plan.id, start, end, 0.0, height, looks[plan.number]))
            if _line(start, end) not in shared:
                outer = f"wall|exterior|{_line(start, end)}"
                walls.append(Wall(outer, plan.id, end, start, 0.0, height, _OUTSIDE))
    doors = [
        _door(f"door|{a.number}|{b.number}", (a, b), line, walls, split, random)
        for line, (a, b) in shared.items()
    ]
    free = [wall for wall in walls if wall.exterior and wall.room_id == _entrance(plans).id]
    front = free[int(random.integers(len(free)))]
    doors.append(_outer_door(front, walls, split, random))
    windows = _windows(plans, walls, front, split, random)
    rooms = tuple(
        Room(
            plan.id,
            plan.room_type,
            tuple(plan.side(side)[0] for side in _SIDES),
            Material(_choice(_TILES if plan.room_type == "Bathroom" else _FLOORS, random)),
        )
        for plan in plans
    )
    return SimplePlan(
        plans, rooms, tuple(walls), tuple(doors), windows, height, Material("PureWhite")
    )


def _rectangles(count: int, random: np.random.Generator) -> tuple[RoomPlan, ...]:
    chain = ROOM_CHAINS[count][random.integers(len(ROOM_CHAINS[count]))]
    depth = round(float(random.uniform(3.8, 5.2)), 3)
    in_l = count == 3 and random.random() < 0.5
    plans: list[RoomPlan] = []
    x = 0.0
    for index, kind in enumerate(chain):
        extent = (2.4, 3.0) if kind == "Bathroom" else (3.8, 5.4)
        width = round(float(random.uniform(*extent)), 3)
        low, high = (x, 0.0), (round(x + width, 3), depth)
        if in_l and index == 2:
            before = plans[-1]
            low = (before.low[0], depth)
            high = (before.high[0], round(depth + width, 3))
        plans.append(RoomPlan(FIRST_ROOM + index, kind, low, high))
        x = high[0]
    return tuple(plans)


def _line(start: GroundPoint, end: GroundPoint) -> str:
    """Both ends as ProcTHOR writes them into the ids of walls, whatever their order."""
    (x0, x1), (z0, z1) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return f"{x0:.2f}|{z0:.2f}|{x1:.2f}|{z1:.2f}"


def _wall_material(random: np.random.Generator) -> Material:
    if random.random() < 0.7:
        return Material("PureWhite", _WALL_COLOURS[random.integers(len(_WALL_COLOURS))])
    return Material(_choice(_WALLS, random))


def _choice(names: Sequence[str], random: np.random.Generator) -> str:
    return names[int(random.integers(len(names)))]


def _entrance(plans: Sequence[RoomPlan]) -> RoomPlan:
    order = ("LivingRoom", "Kitchen", "Bedroom")
    return min(plans, key=lambda plan: (*order, "Bathroom").index(plan.room_type))


def _door(
    name: str,
    between: tuple[RoomPlan, RoomPlan],
    line: str,
    walls: Sequence[Wall],
    split: Split,
    random: np.random.Generator,
) -> Opening:
    first, second = between
    wall = next(wall for wall in walls if wall.id == f"wall|{first.number}|{line}")
    faces = (wall.id, f"wall|{second.number}|{line}")
    asset = _pick("Doorway", split, random, lambda asset: asset.size[0] < 1.2)
    return _opening(name, asset, (first.id, second.id), faces, wall, 0.0, random, is_open=True)


def _outer_door(
    outer: Wall, walls: Sequence[Wall], split: Split, random: np.random.Generator
) -> Opening:
    number = outer.room_id.split("|")[1]
    inner = next(w for w in walls if w.id == outer.id.replace("exterior", number))
    asset = _pick("Doorway", split, random, lambda asset: asset.size[0] < 1.2)
    rooms = (inner.room_id, inner.room_id)
    faces = (inner.id, outer.id)
    return _opening(f"door|1|{number}", asset, rooms, faces, inner, 0.0, random, is_open=False)


def _windows(
    plans: Sequence[RoomPlan],
    walls: Sequence[Wall],
    front: Wall,
    split: Split,
    random: np.random.Generator,
) -> tuple[Opening, ...]:
    """One or two in each room but bathrooms; no wall has two openings, which AI2-THOR refuses."""
    found = []
    for plan in plans:
        if plan.room_type == "Bathroom":
            continue
        free = [w for w in walls if w.exterior and w.room_id == plan.id and w.id != front.id]
        count = min(len(free), 1 + int(random.random() < 0.5))
        for index, place in enumerate(random.permutation(len(free))[:count]):
            outer = free[place]
            inner = outer.id.replace("exterior", str(plan.number))
            wall = next(wall for wall in walls if wall.id == inner)
            asset = _pick(
                "Window",
                split,
                random,
                lambda asset, wall=wall: (
                    "Bay" not in asset.id
                    and asset.size[0] < wall.length - 0.6
                    and asset.size[1] < wall.top - 0.8
                ),
            )
            bottom = (wall.top - asset.size[1]) / 2
            name = f"window|{plan.number}|{index}"
            rooms = (plan.id, plan.id)
            found.append(_opening(name, asset, rooms, (inner, outer.id), wall, bottom, random))
    return tuple(found)


def _pick(kind: str, split: Split, random: np.random.Generator, fits) -> Asset:
    fitting = [a for a in assets_of_type(kind) if a.split in (split, None) and fits(a)]
    return fitting[random.integers(len(fitting))]


def _opening(
    name: str,
    asset: Asset,
    rooms: tuple[str, str],
    faces: tuple[str, str],
    wall: Wall,
    bottom: float,
    random: np.random.Generator,
    *,
    is_open: bool | None = None,
) -> Opening:
    """A hole as large as the asset at a random place along a wall; windows are neither open nor
    shut."""
    width, height, _ = asset.size
    left = float(random.uniform(0.25, wall.length - width - 0.25))
    return Opening(
        id=name,
        asset_id=asset.id,
        rooms=rooms,
        walls=faces,
        left=left,
        right=left + width,
        bottom=bottom,
        top=bottom + height,
        asset_position=(left + width / 2, bottom + height / 2, 0.0),
        openable=bool(is_open),
        openness=float(bool(is_open)),
    )
