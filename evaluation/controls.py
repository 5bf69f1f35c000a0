"""Controls: policies that show what a success rate is worth.

A task that zero or random actions solve measures nothing; a task that the policy solves with black
images does not measure its sight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf, sqrt
from typing import Any

import numpy as np

from ..agent.chunk_policy import ChunkPolicy, ChunkShape


@dataclass(frozen=True)
class ControlSpec:
    """Chunk shape of a control, a `ChunkShape`."""

    chunk_length: int
    execute_steps: int
    action_dim: int


class ZeroPolicy:
    """Repeats one action; by default no motion and, as the last entry, an open gripper (-1)."""

    backend = "numpy"
    uses_images = False

    def __init__(
        self, action: Sequence[float] = (0.0,) * 6 + (-1.0,), *, chunk_length: int = 8
    ) -> None:
        self.action = np.asarray(action, dtype=np.float32)  # (A,)
        self.spec = ControlSpec(chunk_length, chunk_length, len(self.action))

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """The action, (B, H, A) times."""
        return np.broadcast_to(self.action, noise.shape).copy()


class RandomPolicy:
    """Uniform actions between two bounds, made from the keyed noise: the same for the same key.

    Args:
        low: Lower bound per action entry (A,).
        high: Upper bound per action entry (A,).
        chunk_length: Actions in a chunk; all are executed.
    """

    backend = "numpy"
    uses_images = False

    def __init__(
        self,
        low: Sequence[float] = (-1.0,) * 7,
        high: Sequence[float] = (1.0,) * 7,
        *,
        chunk_length: int = 8,
    ) -> None:
        self.low = np.asarray(low, dtype=np.float32)
        self.high = np.asarray(high, dtype=np.float32)
        self.spec = ControlSpec(chunk_length, chunk_length, len(self.low))

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Actions (B, H, A): the normal distribution function makes the noise uniform."""
        uniform = _normal_cdf(noise.astype(np.float64))
        return (self.low + (self.high - self.low) * uniform).astype(np.float32)


class BlindPolicy:
    """The wrapped policy with all its images black: instruction and proprioception remain."""

    uses_images = False

    def __init__(self, policy: ChunkPolicy) -> None:
        self.policy = policy
        self.backend = policy_backend(policy)
        self.reason_every = policy_reason_every(policy)

    @property
    def spec(self) -> ChunkShape:
        """The wrapped policy's."""
        return self.policy.spec

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """The wrapped policy's prediction on black images."""
        return self.policy.predict([_blackened(o) for o in observations], noise)


def policy_backend(policy: ChunkPolicy) -> str:
    """Name of what computes a policy's actions, for records."""
    return str(getattr(policy, "backend", type(policy).__name__))


def policy_reason_every(policy: ChunkPolicy) -> int:
    """Replans between a policy's questions to its VLM, for records; 0 if it asks none."""
    return int(getattr(policy, "reason_every", 0))


def _blackened(observation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: np.zeros_like(value) if key.startswith("observation.images.") else value
        for key, value in observation.items()
    }


def _normal_cdf(values: np.ndarray) -> np.ndarray:
    flat = [0.5 * (1.0 + erf(value / sqrt(2.0))) for value in values.ravel()]
    return np.asarray(flat).reshape(values.shape)
