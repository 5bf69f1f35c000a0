"""Navigation environments refuse what cannot be played, in one line that names the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spatune.envs.houses.library import house_names
from spatune.envs.navigation.episode import NavEpisode
from spatune.envs.navigation.library import stored_episodes
from spatune.envs.navigation.task import NAV_ACTIONS, NavTask
from spatune.envs.thor import ThorEnv
from spatune.errors import SpatuneError

HOUSE, OTHER = house_names("test")[1], house_names("test")[0]
TRAIN = house_names("train")[:2]
MOVE, LEFT = 0, 1


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[..., ThorEnv]]:
    """Makes small environments of one house, each once: a refusal leaves no trace."""
    made: dict[str, ThorEnv] = {}

    def build(task: NavTask = "pointnav", **changes: Any) -> ThorEnv:
        usual = {"split": "test", "houses": (HOUSE,), "backend": "embedded", "image_size": 32}
        settings = {**usual, **changes}
        key = f"{task} {sorted(settings.items())}"
        if key not in made:
            made[key] = ThorEnv(task, **settings)
        return made[key]

    yield build
    for env in made.values():
        env.close()


def stored(task: NavTask) -> NavEpisode:
    return stored_episodes(task, "test")[HOUSE][0]


@pytest.mark.parametrize("action", [-1, 6, 0.5, [0, 1], float("nan"), np.array([])])
def test_what_is_no_action_is_refused_and_counts_for_nothing(make, action) -> None:
    env = make(render_every=0)
    env.reset(options={"episode": stored("pointnav")})
    with pytest.raises(SpatuneError, match=rf"none of 0\.\.5 \({NAV_ACTIONS[0]}.*Done\)"):
        env.step(action)
    *_, info = env.step(LEFT)
    assert info["steps"] == 1


BAD_EPISODES = {
    "an absent target": ("objectnav", {"target": "Piano"}, "has no Piano"),
    "a start in a wall": ("pointnav", {"start": (-5.0, -5.0)}, "cannot start in house.*stand"),
    "an impossible horizon": ("pointnav", {"horizon": 80.0}, "cannot start.*horizon of 80"),
    "another version of the house": ("pointnav", {"house_sha256": "0" * 64}, "another version"),
    "an unknown house": ("pointnav", {"house": "test-0"}, "no house 'test-0'.*houses are"),
    "another task": ("objectnav", {"task": "roomvisit"}, "roomvisit episode.*as objectnav"),
}


@pytest.mark.parametrize("kind", BAD_EPISODES)
def test_an_episode_that_cannot_be_played_is_refused(make, kind: str) -> None:
    task, changes, said = BAD_EPISODES[kind]
    env = make(task, render_every=0)
    env.reset(options={"episode": stored(task)})
    with pytest.raises(SpatuneError, match=said) as caught:
        env.reset(options={"episode": replace(stored(task), **changes)})
    assert "\n" not in str(caught.value)
    with pytest.raises(SpatuneError, match="reset"):
        env.step(MOVE)
    env.reset(options={"episode": stored(task)})
    env.step(MOVE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"speed": 2}, "unknown reset option 'speed'; use house, init_index or episode"),
        ({"house": OTHER}, f"no house '{OTHER}' here; houses are: {HOUSE}"),
        ({"house": HOUSE, "init_index": 10}, "stored episodes 0..9, not 10"),
        ({"house": HOUSE, "init_index": -1}, "stored episodes 0..9, not -1"),
        ({"init_index": "first"}, "init_index is 'first'"),
        ({"init_index": 0.5}, "init_index is 0.5"),
        ({"episode": {"task": "pointnav"}}, "no NavEpisode"),
        ({"episode": stored("pointnav"), "house": HOUSE}, "leave out house and init_index"),
    ],
)
def test_reset_options_that_are_wrong_are_named(make, options, said: str) -> None:
    env = make(render_every=0)
    with pytest.raises(SpatuneError, match=said) as caught:
        env.reset(options=options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"task": "fly"}, "unknown task 'fly'; tasks are: objectnav, pointnav, roomvisit"),
        ({"split": "dev"}, "unknown split 'dev'; splits are: train, val, test"),
        ({"houses": (TRAIN[0],)}, f"no house '{TRAIN[0]}' in split 'test'"),
        ({"houses": ()}, "no houses"),
        ({"render_every": -1}, "render_every is -1"),
        ({"max_steps": 0}, "max_steps is 0"),
    ],
)
def test_arguments_that_are_wrong_are_named(make, arguments, said: str) -> None:
    with pytest.raises(SpatuneError, match=said) as caught:
        make(**arguments)
    assert "\n" not in str(caught.value)


def test_an_unknown_backend_is_named_when_it_is_needed(make) -> None:
    with pytest.raises(SpatuneError, match="no backend 'godot'"):
        make(backend="godot").reset(seed=0)
