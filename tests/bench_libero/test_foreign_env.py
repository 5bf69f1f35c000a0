"""LIBERO as policies of other projects expect it: sentences and episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spatune.bench_libero.foreign_env import ForeignEnv, foreign_factory
from spatune.bench_libero.instructions import published_instruction
from spatune.envs.libero_suites import LIBERO_SUITES, import_libero, libero_task, task_count
from spatune.evaluation import EnvFactory


@pytest.mark.parametrize("suite", LIBERO_SUITES)
def test_sentences_are_those_of_liberos_own_benchmark(suite: str) -> None:
    import_libero()
    from libero.libero import benchmark

    theirs = benchmark.get_benchmark(suite)()
    for task_id in range(task_count(suite)):
        ours = published_instruction(libero_task(suite, task_id))
        assert ours == theirs.get_task(task_id).language


def test_a_varied_suite_keeps_its_own_sentence() -> None:
    task = libero_task("libero_spatial_lan", 0)
    assert published_instruction(task) == task.instruction


class Counter:
    """An environment that counts its steps."""

    max_steps = 5
    metadata: dict[str, Any] = {"render_fps": 20}

    def __init__(self, said: str) -> None:
        self.said, self.steps = said, 0

    def _observation(self) -> dict[str, Any]:
        return {"task": self.said, "observation.state": np.array([self.steps])}

    def reset(self, *, seed=None, options=None) -> tuple[dict[str, Any], dict[str, Any]]:
        self.steps = 0
        return self._observation(), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        self.steps += 1
        return self._observation(), 0.0, False, False, {}

    def observe(self) -> dict[str, Any]:
        return self._observation()

    def state_digest(self) -> str:
        return str(self.steps)

    def close(self) -> None:
        pass


def make_counter(suite: str, task_id: int, *, said: str) -> Counter:
    return Counter(said)


def test_observations_name_their_episode_and_its_step() -> None:
    env = ForeignEnv(Counter("open the box"), "suite/0", {"open the box": "unpack"})
    names = set()
    for seed, init in ((7, 0), (8, 0), (7, 1)):
        observation, _ = env.reset(seed=seed, options={"init_index": init})
        names.add(observation["episode"])
        for step in range(3):
            assert observation["episode.step"] == step == observation["observation.state"][0]
            assert env.observe() == observation and observation["task"] == "unpack"
            observation, *_ = env.step(np.zeros(7))
    assert len(names) == 3
    assert env.state_digest() == "3" and env.max_steps == 5


def test_a_sentence_that_was_changed_on_purpose_stays() -> None:
    env = ForeignEnv(Counter("move nothing"), "suite/0", {"open the box": "unpack"})
    assert env.reset()[0]["task"] == "move nothing"


@pytest.mark.parametrize("published", [True, False])
def test_the_factory_dresses_what_the_inner_one_makes(published: bool) -> None:
    task = libero_task("libero_spatial", 0)
    inner = EnvFactory(f"{__file__}:make_counter", {"said": task.instruction})
    env = foreign_factory(inner, published=published).make("libero_spatial", 0)
    said = env.reset()[0]["task"]
    assert said.startswith("pick up the black bowl" if published else "pick the akita black bowl")
