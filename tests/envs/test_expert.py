"""`LiberoExpert`: which goals it takes on, and that it solves tasks of several objects."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.experts.libero import LiberoExpert
from spatune.envs.libero import LiberoEnv
from spatune.envs.libero_privileged import LiberoPrivileged, Predicate
from spatune.errors import SpatuneError


def solve(env: LiberoEnv, init_index: int) -> bool:
    env.reset_scene(0, init_index=init_index)
    for action in LiberoExpert(env.privileged).actions():
        assert np.abs(action).max() <= 1.0
        *_, success, truncated, _ = env.step(action)
        if success or truncated:
            return success
    return False


def test_solves_init_states_and_zero_actions_do_not(object_env: LiberoEnv) -> None:
    # At init state 11 of task 7 the hand once knocked the milk over on its way.
    assert all(solve(object_env, index) for index in (10, 11))
    object_env.reset_scene(0, init_index=10)
    assert not any(object_env.step(np.zeros(7))[2] for _ in range(60))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "task_id", "init_index"),
    [
        ("libero_10", 0, 11),
        ("libero_10", 1, 10),
        ("libero_10", 8, 11),
        ("libero_object", 7, 11),
        ("libero_spatial", 4, 13),
        ("libero_goal", 3, 12),
    ],
    ids=[
        "leave the basket without dragging it along",
        "pass over tall neighbours",
        "two pots side by side on the stove",
        "milk between other things",
        "bowl in an open drawer",
        "bowl into a drawer that is shut",
    ],
)
def test_solves_crowded_scenes(suite: str, task_id: int, init_index: int) -> None:
    env = LiberoEnv(suite, task_id, cameras={})
    try:
        assert solve(env, init_index)
    finally:
        env.close()


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (("stack", "alphabet_soup_1", "milk_1"), "it covers open, turnon, turnoff, on, in, close"),
        (("on", "alphabet_soup_1"), "it covers"),
        (("open", "basket_1"), "nothing moves at basket_1"),
    ],
    ids=["unknown predicate", "argument missing", "nothing to open"],
)
def test_unknown_goals_are_refused_by_name(
    object_env: LiberoEnv, goal: Predicate, reason: str
) -> None:
    class Other(LiberoPrivileged):
        @property
        def goal(self) -> tuple[Predicate, ...]:
            return (goal,)

    with pytest.raises(SpatuneError) as caught:
        LiberoExpert(Other(object_env.sim))
    assert str(caught.value).startswith(f"the scripted expert cannot do {goal}: {reason}")
