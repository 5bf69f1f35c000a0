"""`SpatuneLibero`: spatune's LIBERO environment in LeRobot's own tools.

LeRobot imports this module at start-up; `lerobot-eval --env.type=spatune_libero
--env.task=libero_object` then plays the episodes of `spatune eval libero --protocol lerobot`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.envs import EnvConfig
from lerobot.envs.utils import _LazyAsyncVectorEnv, freeze_after_episode_end

from spatune.bench_libero.instructions import published_instruction
from spatune.bench_libero.protocol import PROTOCOLS
from spatune.envs.libero import LiberoEnv
from spatune.envs.libero_suites import LiberoTask, libero_task, task_count
from spatune.envs.spec import (
    LIBERO_ACTION_LAYOUT,
    LIBERO_CAMERAS,
    LIBERO_CONTROL_HZ,
    LIBERO_STATE_LAYOUTS,
    Orientation,
    StateFrame,
)

__all__ = ["LeRobotLibero", "SpatuneLibero"]

CAMERAS = {key.rpartition(".")[2]: key for key in LIBERO_CAMERAS}
STATE_SIZE, ACTION_SIZE = len(LIBERO_STATE_LAYOUTS["world"]), len(LIBERO_ACTION_LAYOUT)


@EnvConfig.register_subclass("spatune_libero")
@dataclass
class SpatuneLibero(EnvConfig):
    """Settings of `--env.type=spatune_libero`.

    Images and state have LeRobot's conventions for LIBERO unless told otherwise, so that a policy
    that was trained on LeRobot's data sets needs no other setting than its image size.
    """

    task: str = "libero_object"
    """LIBERO or LIBERO-PRO suites, separated by commas."""
    task_ids: list[int] | None = None
    """Tasks of each suite; all by default."""
    fps: int = int(LIBERO_CONTROL_HZ)
    """LIBERO's control rate; another one is refused."""
    episode_length: int | None = None
    """Control steps of an episode; those of LeRobot's LIBERO by default."""
    image_size: int = 256
    """Pixels of the square images of both cameras."""
    orientation: str = "rot180"
    """Orientation of the images: rot180 (LeRobot's) or upright."""
    state_frame: str = "world"
    """Frame of the end effector's position: world (LeRobot's) or base (the robot's)."""
    render_every: int = 1
    """Draw the cameras at every k-th step only; n_action_steps of the policy are those it reads."""
    published_sentences: bool = True
    """Call the tasks as LeRobot does; false: as the bddl files and `spatune demos` do."""
    features: dict[str, PolicyFeature] = field(default_factory=dict)
    features_map: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fps != LIBERO_CONTROL_HZ:
            raise ValueError(
                f"fps is {self.fps}; LIBERO runs at {LIBERO_CONTROL_HZ:g} control steps a second"
            )
        if self.render_every < 1:
            raise ValueError(f"render_every is {self.render_every}; give at least 1")
        if self.orientation not in ("rot180", "upright"):
            raise ValueError(f"orientation is {self.orientation!r}; use rot180 or upright")
        if self.state_frame not in ("world", "base"):
            raise ValueError(f"state_frame is {self.state_frame!r}; use world or base")
        image = PolicyFeature(FeatureType.VISUAL, (self.image_size, self.image_size, 3))
        self.features = {
            **dict.fromkeys(CAMERAS.values(), image),
            "agent_pos": PolicyFeature(FeatureType.STATE, (STATE_SIZE,)),
            "action": PolicyFeature(FeatureType.ACTION, (ACTION_SIZE,)),
        }
        self.features_map = {key: key for key in self.features} | {"agent_pos": "observation.state"}

    @property
    def gym_kwargs(self) -> dict[str, Any]:
        """Arguments of `LeRobotLibero`."""
        names = ("episode_length", "image_size", "orientation", "state_frame", "render_every")
        shown = {name: getattr(self, name) for name in names}
        return {**shown, "published": self.published_sentences}

    def create_envs(
        self, n_envs: int, use_async_envs: bool = False
    ) -> dict[str, dict[int, gym.vector.VectorEnv]]:
        """Vector environments by suite and task; environment j plays episodes j, j + n, ..."""
        envs: dict[str, dict[int, Any]] = {}
        for suite in filter(None, map(str.strip, self.task.split(","))):
            tasks = range(task_count(suite)) if self.task_ids is None else self.task_ids
            for task in tasks:
                libero_task(suite, task)  # what does not exist shows before any episode
                makers = [
                    partial(LeRobotLibero, suite, task, first, n_envs, **self.gym_kwargs)
                    for first in range(n_envs)
                ]
                envs.setdefault(suite, {})[task] = _vectorised(makers, use_async_envs)
        return envs


