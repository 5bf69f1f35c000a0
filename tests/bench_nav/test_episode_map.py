"""Maps show the house that was played in, and the way that was taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spatune.bench_nav.episode_map import episode_map, house_map
from spatune.bench_nav.top_down import MapBox
from spatune.envs.houses.floorplan import FloorPlan, is_passable
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.read import read_house
from spatune.envs.houses.yaw_box import object_box
from spatune.envs.thor import ThorEnv

DATA = Path(__file__).parents[1] / "envs" / "houses" / "data"
HOUSES = [read_house(DATA / "four_rooms.json"), load_house(house_names("test")[2])]


def in_order(corners) -> np.ndarray:
    """Corners (4, 2), the same for the same box whatever corner is first."""
    points = np.array(corners)
    middle = points.mean(axis=0)
    angles = np.arctan2(*(points - middle).T)
    return points[np.argsort(np.round(angles, 6))]


@pytest.mark.parametrize("house", HOUSES, ids=["four", "test"])
def test_a_map_has_the_rooms_walls_doors_and_furniture_of_the_house(house) -> None:
    reachable = np.array([[1.0, 2.0], [1.25, 2.0]])
    drawn = house_map(house, reachable)
    assert [room.polygon for room in drawn.rooms] == [room.floor for room in house.rooms]
    assert [room.room_type for room in drawn.rooms] == [room.room_type for room in house.rooms]
    inner = [wall for wall in house.walls if not (wall.empty or wall.exterior)]
    assert drawn.walls == tuple((wall.start, wall.end) for wall in inner)
    assert drawn.reachable == ((1.0, 2.0), (1.25, 2.0))
    passages = [door for door in house.doors if is_passable(door, door.openness)]
    assert len(drawn.doors) == len(passages) > 0
    for door, (a, b) in zip(passages, drawn.doors, strict=True):
        assert np.hypot(b[0] - a[0], b[1] - a[1]) == pytest.approx(door.right - door.left)
        middle = np.add(a, b) / 2
        assert FloorPlan(house).inside(middle)[0]
    standing = {
        owner: box
        for owner, box in zip(
            [o for o in FloorPlan(house).owners if not o.startswith("wall")],
            drawn.obstacles,
            strict=True,
        )
    }
    for thing, _ in house.all_objects():
        if thing.id in standing:
            box = standing[thing.id]
            assert isinstance(box, MapBox)
            expected = in_order(object_box(thing).corners)
            np.testing.assert_allclose(in_order(box.corners()), expected, atol=1e-9)


@pytest.mark.parametrize("task", ["objectnav", "pointnav", "roomvisit"])
def test_the_map_of_an_episode_shows_the_way_that_was_taken(task) -> None:
    house = house_names("val")[0]
    env = ThorEnv(
        task, split="val", houses=(house,), backend="embedded", image_size=32, render_every=0
    )
    pictures = []
    for moves in (0, 8):
        env.reset(options={"house": house, "init_index": 0})
        for step in range(moves):
            env.step(0 if step % 3 else 2)
        *_, info = env.step(5)
        digest = env.state_digest()
        pictures.append(np.asarray(episode_map(env, info)))
        assert env.state_digest() == digest
        assert len(env.path) == 1 or moves
    for picture in pictures:
        assert picture.ndim == 3 and min(picture.shape[:2]) > 200 and picture.std() > 10
    assert pictures[0].shape != pictures[1].shape or (pictures[0] != pictures[1]).any()
    env.close()
