"""A small real environment for the engine: a point in the unit square must reach a coloured goal.

It follows `spatune.evaluation.Env`, and `faults` makes it fail on purpose: exceptions, killed and
hanging processes are what the engine must survive.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

from spatune.errors import SpatuneError

SIZE = 16
IMAGE = "observation.images.image"


class ReachEnv(gymnasium.Env):
    """The goal's place is known from the image alone; the way there bends with the task.

    Args:
        suite: `plain`, or `none` to be refused.
        task_id: Strength of the swirl that bends the way.
        max_steps: Steps after which an episode is truncated.
        faults: `"<task>/<init>"` -> `raise`, `kill`, `abort` (as native code dies)
            or `hang`.
        once: Folder in which a fault leaves a mark and then does not come back; without it a fault
            is permanent.
        step_seconds: Extra time of every step.
        metrics: Further metrics beside the distance to the goal; without it there are none.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_fps": 10}

    def __init__(
        self,
        suite: str,
        task_id: int,
        *,
        max_steps: int = 40,
        faults: Mapping[str, str] | None = None,
        once: str | None = None,
        step_seconds: float = 0.0,
        metrics: Mapping[str, float | None] | None = None,
    ) -> None:
        if suite == "none":
            raise SpatuneError("suite 'none' is unknown; use 'plain'")
        self.max_steps = max_steps
        self.task_id = task_id
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.observation_space = spaces.Dict(
            {
                IMAGE: spaces.Box(0, 255, (SIZE, SIZE, 3), np.uint8),
                "observation.state": spaces.Box(-np.inf, np.inf, (2,), np.float32),
                "task": spaces.Text(80),
            }
        )
        self._faults = dict(faults or {})
        self._once = once
        self._step_seconds = step_seconds
        self._metrics = metrics
        self.renders = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        options = options or {}
        self._init = int(options.get("init_index", 0))
        start = np.random.default_rng([self.task_id, self._init])
        self._point = start.uniform(0.1, 0.4, 2)
        self._goal = self.np_random.uniform(0.6, 0.9, 2)
        self._steps = 0
        self._image = self._draw()
        return self._observation(), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        assert action.dtype == np.float32 and action.shape == (2,)
        self._steps += 1
        if self._steps == 5:
            self._fail_on_purpose()
        time.sleep(self._step_seconds)
        swirl = 0.02 * self.task_id * np.sin(7.0 * self._point[::-1])
        self._point = np.clip(self._point + 0.1 * action.astype(np.float64) + swirl, 0.0, 1.0)
        distance = np.linalg.norm(self._point - self._goal)
        success = bool(distance < 0.07)
        truncated = self._steps >= self.max_steps
        info: dict[str, Any] = {"success": success}
        if self._metrics is not None:
            info["metrics"] = {"distance": distance, **self._metrics}
        return self._observation(), float(success), success, truncated, info

    def observe(self) -> dict[str, Any]:
        self._image = self._draw()
        return self._observation()

    def state_digest(self) -> str:
        return hashlib.sha256(self._point.tobytes() + self._goal.tobytes()).hexdigest()

    def _observation(self) -> dict[str, Any]:
        return {
            IMAGE: self._image,
            "observation.state": self._point.astype(np.float32),
            "task": f"reach the goal of task {self.task_id}",
        }

    def _draw(self) -> np.ndarray:
        self.renders += 1
        image = np.zeros((SIZE, SIZE, 3), np.uint8)
        for channel, place in ((0, self._goal), (1, self._point)):
            row, column = np.minimum((place * SIZE).astype(int), SIZE - 1)
            image[row, column, channel] = 255
        return image

    def _fail_on_purpose(self) -> None:
        fault = self._faults.get(f"{self.task_id}/{self._init}")
        if fault is None:
            return
        if self._once is not None:
            mark = Path(self._once) / f"{self.task_id}-{self._init}"
            if mark.exists():
                return
            mark.touch()
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "abort":
            os.abort()
        if fault == "hang":
            time.sleep(600)
        raise RuntimeError("the simulator broke\non purpose")


class SeekSpec:
    """Chunk shape of `SeekPolicy`."""

    chunk_length = 6
    execute_steps = 4
    action_dim = 2


class SeekPolicy:
    """Moves from its proprioception towards the red pixel of the image, with keyed noise."""

    backend = "numpy"
    spec = SeekSpec()

    def __init__(self, noise_scale: float = 0.2) -> None:
        self.noise_scale = noise_scale
        self.batches: list[int] = []

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        self.batches.append(len(observations))
        chunks = np.zeros(noise.shape, np.float32)
        for index, observation in enumerate(observations):
            place = observation["observation.state"].astype(np.float64)
            red = np.argwhere(observation[IMAGE][..., 0] > 0)
            if len(red):
                for step in range(noise.shape[1]):
                    move = np.clip(((red[0] + 0.5) / SIZE - place) / 0.1, -1, 1) * 0.7
                    place = place + 0.1 * move
                    chunks[index, step] = move
        return np.clip(chunks + self.noise_scale * noise, -1, 1).astype(np.float32)
