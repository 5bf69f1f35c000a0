"""`ForeignEnv`: LIBERO as policies of other projects expect it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..envs.libero_suites import libero_task
from ..evaluation.environment import Env, EnvFactory
from ..policies.adapters.episode_states import EPISODE, EPISODE_STEP
from .instructions import published_instruction


class ForeignEnv:
    """An environment whose observations name their episode and may call the task otherwise.

    The episode and the steps so far are for policies with a memory (`EpisodeStates`).

    Args:
        env: The environment.
        place: Name of its suite and task.
        sentences: What an instruction is replaced by; others stay as they are, so that an
            instruction that was changed on purpose remains.
    """

    def __init__(self, env: Env, place: str, sentences: Mapping[str, str] | None = None) -> None:
        self._env, self._place, self._sentences = env, place, sentences or {}
        self._episode, self._steps = "", 0
        self.max_steps = env.max_steps
        self.metadata = env.metadata

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode."""
        observation, info = self._env.reset(seed=seed, options=options)
        # Two lanes may play one key at a time, but never in one process.
        chosen = sorted((options or {}).items())
        self._episode, self._steps = f"{self._place}/{seed}/{chosen}/{os.getpid()}", 0
        return self._shown(observation), info

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        """One control step."""
        observation, reward, terminated, truncated, info = self._env.step(action)
        self._steps += 1
        return self._shown(observation), reward, terminated, truncated, info

    def observe(self) -> dict[str, Any]:
        """The current observation with fresh images."""
        return self._shown(self._env.observe())

    def state_digest(self) -> str:
        """Digest of the simulator's state."""
        return self._env.state_digest()

    def close(self) -> None:
        """Release the simulator."""
        self._env.close()

    def _shown(self, observation: dict[str, Any]) -> dict[str, Any]:
        said = observation["task"]
        return {
            **observation,
            "task": self._sentences.get(said, said),
            EPISODE: self._episode,
            EPISODE_STEP: self._steps,
        }


def make_foreign_env(
    suite: str, task_id: int, *, target: str, arguments: Mapping[str, Any], published: bool
) -> ForeignEnv:
    """The environment that the factory of `target` and `arguments` makes, in foreign clothes.

    Args:
        suite: LIBERO suite.
        task_id: Task in the suite.
        target: See `EnvFactory`.
        arguments: See `EnvFactory`.
        published: Whether the task is called as in the published demonstrations.
    """
    task = libero_task(suite, task_id)
    sentences = {task.instruction: published_instruction(task)} if published else {}
    env = EnvFactory(target, arguments).make(suite, task_id)
    return ForeignEnv(env, f"{suite}/{task_id}", sentences)


def foreign_factory(factory: EnvFactory, *, published: bool) -> EnvFactory:
    """The factory of the same environments as `ForeignEnv`."""
    arguments = {"target": factory.target, "arguments": dict(factory.kwargs)}
    return EnvFactory(
        f"{__name__}:{make_foreign_env.__name__}",
        {**arguments, "published": published},
        factory.suffixes,
    )
