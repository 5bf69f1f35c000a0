"""`SpatialAgent` in a Gymnasium loop: chunks, noise, reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import AddRenderObservation

from spatune.agent import SpatialAgent, SpatialVLM, Text
from spatune.errors import SpatuneError

IMAGE = "observation.images.image"


@dataclass(frozen=True)
class Shape:
    """Chunks of four actions, three executed."""

    chunk_length: int = 4
    execute_steps: int = 3
    action_dim: int = 2


class NoisePolicy:
    """Acts by its noise alone and remembers the tasks it was given."""

    def __init__(self, spec: Shape | None = None) -> None:
        self.spec = spec or Shape()
        self.tasks: list[str] = []

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """The noise itself."""
        self.tasks += [observation["task"] for observation in observations]
        return noise


@pytest.fixture
def observation(picture) -> dict[str, Any]:
    """One image and a task."""
    return {IMAGE: picture(), "task": "pick up the mug"}


def test_a_chunk_is_executed_before_the_next_replan(vlm: SpatialVLM, observation) -> None:
    policy = NoisePolicy()
    agent = SpatialAgent(vlm, policy)
    replanned = []
    for _ in range(7):
        replanned.append(agent.will_replan)
        assert agent.act(observation).shape == (2,)
    assert replanned == [True, False, False, True, False, False, True]
    assert len(policy.tasks) == 3


def test_noise_depends_on_seed_and_replan_alone(vlm: SpatialVLM, observation) -> None:
    def run(seed: int, skip: int = 0) -> np.ndarray:
        agent = SpatialAgent(vlm, NoisePolicy(), seed=99)
        for _ in range(skip):
            agent.act(observation)
        agent.reset(seed=seed)
        return np.stack([agent.act(observation) for _ in range(6)])

    assert np.array_equal(run(1), run(1, skip=5))
    assert not np.array_equal(run(1), run(2))
    assert not np.array_equal(run(1)[:3], run(1)[3:])
    agent = SpatialAgent(vlm, NoisePolicy(), seed=1)
    first = agent.act(observation)
    agent.reset()
    assert np.array_equal(agent.act(observation), first)


def test_reasoning_conditions_the_task_every_second_replan(pointing) -> None:
    policy = NoisePolicy(Shape(chunk_length=1, execute_steps=1))
    agent = SpatialAgent(pointing.vlm, policy, reason_every=2, question="where is the {task}?")
    mug, bowl = (
        {IMAGE: image, "task": name}
        for image, name in zip(pointing.images, pointing.names, strict=True)
    )
    answers = []
    for observation in (mug, bowl, bowl, mug):
        agent.act(observation)
        assert agent.last_answer is not None
        answers.append(agent.last_answer.raw)
    first, second = pointing.raw
    assert answers == [first, first, second, second]
    assert policy.tasks == [f"mug {first}", f"bowl {first}", f"bowl {second}", f"mug {second}"]
    assert agent.task == policy.tasks[-1]
    agent.reset()
    assert agent.last_answer is None and agent.task is None


def test_without_reasoning_the_task_is_untouched(vlm: SpatialVLM, observation) -> None:
    policy = NoisePolicy()
    agent = SpatialAgent(vlm, policy)
    agent.act(observation)
    assert policy.tasks == ["pick up the mug"] and agent.last_answer is None


def test_it_answers_questions_about_an_observation(vlm: SpatialVLM, observation) -> None:
    agent = SpatialAgent(vlm, NoisePolicy(), max_new_tokens=2)
    answer = agent.ask("where is the mug?", observation, kind="text")
    raw = vlm.generate([[observation[IMAGE]]], ["where is the mug?"], max_new_tokens=2)[0]
    assert answer == Text(raw)


def test_it_runs_a_gymnasium_loop(vlm: SpatialVLM) -> None:
    env = gym.make("MountainCarContinuous-v0", render_mode="rgb_array", max_episode_steps=7)
    env = AddRenderObservation(env, render_only=False, render_key=IMAGE)
    agent = SpatialAgent(vlm, NoisePolicy(Shape(action_dim=1)), reason_every=2, max_new_tokens=1)
    for seed in range(2):
        observation, _ = env.reset(seed=seed)
        agent.reset(seed=seed)
        done, steps = False, 0
        while not done:
            observation, _, end, late, _ = env.step(np.clip(agent.act(observation), -1, 1))
            done, steps = end or late, steps + 1
        assert steps == 7


def test_errors_name_the_fix(vlm: SpatialVLM, observation) -> None:
    with pytest.raises(SpatuneError, match="reason_every is -1"):
        SpatialAgent(vlm, NoisePolicy(), reason_every=-1)
    agent = SpatialAgent(vlm, NoisePolicy())
    with pytest.raises(SpatuneError, match="name its images in image_keys"):
        agent.ask("where?", {"task": "pick up the mug"})

    class Short(NoisePolicy):
        def predict(self, observations, noise):
            return noise[:, :1]

    class Wild(NoisePolicy):
        def predict(self, observations, noise):
            return np.full_like(noise, np.nan)

    with pytest.raises(SpatuneError, match=r"shape \(1, 2\), not \(4, 2\)"):
        SpatialAgent(vlm, Short()).act(observation)
    with pytest.raises(SpatuneError, match="not finite"):
        SpatialAgent(vlm, Wild()).act(observation)
