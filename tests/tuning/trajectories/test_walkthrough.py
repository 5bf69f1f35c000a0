"""The walk that looks around in every room."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.houses.floorplan import FloorPlan
from spatune.envs.houses.library import house_entries, load_house
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.reachable import ReachableGrid
from spatune.errors import SpatuneError
from spatune.tuning.trajectories.walkthrough import (
    MAX_STEPS,
    STEP_METRES,
    TURN_DEGREES,
    WalkPlanner,
)

NAMES = [entry.name for entry in house_entries() if entry.split == "train"][5::12]


def planner(name: str) -> tuple[WalkPlanner, FloorPlan, ReachableGrid]:
    from spatune.envs.embedded.settings import Settings
    from spatune.envs.embedded.world import World

    house = load_house(name)
    world = World(house, Settings())
    grid = ReachableGrid(world.plan, world.start, STEP_METRES)
    return WalkPlanner(house, grid), world.plan, grid


@pytest.mark.parametrize("name", NAMES)
def test_a_walk_turns_once_around_in_every_room_and_collides_with_nothing(name: str) -> None:
    plans, plan, _ = planner(name)
    rooms = {room.id: room.floor for room in load_house(name).rooms}
    poses = plans.plan(np.random.default_rng(3))
    assert len(poses) <= MAX_STEPS + 1

    yaws: dict[str, set[float]] = {room: set() for room in rooms}
    for pose in poses:
        for room, floor in rooms.items():
            if contains(floor, (pose.x, pose.z)):
                yaws[room].add(pose.yaw)
    assert {len(found) for found in yaws.values()} == {12}

    places = np.array([[pose.x, pose.z] for pose in poses])
    assert plan.clear(places[:-1], places[1:]).all()
    moved = np.linalg.norm(np.diff(places, axis=0), axis=1)
    turned = np.array([(b.yaw - a.yaw + 180) % 360 - 180 for a, b in zip(poses, poses[1:])])  # noqa: B905
    assert np.allclose(moved[moved > 0], STEP_METRES)
    assert np.allclose(np.abs(turned[turned != 0]), TURN_DEGREES)
    assert ((moved > 0) != (turned != 0)).all()


def test_an_agent_steps_where_it_looks() -> None:
    plans, _, _ = planner(NAMES[1])
    poses = plans.plan(np.random.default_rng(0))
    for before, after in zip(poses, poses[1:], strict=False):
        step = np.array([after.x - before.x, after.z - before.z])
        if step.any():
            yaw = np.radians(before.yaw)
            assert np.allclose(step, STEP_METRES * np.array([np.sin(yaw), np.cos(yaw)]))


def test_equal_seeds_give_equal_walks_and_others_do_not() -> None:
    plans, _, _ = planner(NAMES[0])
    first, same, other = (plans.plan(np.random.default_rng(s)) for s in (0, 0, 1))
    assert first == same
    assert first != other


def test_a_grid_of_another_step_is_refused() -> None:
    _, plan, grid = planner(NAMES[0])
    x, z = grid.points[0]
    wrong = ReachableGrid(plan, (float(x), float(z)), 0.25)
    with pytest.raises(SpatuneError, match=r"spacing is 0\.25 m"):
        WalkPlanner(load_house(NAMES[0]), wrong)
