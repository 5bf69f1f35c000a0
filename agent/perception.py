"""`SpatialPerception`: a Gymnasium wrapper that adds what a spatial VLM sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

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

    from .vlm import SpatialVLM


class SpatialPerception(gym.Wrapper[dict[str, Any], Any, Any, Any], RecordConstructorArgs):
    """Adds features, and if asked an answer, of a VLM to the observations of any environment.

    Added entries of the Dict observation (another observation moves under `observation`):
        - `spatial.features`: float32 (T, D), zero where masked.
        - `spatial.mask`: int8 (T,), 1 where `spatial.features` holds a token.
        - `spatial.answer`: str, with `question` only; the raw text is `info["spatial.answer"]`.

    T is fixed: the grid points of all cameras for a vision source, the whole prompt and
    `max_text_tokens` for a language source. `info["spatial.fresh"]` tells whether this step
    looked. An environment that draws on demand (`info["images_fresh"]` False and a method
    `observe`) is asked for images only when this wrapper looks.

    The text is the observation's `task` when it has one, else `text`.

    Example:
        >>> import gymnasium as gym
        >>> from spatune.agent import SpatialPerception, SpatialVLM
        >>> vlm = SpatialVLM.from_pretrained("checkpoints/tiny")                # doctest: +SKIP
        >>> env = gym.make("CartPole-v1", render_mode="rgb_array")
        >>> env = SpatialPerception(env, vlm, text="keep the pole upright")     # doctest: +SKIP
        >>> observation, info = env.reset(seed=0)                               # doctest: +SKIP
        >>> sorted(observation)                                                 # doctest: +SKIP
        ['observation', 'spatial.features', 'spatial.mask']
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        vlm: SpatialVLM,
        *,
        image_keys: Sequence[str] | None = None,
        render: bool | None = None,
        **options: Unpack[PerceptionOptions],
    ) -> None:
        """Wraps `env`; with `render`, resets it once to learn the size of its pictures.

        Args:
            env: The environment.
            vlm: Shared, not copied, with other wrappers.
            image_keys: Entries of a Dict observation to look at, in this order; None takes every
                uint8 (H, W, 3) entry.
            render: Look at `env.render()` instead; None does when the observation has no image.
            **options: Fields of `PerceptionConfig`.

        Raises:
            SpatuneError: No images, an unknown image key or source, or the keys are taken.
        """
        RecordConstructorArgs.__init__(
            self,
            _disable_deepcopy=True,
            vlm=vlm,
            image_keys=image_keys,
            render=render,
            **options,
        )
        super().__init__(env)
        if render and image_keys is not None:
            raise SpatuneError(f"{env}: give image_keys or render=True, not both")
        self._config = PerceptionConfig(**options)
        space = env.observation_space
        keys = () if render else image_keys_of(space, image_keys, str(env))
        self._image_keys = keys
        if keys:
            images = blank_images(space, keys)
        else:
            check_render_mode(env.render_mode, str(env))
            # A picture in a window would not come back as an array.
            self.metadata = {**env.metadata, "render_modes": ["rgb_array"]}
            env.reset()
            images = [self._picture()]
        self._core = PerceptionCore(vlm, self._config, images)
        self.observation_space = extend_space(space, self._core.space, str(env))
        self._percept: Percept | None = None
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Starts an episode and looks."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._steps = 0
        return self._extended(observation, info)

    def step(self, action: Any) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        """Advances one step and looks at every `refresh_every`-th."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._steps += 1
        extended, info = self._extended(observation, info)
        return extended, reward, terminated, truncated, info

    def _extended(
        self, observation: Any, info: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        fresh = self._percept is None or self._steps % self._config.refresh_every == 0
        if fresh:
            if self._image_keys and info.get("images_fresh") is False:
                observation = self.env.get_wrapper_attr("observe")()
                info = {**info, "images_fresh": True}
            images, task = self._images(observation), self._task(observation)
            (self._percept,) = self._core.look([images], [task])
        assert self._percept is not None
        entries = observation if isinstance(observation, Mapping) else {OBSERVATION: observation}
        info = {**info, "spatial.fresh": fresh}
        if self._percept.answer is not None:
            info[ANSWER] = self._percept.answer
        return {**entries, **self._core.extend(self._percept)}, info

    def _images(self, observation: Any) -> list[NDArray[np.uint8]]:
        if not self._image_keys:
            return [self._picture()]
        return [observation[key] if key else observation for key in self._image_keys]

    def _picture(self) -> NDArray[np.uint8]:
        return np.asarray(self.env.render())

    def _task(self, observation: Any) -> str:
        if isinstance(observation, Mapping) and TASK in observation:
            return str(observation[TASK])
        return self._config.text
