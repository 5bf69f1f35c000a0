"""The environment of the engine: stored episodes, metrics at the end, history and the expert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.bench_nav.environment import (
    EXPERT_ACTION,
    NavBenchEnv,
    NavView,
    env_factory,
    make_env,
)
from spatune.bench_nav.metrics import episode_metrics
from spatune.envs.houses.library import house_names
from spatune.envs.navigation.library import stored_episodes
from spatune.envs.navigation.task import DONE, IMAGE_KEY
from spatune.envs.spec import EnvSpec
from spatune.policies.history import past_key

MOVE, LEFT, RIGHT, END = (np.array([number], np.float32) for number in (0, 1, 2, DONE))


@pytest.fixture
def make() -> Iterator[Callable[..., NavBenchEnv]]:
    made: list[NavBenchEnv] = []

    def build(suite: str = "pointnav-val", task_id: int = 1, **changes: Any) -> NavBenchEnv:
        usual = {
            "backend": "embedded",
            "image_size": 32,
            "history": (),
            "expert": False,
            "max_steps": 20,
            "maps": None,
        }
        made.append(make_env(suite, task_id, **{**usual, **changes}))
        return made[-1]

    yield build
    for env in made:
        env.close()


def test_an_init_index_is_a_stored_episode_of_the_house(make) -> None:
    env = make()
    assert isinstance(env.env_spec, EnvSpec) and env.max_steps == 20
    episodes = stored_episodes("pointnav", "val")[house_names("val")[1]]
    for index in (3, 0):
        observation, _ = env.reset(seed=5, options={"init_index": index})
        assert env._env.episode == episodes[index]
        assert set(observation) == {IMAGE_KEY, "observation.state", "task"}


def test_metrics_come_with_the_last_step(make) -> None:
    env = make()
    env.reset(options={"init_index": 0})
    *_, info = env.step(RIGHT)
    assert "metrics" not in info
    *_, terminated, _, info = env.step(END)
    assert terminated and info["metrics"] == episode_metrics(info)
    assert info["metrics"]["spl"] == 0.0
    env.reset(options={"init_index": 0})
    for _ in range(20):
        *_, truncated, info = env.step(LEFT)
    assert truncated and info["metrics"]["path_length"] == 0.0


def test_fresh_images_are_drawn_when_they_are_asked_for(make) -> None:
    env = make()
    first, _ = env.reset(options={"init_index": 0})
    old, *_ = env.step(RIGHT)
    np.testing.assert_array_equal(old[IMAGE_KEY], first[IMAGE_KEY])
    assert (env.observe()[IMAGE_KEY] != first[IMAGE_KEY]).any()


def test_past_frames_are_those_that_were_seen(make) -> None:
    env = make(history=(1, 3))
    seen, shown = [], []
    observation, _ = env.reset(options={"init_index": 0})
    for action in (RIGHT, RIGHT, MOVE, LEFT, MOVE):
        seen.append(observation[IMAGE_KEY])
        shown.append([observation[past_key(IMAGE_KEY, back)] for back in (1, 3)])
        observation, *_ = env.step(action)
        again = env.observe()
        for key in observation:
            np.testing.assert_array_equal(observation[key], again[key])
    for step, pasts in enumerate(shown):
        for back, past in zip((1, 3), pasts, strict=True):
            np.testing.assert_array_equal(past, seen[max(0, step - back)])
    observation, _ = env.reset(options={"init_index": 1})
    for back in (1, 3):
        past = observation[past_key(IMAGE_KEY, back)]
        np.testing.assert_array_equal(past, observation[IMAGE_KEY])


@pytest.mark.parametrize("suite", ["pointnav-val", "objectnav-val", "roomvisit-val"])
def test_the_experts_actions_lead_to_success(make, suite: str) -> None:
    env = make(suite, image_size=96, expert=True, max_steps=200)
    observation, _ = env.reset(options={"init_index": 0})
    over = False
    while not over:
        assert observation[EXPERT_ACTION].dtype == np.float32
        observation, _, terminated, truncated, info = env.step(observation[EXPERT_ACTION])
        over = terminated or truncated
    assert info["success"] and info["metrics"]["spl"] > 0.8
    assert EXPERT_ACTION not in observation


def test_the_factory_makes_the_same_environment() -> None:
    factory = env_factory(NavView(24, (2,), False), "embedded", 7, None)
    env = factory.make("roomvisit-test", 0)
    observation, _ = env.reset(options={"init_index": 0})
    assert env.max_steps == 7 and observation[IMAGE_KEY].shape == (24, 24, 3)
    assert past_key(IMAGE_KEY, 2) in observation and observation["task"] == "visit every room"
    env.close()


def test_the_first_episodes_are_drawn_as_maps(make, tmp_path: Path) -> None:
    env = make(maps=(str(tmp_path / "maps"), 2))
    digests = []
    for index in (0, 1, 2):
        env.reset(options={"init_index": index})
        env.step(MOVE)
        env.step(END)
        digests.append(env.state_digest())
    house = house_names("val")[1]
    names = sorted(path.name for path in (tmp_path / "maps").iterdir())
    assert names == [f"pointnav-{house}-{index:02d}.png" for index in (0, 1)]
    plain = make()
    for index, digest in enumerate(digests):
        plain.reset(options={"init_index": index})
        plain.step(MOVE)
        plain.step(END)
        assert plain.state_digest() == digest
