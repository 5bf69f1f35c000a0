"""A house's model holds everything of the house, where the house says it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.houses.assets import find_asset
from spatune.envs.houses.frames import mujoco_rotation, rotation_matrix, to_mujoco
from spatune.envs.houses.house import House
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.model import LEAF, HouseModel
from spatune.envs.houses.read import read_house

DATA = Path(__file__).parent / "data"
FOUR = read_house(DATA / "four_rooms.json")


@pytest.fixture(scope="module")
def four() -> HouseModel:
    return HouseModel(FOUR)


def vertices_of(model: HouseModel, name: str) -> np.ndarray:
    """Corners of a geom's mesh as it stands (V, 3), in AI2-THOR's frame."""
    geom = model.model.geom(name).id
    mesh = model.model.geom_dataid[geom]
    begin = model.model.mesh_vertadr[mesh]
    vertices = model.model.mesh_vert[begin : begin + model.model.mesh_vertnum[mesh]]
    turn = model.data.geom_xmat[geom].reshape(3, 3)
    return to_mujoco(vertices @ turn.T + model.data.geom_xpos[geom])


def test_everything_has_an_owner(four: HouseModel) -> None:
    expected = {room.id for room in FOUR.rooms}
    expected |= {wall.id for wall in FOUR.walls if not wall.empty}
    expected |= {opening.id for opening in (*FOUR.doors, *FOUR.windows)}
    expected |= {thing.id for thing, _ in FOUR.all_objects()}
    assert four.owners[0] == "" and len(set(four.owners)) == len(four.owners)
    assert set(four.owners[1:]) == expected
    owned = {four.owners[number] for number in four.geom_owner}
    assert owned == {"", *expected}


def test_what_belongs_to_whom(four: HouseModel) -> None:
    def owner(name: str) -> str:
        return four.owners[four.geom_owner[four.model.geom(name).id]]

    for room in FOUR.rooms:
        assert owner(f"{room.id}|floor") == room.id
        assert owner(f"{room.id}|ceiling") == ""
    for door in FOUR.doors:
        assert owner(door.id) == door.id
        if door.id + LEAF in four.named:
            assert owner(door.id + LEAF) == door.id


@pytest.mark.parametrize("name", ["four", *house_names("test")[:2]])
def test_objects_stand_in_their_boxes(name: str, four: HouseModel) -> None:
    model = four if name == "four" else HouseModel(load_house(name))
    for thing, _ in model.house.all_objects():
        turn = rotation_matrix(thing.rotation)
        inside = (vertices_of(model, thing.id) - thing.position) @ turn
        size = find_asset(thing.asset_id).size
        # Parts may be a little smaller than the asset's box, never larger.
        assert (inside.min(axis=0) >= -np.array(size) / 2 - 1e-4).all(), thing.id
        assert (inside.max(axis=0) <= np.array(size) / 2 + 1e-4).all(), thing.id
        assert np.ptp(inside, axis=0)[1] > 0.8 * size[1], thing.id


def test_floors_and_ceilings_close_the_rooms(four: HouseModel) -> None:
    for room in FOUR.rooms:
        corners = np.array(room.floor)
        for part, height in (("floor", 0.0), ("ceiling", FOUR.ceiling_height)):
            found = vertices_of(four, f"{room.id}|{part}")
            np.testing.assert_allclose(found[:, 1], height, atol=1e-5)
            for corner in corners:
                assert np.linalg.norm(found[:, [0, 2]] - corner, axis=1).min() < 1e-5


def test_doors_and_windows_fill_their_holes(four: HouseModel) -> None:
    walls = {wall.id: wall for wall in FOUR.walls}
    for opening in (*FOUR.doors, *FOUR.windows):
        wall = walls[opening.walls[0]]
        start, end = np.array(wall.start), np.array(wall.end)
        along = (end - start) / wall.length
        parts = [opening.id, opening.id + LEAF]
        found = np.concatenate([vertices_of(four, p) for p in parts if p in four.named])
        where = (found[:, [0, 2]] - start) @ along
        across = (found[:, [0, 2]] - start) @ np.array([-along[1], along[0]])
        assert where.min() == pytest.approx(opening.left, abs=1e-3)
        assert where.max() == pytest.approx(opening.right, abs=1e-3)
        assert found[:, 1].min() == pytest.approx(opening.bottom, abs=1e-3)
        assert found[:, 1].max() == pytest.approx(opening.top, abs=1e-3)
        assert np.abs(across).max() < 0.1


def moved(house: House, object_id: str, position, rotation) -> House:
    objects = tuple(
        replace(thing, position=position, rotation=rotation) if thing.id == object_id else thing
        for thing in house.objects
    )
    return replace(house, objects=objects)


@pytest.mark.parametrize("object_id", ["5|2", "7|3", "5|3"])
def test_a_moved_object_is_where_a_house_with_it_there_has_it(object_id: str) -> None:
    position, rotation = (2.0, 1.0, 2.5), (0.0, 130.0, 0.0)
    model = HouseModel(FOUR)
    model.place(object_id, position, rotation)
    other = HouseModel(moved(FOUR, object_id, position, rotation))
    for thing, _ in FOUR.all_objects():
        here, there = (vertices_of(m, thing.id) for m in (model, other))
        np.testing.assert_allclose(here, there, atol=1e-5)


def test_turning_an_object_turns_it_about_the_middle_of_its_box() -> None:
    model = HouseModel(FOUR)
    thing = next(thing for thing in FOUR.objects if thing.id == "7|3")
    before = vertices_of(model, thing.id) - thing.position
    model.place(thing.id, thing.position, (90.0, thing.yaw, 0.0))
    after = vertices_of(model, thing.id) - thing.position
    start, end = rotation_matrix(thing.rotation), rotation_matrix((90.0, thing.yaw, 0.0))
    np.testing.assert_allclose(after, before @ start @ end.T, atol=1e-5)


def test_two_models_of_a_house_are_equal(four: HouseModel) -> None:
    again = HouseModel(FOUR)
    assert again.owners == four.owners
    for name in ("mesh_vert", "mesh_face", "mesh_texcoord", "mesh_normal", "tex_data", "mat_rgba"):
        first, second = getattr(four.model, name), getattr(again.model, name)
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(four.data.geom_xpos, again.data.geom_xpos)


def test_a_model_has_nothing_that_moves_by_itself(four: HouseModel) -> None:
    assert four.model.nq == 0 and four.model.nv == 0
    assert not four.model.geom_contype.any()
    np.testing.assert_allclose(
        mujoco_rotation(rotation_matrix((0.0, 0.0, 0.0))), np.eye(3), atol=1e-12
    )
