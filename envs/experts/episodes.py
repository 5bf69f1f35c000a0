"""One expert episode: physics first, then pictures of the states that were kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import SpatuneError
from ..libero import LiberoEnv
from .libero import LiberoExpert, next_goals

TRAINING_SEED_BASE = 100_000
"""Scene seeds of demonstrations start here; evaluation keys use smaller ones, and evaluation
init states are never part of a demonstration."""

MAX_OBJECTS = 8
"""Movable objects whose positions a frame stores; absent ones are NaN."""

_NOISE_SCALE = np.array([1.0, 1.0, 1.0, 0.3, 0.3, 0.3])
_SUCCESS_TAIL = 14
"""Steps kept after the goal is reached, so that a chunk near the end has a clean future."""


@dataclass(frozen=True)
class EpisodePlan:
    """What determines one demonstration.

    Attributes:
        suite: LIBERO suite.
        task_id: Task in the suite.
        seed: Scene seed, at least `TRAINING_SEED_BASE`.
        noise: Standard deviation of the AR(1) noise added to the executed action; the label stays
            the expert's clean action.
    """

    suite: str
    task_id: int
    seed: int
    noise: float

    @property
    def name(self) -> str:
        """File stem."""
        return f"{self.suite}-{self.task_id:02d}-{self.seed}"


@dataclass(frozen=True)
class PhysicsTrace:
    """States and labels of an episode before rendering.

    Attributes:
        success: Whether the goal was reached.
        states: float64 (T, state), the sampled state before each action.
        proprioception: float32 (T, 8), `observation.state` before each action, base frame.
        actions: float32 (T, 7), clean labels.
        executed: float32 (T, 7), what the simulator was given.
    """

    success: bool
    states: np.ndarray
    proprioception: np.ndarray
    actions: np.ndarray
    executed: np.ndarray


def rollout_expert(env: LiberoEnv, plan: EpisodePlan) -> PhysicsTrace:
    """Run the expert once without rendering.

    Args:
        env: Environment of the plan's task with `state_frame="base"`.
        plan: Seed and noise.
    """
    if plan.seed < TRAINING_SEED_BASE:
        raise SpatuneError(
            f"demonstration seed {plan.seed} is an evaluation seed; "
            f"use {TRAINING_SEED_BASE} or more"
        )
    rng = np.random.default_rng([plan.seed, 1])
    env.reset_scene(plan.seed)
    expert = LiberoExpert(env.privileged)
    noise = np.zeros(6)
    states, proprioception, actions, executed = [], [], [], []
    reached_at: int | None = None
    for action in expert.actions():
        states.append(env.sim.sampled_state())
        proprioception.append(env.proprioception())
        actions.append(action)
        noise = 0.6 * noise + 0.8 * rng.normal(size=6) * _NOISE_SCALE
        given = action.copy()
        given[:6] = np.clip(action[:6] + plan.noise * noise, -1.0, 1.0)
        executed.append(given)
        if env.sim.step(given) and reached_at is None:
            reached_at = len(actions)
        steps = len(actions)
        if reached_at is not None and steps >= reached_at + _SUCCESS_TAIL:
            break
        if reached_at is None and steps >= env.max_steps:
            break
    return PhysicsTrace(
        success=reached_at is not None,
        states=np.array(states),
        proprioception=np.array(proprioception, np.float32),
        actions=np.array(actions, np.float32),
        executed=np.array(executed, np.float32),
    )


def render_frames(
    env: LiberoEnv, plan: EpisodePlan, trace: PhysicsTrace, render_every: int
) -> dict[str, np.ndarray]:
    """Draw every k-th state of an episode with the labels that only the simulator knows.

    Returns:
        Arrays over the N frames drawn:
        `index` int64 (N,) step of each frame; `images` uint8 (N, cameras, H, W, 3);
        `goal_index` int64 (N, 1), which of the task's goals comes next, the last one at the end;
        `goal_positions` float32 (N, 2, 3), object and place of that goal, base frame, m (twice the
        same for a goal of one argument, such as a drawer to open);
        `goal_pixels` float32 (N, cameras, 2, 3), their (column, row) as a fraction of the image
        and depth in m; `object_positions` float32 (N, MAX_OBJECTS, 3) and `object_pixels` float32
        (N, cameras, MAX_OBJECTS, 3) of all movable objects.
    """
    env.reset_scene(plan.seed)
    scene, cameras = env.privileged, env.env_spec.cameras
    offset = int(np.random.default_rng([plan.seed, 2]).integers(render_every))
    length = len(trace.actions)
    index = np.unique(np.concatenate([[0], np.arange(offset, length, render_every)]))
    names = scene.objects[:MAX_OBJECTS]
    frames: dict[str, list[np.ndarray]] = {}
    for step in index:
        env.sim.set_state(trace.states[step])
        env.draw()
        objects = np.full((MAX_OBJECTS, 3), np.nan)
        objects[: len(names)] = [scene.position(name) for name in names]
        goal = next(iter(next_goals(scene)), scene.goal[-1])
        goals = np.array([scene.position(name) for name in (goal[1], goal[-1])])
        views = [scene.camera(c.name, c.height, c.width) for c in cameras]
        sizes = np.array([[c.width, c.height] for c in cameras])

        def fractions(points: np.ndarray, views=views, sizes=sizes) -> np.ndarray:
            rows = []
            for view, size in zip(views, sizes, strict=True):
                pixels, depth = view.project(points)
                rows.append(np.concatenate([pixels / size, depth[:, None]], axis=1))
            return np.array(rows, np.float32)

        entry = {
            "images": np.stack([env.images[c.key] for c in cameras]),
            "goal_index": np.array([scene.goal.index(goal)]),
            "goal_positions": (goals - scene.base_position).astype(np.float32),
            "goal_pixels": fractions(goals),
            "object_positions": (objects - scene.base_position).astype(np.float32),
            "object_pixels": fractions(objects),
        }
        for key, value in entry.items():
            frames.setdefault(key, []).append(value)
    return {"index": index, **{key: np.stack(values) for key, values in frames.items()}}


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an .npz so that a killed run leaves either the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as handle:
        np.savez(handle, **arrays)  # pyright: ignore[reportArgumentType]
    os.replace(partial, path)
