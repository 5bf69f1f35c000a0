"""`Observations`: what a policy really saw, for parity and for calibration."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SpatuneError
from ..policies.normalisation import STATE
from ..policies.spec import PolicySpec

if TYPE_CHECKING:
    from ..agent.chunk_policy import ChunkPolicy

OBSERVATIONS = "observations"
"""Folder of a bundle that keeps them."""
INIT_STATE = 40
"""LIBERO init state of these episodes; evaluations count from 0."""
_PARITY_TASKS, _PARITY_EPISODES = (0, 3, 6, 9, 2, 5, 7, 8), 8
_CALIBRATION_TASKS, _CALIBRATION_EPISODES = (1, 4), 4

_FIELDS = ("images", "states", "noise", "tasks", "origins")


@dataclass(frozen=True, eq=False)
class Observations:
    """N moments at which a policy replanned.

    Attributes:
        images: uint8 (N, cameras, H, W, 3), cameras in the policy's order.
        states: float32 (N, S) in environment units.
        noise: float32 (N, H, A) that the policy started from.
        tasks: (N,) instructions.
        origins: (N,) where each comes from: suite, task, init state and replan.
    """

    images: np.ndarray
    states: np.ndarray
    noise: np.ndarray
    tasks: np.ndarray
    origins: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def seen(self, index: int, spec: PolicySpec) -> dict[str, Any]:
        """One observation as the environment gives it, with the policy's camera keys."""
        keys = [camera.key for camera in spec.cameras]
        images = dict(zip(keys, self.images[index], strict=True))
        return {**images, STATE: self.states[index], "task": str(self.tasks[index])}

    def pairs(self, spec: PolicySpec) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
        """Observations with their noise (H, A)."""
        return ((self.seen(i, spec), self.noise[i]) for i in range(len(self)))

    def save(self, path: Path) -> None:
        """Write an npz file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(partial, **{name: getattr(self, name) for name in _FIELDS})
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, spec: PolicySpec) -> Observations:
        """Read an npz file.

        Raises:
            SpatuneError: It is none, or it does not fit the policy.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                found = cls(**{name: file[name] for name in _FIELDS})
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise SpatuneError(f"{path} is no file of observations ({error}): remove it") from error
        camera = spec.cameras[0]
        size = (len(spec.cameras), camera.height, camera.width, 3)
        if found.images.shape[1:] != size or found.states.shape[1:] != (spec.state_dim,):
            raise SpatuneError(
                f"{path} has images {found.images.shape[1:]} and states {found.states.shape[1:]}; "
                f"the policy sees {size} and {(spec.state_dim,)}"
            )
        return found

    @classmethod
    def collect(
        cls, policy: ChunkPolicy, spec: PolicySpec, tasks: tuple[tuple[str, int], ...], init: int
    ) -> Observations:
        """Play an episode of each task with the policy and keep what it saw at its replans.

        Args:
            policy: Acts.
            spec: Its conventions.
            tasks: LIBERO suite and task of each episode.
            init: Init state of each; evaluations count from 0.

        Returns:
            `REPLANS` observations of each episode, spread over its first half minute.

        Raises:
            SpatuneError: The policy does not fit LIBERO.
        """
        rows: list[tuple[Any, ...]] = []
        for suite, task in tasks:
            rows += _play(policy, spec, suite, task, init)
        images, states, noise, words, origins = zip(*rows, strict=True)
        return cls(
            np.stack(images), np.stack(states), np.stack(noise), np.array(words), np.array(origins)
        )


def parity_episodes(suites: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Suite and task of the episodes of a parity report: 8 or more, over all suites."""
    return _episodes(suites, _PARITY_TASKS, _PARITY_EPISODES)


def calibration_episodes(suites: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Suite and task of up to 4 episodes for calibration, others than those of parity."""
    return _episodes(suites, _CALIBRATION_TASKS, _CALIBRATION_EPISODES)


def _episodes(
    suites: Sequence[str], tasks: tuple[int, ...], count: int
) -> tuple[tuple[str, int], ...]:
    each = -(-count // len(suites))
    return tuple((suite, task) for suite in suites for task in tasks[:each])


REPLANS = 8
"""Observations of one episode."""
_EVERY = 2


def _play(
    policy: ChunkPolicy, spec: PolicySpec, suite: str, task: int, init: int
) -> list[tuple[Any, ...]]:
    from ..envs.libero import LiberoEnv
    from ..envs.libero_spec import libero_env_spec
    from ..envs.spec import LIBERO_STATE_LAYOUTS
    from ..evaluation.keys import EpisodeKey
    from ..policies.compatibility import check_compatible

    camera = spec.cameras[0]
    frame = "base" if spec.state_layout == LIBERO_STATE_LAYOUTS["base"] else "world"
    view: dict[str, Any] = {"orientation": camera.orientation, "state_frame": frame}
    size = (camera.height, camera.width)
    check_compatible(spec, libero_env_spec(size, **view))
    key = EpisodeKey("libero", suite, task, init)
    rows = []
    env = LiberoEnv(suite, task, image_size=size, render_every=0, **view)
    try:
        seen, _ = env.reset(seed=0, options={"init_index": init})
        for replan in range(REPLANS * _EVERY):
            noise = key.noise(replan, (spec.chunk_length, spec.action_dim))
            if replan % _EVERY == 0:
                images = np.stack([seen[camera.key] for camera in spec.cameras])
                origin = f"{suite} task {task} init {init} replan {replan}"
                rows.append((images, seen[STATE], noise, seen["task"], origin))
            for action in policy.predict([seen], noise[None])[0][: spec.execute_steps]:
                # What lies behind success is as real as what lies before it.
                env.step(action)
            seen = env.observe()
    finally:
        env.close()
    return rows
