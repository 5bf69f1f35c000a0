"""Episodes that are drawn: by seed, far enough from their goal, and possible."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.houses.library import house_sha256_of
from spatune.envs.navigation.guide import NavGuide
from spatune.envs.navigation.sampling import sample_episode
from spatune.envs.navigation.task import NAV_TASKS, SHORTEST_METRES
from spatune.errors import SpatuneError


def draw(controller, task, seed: int, **more):
    house, random = controller.scene, np.random.default_rng(seed)
    return sample_episode(NavGuide(controller), task, house, house_sha256_of(house), random, **more)


@pytest.mark.parametrize("task", NAV_TASKS)
def test_the_same_seed_draws_the_same_episode(controller, task) -> None:
    drawn = [draw(controller, task, seed) for seed in (0, 1, 2)]
    assert [draw(controller, task, seed) for seed in (0, 1, 2)] == drawn
    assert len(set(drawn)) == 3


@pytest.mark.parametrize("task", NAV_TASKS)
def test_an_episode_is_possible(controller, task) -> None:
    guide = NavGuide(controller)
    places = {tuple(map(float, place)) for place in guide.reachable()}
    for seed in range(5):
        episode = draw(controller, task, seed)
        assert episode.start in places and episode.yaw % 30 == 0 and episode.horizon == 0
        assert (episode.house, episode.task) == (controller.scene, task)
        assert episode.start_distance == guide.distance(episode, episode.start)
        assert (episode.start_distance or 0.0) >= SHORTEST_METRES or task == "roomvisit"
        if task == "objectnav":
            assert episode.target in guide.object_types() and episode.goal is None
        if task == "pointnav":
            assert episode.goal in places and episode.target == ""


def test_targets_can_be_chosen(controller) -> None:
    there = sorted(NavGuide(controller).object_types())
    kind = next(name for name in there if name in ("Sofa", "Bed", "Toilet", "Fridge"))
    assert draw(controller, "objectnav", 0, targets=("Piano", kind)).target == kind
    with pytest.raises(SpatuneError, match="has none of the targets: Piano, Organ"):
        draw(controller, "objectnav", 0, targets=("Piano", "Organ"))


def test_a_goal_that_is_always_near_is_given_up(controller) -> None:
    """Floors are in sight from everywhere."""
    with pytest.raises(SpatuneError, match="no start for objectnav at least 1 m.*50 draws"):
        draw(controller, "objectnav", 0, targets=("Floor",))
