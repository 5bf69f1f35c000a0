"""`SpatialPerceptionVector`: `SpatialPerception` for vector environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from ..errors import SpatuneError
from .perception_core import (
    ANSWER,
    OBSERVATION,
    TASK,
    Percept,
    PerceptionConfig,
    PerceptionCore,
    PerceptionOptions,
    blank_images,
    check_render_mode,
    extend_space,
    image_keys_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .inputs import Images
    from .vlm import SpatialVLM


class SpatialPerceptionVector(VectorWrapper[dict[str, Any], Any, Any, Any, Any]):
    """Adds the entries of `SpatialPerception` to the observations of N environments.

    All environments that are due at a step share one forward pass. Each counts `refresh_every`
    from the start of its own episode, and the first observation of an episode is always looked at:

    - `AutoresetMode.NEXT_STEP`: at the step after the last one of an episode.
    - `AutoresetMode.SAME_STEP`: at the last step itself; `infos["final_obs"]` gets the entries of
      the state that ended the episode. Needs images in the observation, because the picture of
      that state is gone once the environment has been reset.
    - `AutoresetMode.DISABLED`: at `reset(options={"reset_mask": ...})`.

    `infos["spatial.fresh"]` (N,) tells who looked. Images and text are found as in
    `SpatialPerception`.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        vlm: SpatialVLM,
        *,
        image_keys: Sequence[str] | None = None,
        render: bool | None = None,
        **options: Unpack[PerceptionOptions],
    ) -> None:
        """Wraps `env`; with `render`, resets it once to learn the size of its pictures.

        Args:
            env: The vector environment.
            vlm: Shared, not copied, with other wrappers.
            image_keys: As in `SpatialPerception`.
            render: As in `SpatialPerception`.
            **options: Fields of `PerceptionConfig`.

        Raises:
            SpatuneError: As in `SpatialPerception`, or pictures with `SAME_STEP`.
        """
        super().__init__(env)
        if render and image_keys is not None:
            raise SpatuneError(f"{env}: give image_keys or render=True, not both")
        self._config = PerceptionConfig(**options)
        self._autoreset = AutoresetMode(env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP))
        space = env.single_observation_space
        self._image_keys = () if render else image_keys_of(space, image_keys, str(env))
        if self._image_keys:
            images = blank_images(space, self._image_keys)
        else:
            check_render_mode(env.render_mode, str(env))
            if self._autoreset == AutoresetMode.SAME_STEP:
                raise SpatuneError(
                    f"{env}: the last picture of an episode is lost with autoreset SAME_STEP; "
                    "use autoreset_mode NEXT_STEP, or images in the observation"
                )
            env.reset()
            images = [self._pictures()[0]]
        self._core = PerceptionCore(vlm, self._config, images)
        self.single_observation_space = extend_space(space, self._core.space, str(env))
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)
        self._percepts: list[Percept | None] = [None] * env.num_envs
        self._final_percepts: dict[int, Percept] = {}
        self._steps = np.zeros(env.num_envs, np.int64)
        self._ended = np.zeros(env.num_envs, np.bool_)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Starts episodes, all or those of `options["reset_mask"]`, and looks at them."""
        # The environment takes the mask out of the options.
        mask = None if options is None else options.get("reset_mask")
        unseen = np.array([percept is None for percept in self._percepts])
        started = np.ones(self.num_envs, np.bool_) if mask is None else np.array(mask) | unseen
        observation, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        self._steps[started] = 0
        self._ended[started] = False
        return self._extended(observation, infos, started, {})

    def step(self, actions: Any) -> tuple[dict[str, Any], Any, Any, Any, dict[str, Any]]:
        """Advances every environment; those that are due look, in one forward pass."""
        observation, reward, terminated, truncated, infos = self.env.step(actions)
        ended = np.logical_or(terminated, truncated)
        same_step = self._autoreset == AutoresetMode.SAME_STEP
        next_step = self._autoreset == AutoresetMode.NEXT_STEP
        started = ended if same_step else self._ended if next_step else np.zeros_like(ended)
        self._steps += 1
        due = self._steps % self._config.refresh_every == 0
        last = np.flatnonzero(ended) if same_step else ()
        finals = {int(i): infos["final_obs"][i] for i in last}
        # The picture of a state that has been reset cannot be drawn any more.
        drawn = infos.get("final_info", {}).get("images_fresh", np.ones_like(ended))
        looked_finals = {i: final for i, final in finals.items() if due[i] and drawn[i]}
        before = list(self._percepts)
        self._steps[started] = 0
        self._ended = ended
        extended, infos = self._extended(observation, infos, due | started, looked_finals)
        for i, final in finals.items():
            percept = self._final_percepts.get(i) or before[i]
            assert percept is not None
            infos["final_obs"][i] = self._merge(final, self._core.extend(percept))
        return extended, reward, terminated, truncated, infos

    def _extended(
        self,
        observation: Any,
        infos: dict[str, Any],
        looking: NDArray[np.bool_],
        finals: Mapping[int, Any],
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        indices = [int(i) for i in np.flatnonzero(looking)]
        if indices:
            self._draw_stale(observation, infos, indices)
            pictures = None if self._image_keys else self._pictures()
            samples = [self._sample(_row(observation, i), pictures, i) for i in indices]
            samples += [self._sample(final, None, i) for i, final in finals.items()]
            images, tasks = zip(*samples, strict=True)
            percepts = self._core.look(images, tasks)
            for i, percept in zip(indices, percepts, strict=False):
                self._percepts[i] = percept
            self._final_percepts = dict(zip(finals, percepts[len(indices) :], strict=True))
        percepts = [percept for percept in self._percepts if percept is not None]
        entries = [self._core.extend(percept) for percept in percepts]
        added = {
            key: tuple(entry[key] for entry in entries)
            if key == ANSWER
            else np.stack([entry[key] for entry in entries])
            for key in entries[0]
        }
        infos = {**infos, "spatial.fresh": looking.copy()}
        if self._config.question is not None:
            infos[ANSWER] = np.array([percept.answer for percept in percepts], dtype=object)
        return self._merge(observation, added), infos

    def _merge(self, observation: Any, added: Mapping[str, Any]) -> dict[str, Any]:
        entries = observation if isinstance(observation, Mapping) else {OBSERVATION: observation}
        return {**entries, **added}

    def _draw_stale(self, observation: Any, infos: dict[str, Any], indices: list[int]) -> None:
        fresh = infos.get("images_fresh")
        if fresh is None or not self._image_keys or all(fresh[i] for i in indices):
            return
        environments: Any = self.env.unwrapped
        drawn = environments.call("observe")
        for i in indices:
            for key in self._image_keys:
                rows = observation[key] if key else observation
                rows[i] = drawn[i][key] if key else drawn[i]
            fresh[i] = True

    def _sample(
        self, observation: Any, pictures: Sequence[NDArray[np.uint8]] | None, index: int
    ) -> tuple[Images, str]:
        images = [observation[key] if key else observation for key in self._image_keys]
        if pictures is not None:
            images = [pictures[index]]
        has_task = isinstance(observation, Mapping) and TASK in observation
        return images, str(observation[TASK]) if has_task else self._config.text

    def _pictures(self) -> list[NDArray[np.uint8]]:
        return [np.asarray(picture) for picture in self.env.render() or ()]


def _row(observation: Any, index: int) -> Any:
    """Observation of one environment."""
    if isinstance(observation, Mapping):
        return {key: value[index] for key, value in observation.items()}
    return observation[index]
