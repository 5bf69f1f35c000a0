"""`EpisodeKey`: everything random in an episode derives from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, order=True)
class EpisodeKey:
    """Name of one episode; the same key gives the same trajectory in any order, on any worker.

    Keys sort by their fields in this order, which is the canonical order of `episodes.jsonl`.

    Attributes:
        benchmark: Family of tasks, for example `libero`.
        suite: Suite of the benchmark, for example `libero_object`.
        task_id: Task within the suite, from 0.
        init_index: Stored initial state within the task, from 0.
        perturbation: Named change of the scene, or `none`.
        env_seed: Seed of the environment's reset (fixture placement).
        policy_seed: Seed of the policy's noise.
    """

    benchmark: str
    suite: str
    task_id: int
    init_index: int
    perturbation: str = "none"
    env_seed: int = 0
    policy_seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> EpisodeKey:
        """Inverse of `to_json`."""
        return cls(**data)

    def digest(self) -> str:
        """sha256 (hex) of the canonical JSON form: stable across processes and versions."""
        return hashlib.sha256(_canonical(self.to_json())).hexdigest()

    def noise(self, replan: int, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal noise of one replan.

        The draw depends on the key and on `replan` alone, so it is the same whatever ran before,
        however calls are batched, and on every backend.

        Args:
            replan: Index of the replan within the episode, from 0.
            shape: Shape of the draw, for a policy (H, A): chunk length by action entries.

        Returns:
            float32 array of `shape`.
        """
        seed = hashlib.sha256(_canonical({"key": self.to_json(), "replan": int(replan)})).digest()
        generator = np.random.Generator(np.random.Philox(key=int.from_bytes(seed[:16], "little")))
        return generator.standard_normal(shape, dtype=np.float32)


def _canonical(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
