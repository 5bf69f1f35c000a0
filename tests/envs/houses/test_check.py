"""Geometry that cannot be simulated is refused, and only that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from spatune.envs.houses.check import check_house
from spatune.envs.houses.house import GroundPoint, House, Opening, Room, Wall
from spatune.envs.houses.read import read_house
from spatune.errors import SpatuneError

DATA = Path(__file__).parent / "data"
HOUSE = read_house(DATA / "two_rooms.json", check=False)
DOOR = HOUSE.doors[0]
INNER = [index for index, wall in enumerate(HOUSE.walls) if not wall.exterior]
OUTER = [index for index, wall in enumerate(HOUSE.walls) if wall.exterior]


def moved(points: Sequence[GroundPoint], metres: float) -> tuple[GroundPoint, ...]:
    """The points further along x."""
    return tuple((x + metres, z) for x, z in points)


def with_walls(**changes: Wall | None) -> House:
    """The house with walls exchanged, or left out, by their number: `w3=None`."""
    walls = [changes.get(f"w{index}", wall) for index, wall in enumerate(HOUSE.walls)]
    return replace(HOUSE, walls=tuple(wall for wall in walls if wall is not None))


def with_floor(index: int, floor: Sequence[GroundPoint]) -> House:
    rooms = list(HOUSE.rooms)
    rooms[index] = replace(rooms[index], floor=tuple(floor))
    return replace(HOUSE, rooms=tuple(rooms))


def with_living_room_moved(metres: float) -> House:
    """The house with `room|3` and all its faces further along x, into `room|2`."""
    room = HOUSE.rooms[1]
    walls = tuple(
        replace(wall, start=moved([wall.start], metres)[0], end=moved([wall.end], metres)[0])
        if wall.room_id == room.id
        else wall
        for wall in HOUSE.walls
    )
    return replace(with_floor(1, moved(room.floor, metres)), walls=walls)


def refused(house: House, message: str) -> None:
    with pytest.raises(SpatuneError, match=f"^{re.escape(message)}") as error:
        check_house(house)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["two_rooms", "four_rooms"])
def test_generated_houses_are_accepted(name: str) -> None:
    check_house(read_house(DATA / f"{name}.json", check=False))


def test_a_house_has_rooms() -> None:
    refused(replace(HOUSE, rooms=()), "house.rooms: a house needs at least one room")


@pytest.mark.parametrize(
    ("floor", "message"),
    [
        ([(0, 0), (4, 0)], "a floor needs three corners, got 2"),
        ([(0, 0), (4, 0), (2, 0), (1, 0)], "the floor has no area"),
        ([(1, 1), (1, 1), (1, 1)], "the floor has no area"),
        ([(0, 0), (4, 4), (4, 0), (0, 4)], "the edges from (0, 0) and from (4, 0) cross or touch"),
        ([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)], "the edges from (0, 0) and from (4, 4) cross"),
    ],
)
def test_a_floor_is_a_simple_polygon(floor: list[GroundPoint], message: str) -> None:
    refused(with_floor(1, floor), f"house.rooms[1].floorPolygon: {message}")


@pytest.mark.parametrize("index", INNER)
def test_a_room_without_one_of_its_walls_is_open(index: int) -> None:
    wall = HOUSE.walls[index]
    room = [room.id for room in HOUSE.rooms].index(wall.room_id)
    refused(with_walls(**{f"w{index}": None}), f"house.rooms[{room}].floorPolygon: open from (")


@pytest.mark.parametrize("index", INNER)
def test_a_wall_may_be_as_far_as_a_centimetre_from_its_floor(index: int) -> None:
    def pushed(metres: float) -> House:
        wall = HOUSE.walls[index]
        # Diagonally, so that it leaves the edge whichever way that runs.
        start, end = ((x + metres, z + metres) for x, z in (wall.start, wall.end))
        walls = {f"w{index}": replace(wall, start=start, end=end)}
        return replace(with_walls(**walls), doors=(), windows=())

    faces_only = [wall for wall in pushed(0.005).walls if not wall.exterior]
    check_house(replace(pushed(0.005), walls=tuple(faces_only)))
    with pytest.raises(SpatuneError, match="open from"):
        check_house(pushed(0.03))


@pytest.mark.parametrize("index", [2, 3])
def test_a_side_may_have_several_walls_and_a_wall_several_sides(index: int) -> None:
    wall = HOUSE.walls[index]
    middle = ((wall.start[0] + wall.end[0]) / 2, (wall.start[1] + wall.end[1]) / 2)
    halves = (
        replace(wall, id="wall|2|first", end=middle),
        replace(wall, id="wall|2|second", start=middle),
    )
    inner = replace(
        with_walls(**{f"w{index}": None, **{f"w{outer}": None for outer in OUTER}}),
        doors=(),
        windows=(),
    )
    check_house(replace(inner, walls=(*inner.walls, *halves)))
    refused(
        replace(inner, walls=(*inner.walls, halves[0])),
        f"house.rooms[0].floorPolygon: open from ({middle[0]:g}, {middle[1]:g}) towards",
    )
    floor = HOUSE.rooms[0].floor
    at = floor.index(wall.start) + 1
    check_house(with_floor(0, (*floor[:at], middle, *floor[at:])))


def test_rooms_do_not_overlap() -> None:
    check_house(with_living_room_moved(1e-5))
    refused(
        with_living_room_moved(0.1),
        "house.rooms[1].floorPolygon: overlaps house.rooms[0] by 0.1681 m^2",
    )


@pytest.mark.parametrize("index", OUTER)
def test_an_outer_face_has_an_inner_one_behind_it(index: int) -> None:
    wall = HOUSE.walls[index]
    message = f"house.walls[{index}]: no face of {wall.room_id} is behind this outer one"
    refused(with_walls(**{f"w{index}": replace(wall, start=wall.end, end=wall.start)}), message)
    away = replace(wall, start=moved([wall.start], 0.1)[0], end=moved([wall.end], 0.1)[0])
    refused(with_walls(**{f"w{index}": away}), message)


@pytest.mark.parametrize(
    ("door", "message"),
    [
        ({"left": -0.1, "right": 1.7}, "wall0: the opening is 1.800 m wide, the wall 1.681 m"),
        ({"left": -0.1}, "wall0: the opening, -0.100 to 1.382 m along it, leaves the wall of 1.68"),
        ({"right": 1.7, "left": 0.5}, "wall0: the opening, 0.500 to 1.700 m along it, leaves"),
        ({"right": 1.685}, "wall0: the opening, 0.340 to 1.685 m along it, leaves"),
        (
            {"top": 3.0},
            "wall0: the opening, 0.000 to 3.000 m high, leaves the wall from 0.000 to 2.5",
        ),
        (
            {"bottom": -0.5},
            "wall0: the opening, -0.500 to 2.104 m high, leaves the wall from 0.000",
        ),
        (
            {"walls": (DOOR.walls[0], "wall|exterior|0.00|3.36|3.36|3.36")},
            "wall1: 'wall|exterior|0.00|3.36|3.36|3.36' is not back to back with wall0 ",
        ),
        ({"walls": (DOOR.walls[0],) * 2}, f"wall1: {DOOR.walls[0]!r} is not back to back with"),
        ({"rooms": ("room|2", "room|3")}, f"wall0: {DOOR.walls[0]!r} is of room|3, but room0 is"),
        ({"rooms": ("room|3", "room|2")}, f"wall1: {DOOR.walls[1]!r} is of room|3, but room1 is"),
        (
            {
                "rooms": ("room|2", "room|3"),
                "walls": ("wall|2|3.36|3.36|3.36|5.04", "wall|3|3.36|3.36|3.36|5.04"),
            },
            "wall0: 'wall|2|3.36|3.36|3.36|5.04' is empty: it has no openings",
        ),
    ],
)
def test_an_opening_is_in_its_wall(door: dict, message: str) -> None:
    refused(replace(HOUSE, doors=(replace(DOOR, **door),)), f"house.doors[0].{message}")


def test_an_opening_is_no_higher_than_either_face() -> None:
    far = next(i for i, wall in enumerate(HOUSE.walls) if wall.id == DOOR.walls[1])
    low = with_walls(**{f"w{far}": replace(HOUSE.walls[far], top=2.0)})
    refused(low, "house.doors[0].wall1: the opening, 0.000 to 2.104 m high, leaves the wall from")


def test_an_opening_may_fill_its_wall() -> None:
    wall = next(wall for wall in HOUSE.walls if wall.id == DOOR.walls[0])
    whole = replace(DOOR, left=0.0, right=wall.length, bottom=wall.bottom, top=wall.top)
    check_house(replace(HOUSE, doors=(whole,)))


def test_the_faces_of_a_wall_may_differ_by_a_centimetre() -> None:
    far = next(i for i, wall in enumerate(HOUSE.walls) if wall.id == DOOR.walls[1])
    near = next(wall for wall in HOUSE.walls if wall.id == DOOR.walls[0])
    whole = replace(DOOR, left=0.0, right=near.length)
    x, z = HOUSE.walls[far].start
    for shorter, fits in ((0.005, True), (0.03, False)):
        face = replace(HOUSE.walls[far], start=(x, z - shorter))
        assert face.length == pytest.approx(near.length - shorter)
        house = replace(with_walls(**{f"w{far}": face}), doors=(whole,))
        if fits:
            check_house(house)
        else:
            refused(house, f"house.walls[{far}]: no face of room|3 is behind this outer one")


def beside(opening: Opening, metres: float) -> Opening:
    """A copy that begins so far after the opening ends, seen along its second face."""
    wall = next(wall for wall in HOUSE.walls if wall.id == opening.walls[0])
    width = opening.right - opening.left
    left = wall.length - opening.left - width - metres - width
    return replace(
        opening,
        id="window|2|9",
        rooms=opening.rooms[::-1],
        walls=opening.walls[::-1],
        left=left,
        right=left + width,
    )


def test_openings_of_a_wall_do_not_overlap() -> None:
    window = HOUSE.windows[2]
    for gap, fits in ((0.1, True), (0.0, True), (-0.1, False)):
        house = replace(HOUSE, windows=(window, beside(window, gap)))
        if fits:
            check_house(house)
        else:
            refused(house, "house.windows[1]: overlaps house.windows[0] in the same wall")
    above = replace(window, id="window|2|9", bottom=window.top, top=window.top + 0.5)
    check_house(replace(HOUSE, windows=(window, above)))
    door = replace(window, id="door|1|2", bottom=0.0)
    refused(
        replace(HOUSE, doors=(door,), windows=(window,)),
        "house.windows[0]: overlaps house.doors[0] in the same wall",
    )


@pytest.mark.parametrize(("x", "z"), [(-0.1, 4.0), (1.0, 6.0), (4.0, 7.0), (3.0, 2.0)])
def test_the_agent_starts_in_a_room(x: float, z: float) -> None:
    agent = replace(HOUSE.agent, position=(x, 0.95, z))
    refused(
        replace(HOUSE, agent=agent),
        f"house.metadata.agent.position: ({x:g}, {z:g}) is outside of every room",
    )


def test_slanted_walls_are_no_hindrance() -> None:
    floor = ((0.0, 0.0), (3.0, 1.0), (4.0, 4.0), (1.5, 2.0))
    room = Room("room|1", "Bedroom", floor, HOUSE.rooms[0].floor_material)
    walls = tuple(
        replace(HOUSE.walls[0], id=f"wall|1|{i}", room_id=room.id, start=start, end=end)
        for i, (start, end) in enumerate(zip(floor, [*floor[1:], floor[0]], strict=True))
    )
    agent = replace(HOUSE.agent, position=(2.0, 0.95, 2.0))
    house = replace(HOUSE, rooms=(room,), walls=walls, doors=(), windows=(), agent=agent)
    check_house(house)
    refused(replace(house, walls=walls[:3]), "house.rooms[0].floorPolygon: open from (1.5, 2)")
