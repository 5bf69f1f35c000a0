"""Which action each environment executes next: `ActionChunker`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import SpatuneError


class ActionChunker:
    """Queues of actions, one for each of `num_envs` environments.

    A policy predicts chunks of H actions; the first `execute_steps` are executed, then the
    environment needs a new chunk (a replan). Environments finish and reset on their own, so each
    has its own queue.

    Example:
        >>> chunker = ActionChunker(num_envs=2, execute_steps=2)
        >>> chunker.to_replan()
        [0, 1]
        >>> chunker.push([0, 1], np.arange(12.0).reshape(2, 3, 2))
        >>> chunker.pop()
        array([[0., 1.],
               [6., 7.]])
        >>> chunker.reset(1)
        >>> chunker.to_replan()
        [1]
    """

    def __init__(self, num_envs: int, execute_steps: int) -> None:
        if num_envs < 1 or execute_steps < 1:
            raise SpatuneError(
                f"num_envs {num_envs} and execute_steps {execute_steps} must be at least 1"
            )
        self.num_envs = num_envs
        self.execute_steps = execute_steps
        self._chunks: list[np.ndarray | None] = [None] * num_envs
        self._next = [0] * num_envs
        self._replans = [0] * num_envs

    def to_replan(self) -> list[int]:
        """Environments whose queue is empty, in order."""
        return [env for env in range(self.num_envs) if self._chunks[env] is None]

    def replans(self, env: int) -> int:
        """Chunks that an environment has received since its reset; numbers the next draw."""
        return self._replans[env]

    def push(self, envs: Sequence[int], chunks: np.ndarray) -> None:
        """Gives each of `envs` a new chunk; what is left of its old one is dropped.

        Args:
            envs: B environment indices.
            chunks: (B, H, A) actions.

        Raises:
            SpatuneError: Shapes do not fit, or H is less than `execute_steps`.
        """
        if chunks.ndim != 3 or len(chunks) != len(envs):
            raise SpatuneError(f"{len(envs)} environments got chunks of shape {chunks.shape}")
        if chunks.shape[1] < self.execute_steps:
            raise SpatuneError(
                f"a chunk of {chunks.shape[1]} actions is shorter than the "
                f"{self.execute_steps} steps to execute"
            )
        for env, chunk in zip(envs, chunks, strict=True):
            self._chunks[env] = chunk[: self.execute_steps].copy()
            self._next[env] = 0
            self._replans[env] += 1

    def pop(self, envs: Sequence[int] | None = None) -> np.ndarray:
        """The next action of each of `envs` (of all by default), (B, A).

        Raises:
            SpatuneError: One of them needs a replan first.
        """
        actions = []
        for env in range(self.num_envs) if envs is None else envs:
            chunk = self._chunks[env]
            if chunk is None:
                raise SpatuneError(f"environment {env} has no action left; push a chunk first")
            actions.append(chunk[self._next[env]])
            self._next[env] += 1
            if self._next[env] == len(chunk):
                self._chunks[env] = None
        return np.stack(actions)

    def reset(self, env: int | None = None) -> None:
        """Empties the queue of one environment, or of all, and starts its count of replans anew."""
        for index in range(self.num_envs) if env is None else (env,):
            self._chunks[index] = None
            self._replans[index] = 0