class LeRobotLibero(gym.Env[dict[str, Any], np.ndarray]):
    """One task in the form that LeRobot's rollout expects.

    The observation is `pixels` (uint8 (H, W, 3) for each camera) and `agent_pos` (float32 (8,)).
    The simulator is built at the first reset, in the process that plays.

    Args:
        suite: LIBERO or LIBERO-PRO suite.
        task_id: Task in the suite.
        first_episode: Evaluation init state of the first episode.
        stride: What each further episode adds to it.
        episode_length: Step budget; that of LeRobot's protocol if None.
        image_size: See `SpatuneLibero`, as all that follow.
        orientation: Of the images.
        state_frame: Of the position.
        render_every: Steps from one drawing to the next.
        published: See `published_sentences`.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": ["rgb_array"],
        "render_fps": LIBERO_CONTROL_HZ,
    }

    def __init__(
        self,
        suite: str,
        task_id: int,
        first_episode: int = 0,
        stride: int = 1,
        *,
        episode_length: int | None = None,
        image_size: int = 256,
        orientation: Orientation = "rot180",
        state_frame: StateFrame = "world",
        render_every: int = 1,
        published: bool = True,
    ) -> None:
        found = libero_task(suite, task_id)
        self.task, self.task_description = found.name, _sentence(found, published)
        self.render_mode = "rgb_array"
        self._max_episode_steps = episode_length or PROTOCOLS["lerobot"].steps_of(suite)
        self._make = partial(
            LiberoEnv,
            suite,
            task_id,
            image_size=image_size,
            orientation=orientation,
            state_frame=state_frame,
            render_every=render_every,
            max_steps=self._max_episode_steps,
        )
        self._env: LiberoEnv | None = None
        self._next, self._stride, self._count = first_episode, stride, found.init_count
        self._mirrored = orientation == "rot180"
        image = spaces.Box(0, 255, (image_size, image_size, 3), np.uint8)
        self.observation_space = spaces.Dict(
            {
                "pixels": spaces.Dict(dict.fromkeys(CAMERAS, image)),
                "agent_pos": spaces.Box(-np.inf, np.inf, (STATE_SIZE,), np.float32),
            }
        )
        self.action_space = spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start the next episode; LeRobot's options say nothing about it."""
        super().reset(seed=seed)
        if self._env is None:
            self._env = self._make()
        index = self._next % self._count
        self._next += self._stride
        observation, _ = self._env.reset(seed=seed, options={"init_index": index})
        return self._shown(observation), {"is_success": False}

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step."""
        assert self._env is not None, "reset comes first"
        observation, reward, terminated, truncated, info = self._env.step(action)
        shown = {"task": self.task, "is_success": bool(info["success"])}
        return self._shown(observation), reward, terminated, truncated, shown

    def render(self) -> np.ndarray:
        """The agent view as it was last drawn, upright; nothing is drawn a second time."""
        assert self._env is not None, "reset comes first"
        image = self._env.images[CAMERAS["image"]]
        return image[:, ::-1] if self._mirrored else image

    def close(self) -> None:
        """Free the simulator; a reset builds it again."""
        if self._env is not None:
            self._env.close()
            self._env = None

    def _shown(self, observation: dict[str, Any]) -> dict[str, Any]:
        pixels = {name: observation[key] for name, key in CAMERAS.items()}
        return {"pixels": pixels, "agent_pos": observation["observation.state"]}


def _sentence(task: LiberoTask, published: bool) -> str:
    return published_instruction(task) if published else task.instruction


def _vectorised(makers: Sequence[Callable[[], gym.Env]], in_processes: bool) -> Any:
    """LeRobot steps finished environments until the last one ends: these stand still instead."""
    if in_processes and len(makers) > 1:
        return _LazyAsyncVectorEnv(list(makers))
    return gym.vector.SyncVectorEnv(
        [freeze_after_episode_end(maker) for maker in makers],
        autoreset_mode=gym.vector.AutoresetMode.NEXT_STEP,
    )
