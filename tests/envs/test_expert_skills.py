"""Skills of the scripted expert: pull, turn, push, insert, shut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from spatune.bench_libero.protocol import PROTOCOLS
from spatune.envs.experts.libero import LiberoExpert
from spatune.envs.experts.skills.arm import OPEN, Actions, Arm
from spatune.envs.experts.skills.pull import pull
from spatune.envs.experts.skills.push import push_shut, push_to
from spatune.envs.experts.skills.turn import turn
from spatune.envs.libero import REST_ACTION, LiberoEnv
from spatune.errors import SpatuneError

TUNED = 14
"""An init state that the skills were tuned on."""


@contextmanager
def scene(suite: str, task_id: int, seed: int = 0, init_index: int = TUNED) -> Iterator[LiberoEnv]:
    env = LiberoEnv(suite, task_id, cameras={})
    env.reset_scene(seed, init_index=init_index)
    yield env
    env.close()


def run(env: LiberoEnv, actions: Actions) -> None:
    for action in actions:
        env.step(action)


def test_pull_opens_a_drawer_and_resting_does_not() -> None:
    goal = ("open", "wooden_cabinet_1_middle_region")
    with scene("libero_goal", 0) as env:
        assert env.privileged.goal == (goal,)
        for _ in range(60):
            env.step(REST_ACTION)
        assert not env.privileged.holds(goal)
        run(env, pull(Arm(env.privileged), goal[1]))
        assert env.privileged.holds(goal)


def test_turn_works_the_stove_on_and_off() -> None:
    with scene("libero_goal", 7) as env:
        goal = ("turnon", "flat_stove_1")
        assert not env.privileged.holds(goal)
        for on in (True, False):
            run(env, turn(Arm(env.privileged), "flat_stove_1", on=on))
            assert env.privileged.holds(goal) is on


def test_push_slides_a_plate_to_its_region() -> None:
    with scene("libero_goal", 5) as env:
        (goal,) = env.privileged.goal
        height = env.privileged.position("plate_1")[2]
        reached = False
        for action in push_to(Arm(env.privileged), goal):
            reached = reached or env.step(action)[2]
            assert env.privileged.position("plate_1")[2] < height + 0.03
        assert reached


def test_mug_goes_through_the_door_which_is_shut_behind_it() -> None:
    with scene("libero_10", 9) as env:
        expert = LiberoExpert(env.privileged)
        for action in expert.actions():
            *_, success, truncated, _ = env.step(action)
            if success or truncated:
                break
        assert success
        assert expert.grasp is not None
        assert expert.grasp.kind == "rim"


@pytest.mark.parametrize(
    ("suite", "task_id", "init_index"),
    [
        pytest.param("libero_spatial", 4, 20, id="a bowl is lifted over the drawer's wall"),
        pytest.param("libero_object", 7, 12, id="milk jammed in the open fingers is shaken off"),
    ],
)
def test_carries_an_object_to_its_end(suite: str, task_id: int, init_index: int) -> None:
    seed = PROTOCOLS["paired"].env_seed(init_index)
    with scene(suite, task_id, seed, init_index) as env:
        expert = LiberoExpert(env.privileged)
        success = any(env.step(action)[2] for action in expert.actions())
        assert success
        assert expert.attempts == 1


@pytest.mark.slow
def test_push_shuts_a_drawer() -> None:
    place = "white_cabinet_1_bottom_region"
    with scene("libero_10", 3) as env:
        assert not env.privileged.holds(("close", place))
        run(env, push_shut(Arm(env.privileged), place))
        assert env.privileged.holds(("close", place))


@pytest.mark.slow
def test_a_door_that_would_have_to_be_opened_is_refused() -> None:
    with scene("libero_90", 35) as env:
        with pytest.raises(SpatuneError, match="microwave_1 has a door, and it opens drawers only"):
            LiberoExpert(env.privileged)


def test_hand_passes_over_what_stands_in_its_way(object_env: LiberoEnv) -> None:
    """From low on one side of the basket to low on the other: over it, and it does not move."""
    object_env.reset_scene(0, init_index=TUNED)
    privileged = object_env.privileged
    arm = Arm(privileged)
    walls = privileged.collision_points("basket_1")
    low, high = walls.min(axis=0), walls.max(axis=0)
    before, middle = privileged.position("basket_1"), (low + high) / 2
    inside = np.array([middle[0], middle[1], high[2] - 0.02])
    outside = np.array([middle[0], low[1] - 0.12, high[2] - 0.02])
    above = inside + np.array([0.0, 0.0, 0.12])
    run(object_env, arm.move(above, arm.nominal, OPEN, tolerance=0.02, steps=80))
    run(object_env, arm.move(inside, arm.nominal, OPEN, tolerance=0.02, steps=40))
    assert arm.position[2] < high[2]
    way = arm.over(outside, "alphabet_soup_1")
    heights = []
    for action in arm.move(way, arm.nominal, OPEN, tolerance=0.02, steps=80):
        object_env.step(action)
        if low[1] - 0.02 < arm.position[1] < low[1] + 0.02:
            heights.append(arm.position[2])
    assert min(heights) > high[2]
    assert arm.position[1] < low[1] - 0.08
    np.testing.assert_allclose(privileged.position("basket_1"), before, atol=0.01)
