"""Wall faces have their area less that of their holes, and look into their room."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.envs.houses.house import House, Material, Opening, Wall
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.openings import opening_span
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.read import read_house
from spatune.envs.houses.walls import Rectangle, solid_rectangles, wall_mesh

DATA = Path(__file__).parent / "data"
HOUSES = [read_house(DATA / f"{name}_rooms.json") for name in ("two", "four")]
HOUSES += [load_house(name) for name in house_names("test")[:3]]

FACE = Wall("wall|1|0", "room|1", (0.0, 0.0), (10.0, 0.0), 0.0, 3.0, Material("Drywall"))
BACK = replace(FACE, id="wall|2|0", room_id="room|2", start=FACE.end, end=FACE.start)


def opening(number: int, left: float, right: float, bottom: float, top: float) -> Opening:
    return Opening(
        id=f"window|{number}",
        asset_id="Window_Fixed_24x24",
        rooms=("room|1", "room|2"),
        walls=(FACE.id, BACK.id),
        left=left,
        right=right,
        bottom=bottom,
        top=top,
        asset_position=(0.0, 0.0, 0.0),
    )


def area(rectangle: Rectangle) -> float:
    left, right, bottom, top = rectangle
    return (right - left) * (top - bottom)


def holds(rectangle: Rectangle, along: float, height: float) -> bool:
    left, right, bottom, top = rectangle
    return left < along < right and bottom < height < top


@st.composite
def holes(draw: st.DrawFn) -> list[Opening]:
    """Up to four holes side by side; each may reach the floor, the ceiling, or both."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    found = []
    for number, (left, right) in enumerate(spans):
        low, high = sorted(draw(st.lists(st.integers(0, 30), min_size=2, max_size=2, unique=True)))
        found.append(opening(number, left / 10, right / 10, low / 10, high / 10))
    return draw(st.permutations(found))


@given(holes(), st.sampled_from([FACE, BACK]))
def test_a_face_less_its_holes(openings: list[Opening], wall: Wall) -> None:
    pieces = solid_rectangles(wall, openings)
    cut = [(*opening_span(hole, wall), hole.bottom, hole.top) for hole in openings]
    assert sum(map(area, pieces)) == pytest.approx(30.0 - sum(map(area, cut)))
    # Cuts lie on multiples of 0.1 m: the middle of each cell tells whether it is solid, once.
    for along in np.arange(0.05, 10.0, 0.7).tolist():
        for height in np.arange(0.05, 3.0, 0.3).tolist():
            hollow = any(holds(hole, along, height) for hole in cut)
            assert sum(holds(piece, along, height) for piece in pieces) == (not hollow)


def test_openings_of_other_walls_cut_nothing() -> None:
    other = replace(FACE, id="wall|9|9")
    assert solid_rectangles(other, [opening(0, 1, 2, 0, 2)]) == [(0.0, 10.0, 0.0, 3.0)]


def test_a_wall_that_is_all_hole_has_no_mesh() -> None:
    house = HOUSES[1]
    door = next(door for door in house.doors if not door.outside)
    wall = next(wall for wall in house.walls if wall.id == door.walls[0])
    gate = replace(door, left=0.0, right=wall.length, bottom=0.0, top=wall.top)
    assert wall_mesh(wall, replace(house, doors=(gate,))) is None
    assert wall_mesh(replace(wall, empty=True), house) is None


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: f"{len(house.rooms)} rooms")
def test_every_face_looks_into_its_room_and_outer_faces_look_out(house: House) -> None:
    rooms = {room.id: room.floor for room in house.rooms}
    holes = (*house.doors, *house.windows)
    for wall in house.walls:
        mesh = wall_mesh(wall, house)
        if wall.empty:
            assert mesh is None
            continue
        assert mesh is not None
        start, end = np.array(wall.start), np.array(wall.end)
        along = (end - start) / wall.length
        a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
        vectors = np.cross(b - a, c - a) / 2
        face = np.abs(vectors[:, 2]) < 1e-9
        corners = mesh.vertices[np.unique(mesh.faces[face])]
        across = (corners[:, :2] - start) @ np.array([-along[1], along[0]])
        np.testing.assert_allclose(across, 0.0, atol=1e-6)
        normals = vectors[face, :2] / np.linalg.norm(vectors[face], axis=1, keepdims=True)
        np.testing.assert_allclose(normals, np.tile(normals[0], (face.sum(), 1)), atol=1e-9)
        x, z = (start + end) / 2 + 0.05 * normals[0]
        if wall.exterior:
            assert not any(contains(floor, (x, z)) for floor in rooms.values())
        else:
            assert contains(rooms[wall.room_id], (x, z))
        cut = sum(
            (hole.right - hole.left) * (min(hole.top, wall.top) - max(hole.bottom, wall.bottom))
            for hole in holes
            if wall.id in hole.walls
        )
        solid = np.linalg.norm(vectors[face], axis=1).sum()
        assert solid == pytest.approx(wall.length * (wall.top - wall.bottom) - cut, rel=1e-3)


def test_walls_have_an_upper_edge_that_a_map_shows() -> None:
    house = HOUSES[0]
    for wall in house.walls:
        mesh = wall_mesh(wall, house)
        if mesh is None:
            continue
        a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
        vectors = np.cross(b - a, c - a) / 2
        assert vectors[:, 2].sum() == pytest.approx(0.04 * wall.length)
        edge = mesh.vertices[np.unique(mesh.faces[vectors[:, 2] > 1e-9])]
        np.testing.assert_allclose(edge[:, 2], wall.top)


def test_the_pieces_of_a_face_do_not_overlap() -> None:
    for house in HOUSES:
        for wall in house.walls:
            pieces = solid_rectangles(wall, (*house.doors, *house.windows))
            for one, other in combinations(pieces, 2):
                wide = min(one[1], other[1]) - max(one[0], other[0])
                high = min(one[3], other[3]) - max(one[2], other[2])
                assert wide <= 1e-9 or high <= 1e-9
