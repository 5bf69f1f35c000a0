"""`ChunkPolicy`: what a loop asks of a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np


class ChunkShape(Protocol):
    """The part of a policy's specification that a loop reads."""

    @property
    def chunk_length(self) -> int:
        """Actions in one predicted chunk (H)."""
        ...

    @property
    def execute_steps(self) -> int:
        """Actions of a chunk that are executed before the next replan, 1 to H."""
        ...

    @property
    def action_dim(self) -> int:
        """Entries of one action (A)."""
        ...


class ChunkPolicy(Protocol):
    """Anything that predicts chunks of actions, `spatune.policies.RolloutPolicy` for one.

    A prediction depends on its arguments, and on no more than the episode that they name. A policy
    may declare `uses_images = False`, and then no image is rendered for it, and `backend`, the name
    that records give to what computed the actions.
    """

    @property
    def spec(self) -> ChunkShape:
        """Chunk length, steps to execute and action entries."""
        ...

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions in environment units.

        Args:
            observations: B observations of the environment, unbatched. Under `moment` they say
                episode and replan (`reasoning.Moment`) where the loop knows them.
            noise: float32 (B, H, A), the only randomness that the policy may use.

        Returns:
            float32 (B, H, A).
        """
        ...
