"""`NavBenchEnv`: a navigation environment as the evaluation engine wants it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..envs.houses.assets import Split
from ..envs.houses.library import house_names
from ..envs.navigation.task import IMAGE_KEY, NAV_TASKS, NavTask
from ..envs.spec import EnvSpec
from ..envs.thor import ThorEnv
from ..envs.thor_backends.backend import Backend
from ..errors import SpatuneError
from ..evaluation.environment import EnvFactory
from ..policies.history import past_key
from .metrics import episode_metrics

EXPERT_ACTION = "expert.action"
"""Key of the observation that holds the expert's next action, for the oracle."""


@dataclass(frozen=True)
class NavView:
    """What the actor is shown.

    Attributes:
        image_size: Pixels of the square images.
        history: Past frames beside the present one, in steps back.
        expert: Whether the expert's next action is shown.
    """

    image_size: int = 224
    history: tuple[int, ...] = ()
    expert: bool = False


class NavBenchEnv:
    """One house of a split, with stored episodes as initial states.

    The last step's `info["metrics"]` holds SPL and its relatives.

    Args:
        env: The environment.
        house: Name of the house that is played in.
        view: What the actor is shown.
        maps: Folder for maps of episodes, and the number of episodes drawn; None for none.
    """

    def __init__(
        self, env: ThorEnv, house: str, view: NavView, maps: tuple[str, int] | None = None
    ) -> None:
        self._env, self._house, self._view, self._maps = env, house, view, maps
        self.max_steps = env.max_steps
        self.metadata = env.metadata
        self._frames: list[np.ndarray] = []
        self._expert = None
        if view.expert:
            from ..envs.experts.navigation import NavExpert

            self._expert = NavExpert(env)

    @property
    def env_spec(self) -> EnvSpec:
        """Conventions of the environment."""
        return self._env.env_spec

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start the stored episode `options["init_index"]` of the house."""
        self._index = int((options or {})["init_index"])
        observation, info = self._env.reset(
            seed=seed, options={"house": self._house, "init_index": self._index}
        )
        self._frames = [observation[IMAGE_KEY]]
        return self._shown(observation), info

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        """One action, float32 (1,): its number."""
        observation, reward, terminated, truncated, info = self._env.step(action)
        over = terminated or truncated
        if over:
            info = {**info, "metrics": episode_metrics(info)}
            self._draw_map(info)
        if self._view.history and not over:
            # A frame that is not drawn now cannot be shown as a past one later.
            observation = self._env.observe()
            self._frames.append(observation[IMAGE_KEY])
        return self._shown(observation, over=over), reward, terminated, truncated, info

    def observe(self) -> dict[str, Any]:
        """The current observation with fresh images."""
        return self._shown(self._env.observe())

    def state_digest(self) -> str:
        """Digest of the episode and of the agent's pose."""
        return self._env.state_digest()

    def close(self) -> None:
        """Stop the simulator."""
        self._env.close()

    def _shown(self, observation: dict[str, Any], *, over: bool = False) -> dict[str, Any]:
        shown = dict(observation)
        for back in self._view.history:
            shown[past_key(IMAGE_KEY, back)] = self._frames[max(0, len(self._frames) - 1 - back)]
        if self._expert is not None and not over:
            shown[EXPERT_ACTION] = np.array([self._expert.action()], np.float32)
        return shown

    def _draw_map(self, info: dict[str, Any]) -> None:
        if self._maps is None or self._index >= self._maps[1]:
            return
        from .episode_map import episode_map

        picture = episode_map(self._env, info)
        folder = Path(self._maps[0])
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{self._env.task}-{self._house}-{self._index:02d}.png")


def make_env(
    suite: str,
    task_id: int,
    *,
    backend: Backend,
    image_size: int,
    history: tuple[int, ...],
    expert: bool,
    max_steps: int,
    maps: tuple[str, int] | None,
) -> NavBenchEnv:
    """The environment of one house; images are drawn only where somebody looks at them.

    Args:
        suite: `<task>-<split>`, for example `objectnav-test`.
        task_id: Number of the house in its split.
        backend: Where it runs.
        image_size: See `NavView`, as the next two.
        history: See `NavView`.
        expert: See `NavView`.
        max_steps: Actions after which an episode is given up.
        maps: See `NavBenchEnv`.
    """
    task, split = parse_suite(suite)
    house = house_names(split)[task_id]
    env = ThorEnv(
        task,
        split=split,
        houses=(house,),
        backend=backend,
        image_size=image_size,
        max_steps=max_steps,
        render_every=0,
    )
    return NavBenchEnv(env, house, NavView(image_size, history, expert), maps)


def env_factory(
    view: NavView, backend: Backend, max_steps: int, maps: tuple[str, int] | None
) -> EnvFactory:
    """`make_env` as data for worker processes."""
    return EnvFactory(
        f"{__name__}:{make_env.__name__}",
        {
            "backend": backend,
            "image_size": view.image_size,
            "history": view.history,
            "expert": view.expert,
            "max_steps": max_steps,
            "maps": maps,
        },
    )


def suite_name(task: NavTask, split: Split) -> str:
    """The suite of a task in a split's houses."""
    return f"{task}-{split}"


def parse_suite(suite: str) -> tuple[NavTask, Split]:
    """Inverse of `suite_name`.

    Raises:
        SpatuneError: It is no such name.
    """
    for task in NAV_TASKS:
        for split in ("train", "val", "test"):
            if suite == suite_name(task, split):
                return task, split
    raise SpatuneError(f"unknown suite {suite!r}; write for example objectnav-test")
