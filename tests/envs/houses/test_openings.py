"""Where openings lie along the two faces of their wall, in real houses."""

from __future__ import annotations

from dataclasses import replace
from math import dist
from pathlib import Path

import pytest

from spatune.envs.houses.house import GroundPoint, Opening, Wall
from spatune.envs.houses.openings import opening_span
from spatune.envs.houses.read import read_house
from spatune.errors import SpatuneError

HOUSES = [
    read_house(Path(__file__).parent / "data" / f"{name}_rooms.json") for name in ("two", "four")
]
OPENINGS = [
    pytest.param(house, opening, id=f"{len(house.rooms)} rooms, {opening.id}")
    for house in HOUSES
    for opening in (*house.doors, *house.windows)
]


def world_points(opening: Opening, wall: Wall) -> tuple[GroundPoint, GroundPoint]:
    """The hole's two ends on the floor plan, first the one nearer to the wall's start."""
    left, right = opening_span(opening, wall)
    (x, z), (end_x, end_z) = wall.start, wall.end
    along = (end_x - x) / wall.length, (end_z - z) / wall.length
    return (x + left * along[0], z + left * along[1]), (x + right * along[0], z + right * along[1])


@pytest.mark.parametrize(("house", "opening"), OPENINGS)
def test_both_faces_put_an_opening_at_the_same_place(house, opening: Opening) -> None:
    walls = {wall.id: wall for wall in house.walls}
    near, far = (walls[name] for name in opening.walls)
    assert near.start != far.start
    first, last = world_points(opening, near)
    far_first, far_last = world_points(opening, far)
    assert dist(first, far_last) < 0.01 and dist(last, far_first) < 0.01
    assert dist(first, last) == pytest.approx(opening.right - opening.left)


def test_interior_and_outside_openings_are_among_them() -> None:
    outside = [opening.outside for house in HOUSES for opening in (*house.doors, *house.windows)]
    assert any(outside) and not all(outside)


@pytest.mark.parametrize(("house", "opening"), OPENINGS)
def test_the_asset_is_in_the_middle_of_its_hole(house, opening: Opening) -> None:
    x, y, _ = opening.asset_position
    assert x == pytest.approx((opening.left + opening.right) / 2, abs=0.1)
    assert y == pytest.approx((opening.bottom + opening.top) / 2, abs=0.1)


def test_an_opening_has_no_place_in_another_wall() -> None:
    house = HOUSES[0]
    door, wall = house.doors[0], replace(house.walls[0], id="wall|9")
    with pytest.raises(SpatuneError, match=r"door\|1\|3 goes through .*, not through wall\|9"):
        opening_span(door, wall)
