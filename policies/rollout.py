"""Policies in an environment loop: `RolloutPolicy` and `SpatuneRollout`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import SpatuneError
from .normalisation import STATE

if TYPE_CHECKING:
    from .modeling_spatune import SpatunePolicy
    from .spec import PolicySpec


class RolloutPolicy(Protocol):
    """Anything that turns observations into chunks of actions, without state between calls."""

    spec: PolicySpec

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions.

        Args:
            observations: B observations of the environment, unbatched.
            noise: float32 (B, H, A), the only randomness that the policy may use.

        Returns:
            float32 (B, H, A) in environment units.
        """
        ...


class SpatuneRollout:
    """A `SpatunePolicy` with its VLM, acting on raw observations.

    The same observations and noise give the same bits on one machine. Batches of another size
    differ in the last bits; for exact runs, call with one observation at a time.

    Args:
        policy: A trained policy; put into evaluation mode.

    Attributes:
        spec: Conventions of the policy.
        backend: What computes, for records: `torch-cpu` or `torch-cuda`.
    """

    def __init__(self, policy: SpatunePolicy) -> None:
        self.policy = policy.eval()
        self.spec = policy.spec
        self.backend = f"torch-{policy.device.type}"

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions; see `RolloutPolicy.predict`.

        Args:
            observations: B dictionaries with a uint8 (H, W, 3) image for each camera of the spec,
                `observation.state` (S,) and `task`.
            noise: float32 (B, H, A).

        Raises:
            SpatuneError: An entry is missing, has a wrong shape or is not finite.
        """
        import torch

        expected = (len(observations), self.spec.chunk_length, self.spec.action_dim)
        if noise.shape != expected:
            raise SpatuneError(f"noise has shape {noise.shape}, the policy needs {expected}")
        images = [self._images(observation) for observation in observations]
        states = np.stack([self._state(observation) for observation in observations])
        texts = [str(_entry(observation, "task")) for observation in observations]
        with torch.inference_mode():
            features = self.policy.encoder.encode(images, texts, self.policy.device)
            chunk = self.policy.act(features, torch.from_numpy(states), torch.from_numpy(noise))
        return chunk.cpu().numpy()

    def _images(self, observation: Mapping[str, Any]) -> list[np.ndarray]:
        images = []
        for camera in self.spec.cameras:
            image = np.asarray(_entry(observation, camera.key))
            size = (camera.height, camera.width, 3)
            if self.spec.resize == "exact" and image.shape != size:
                raise SpatuneError(
                    f"{camera.key} has shape {image.shape}, the policy was trained on {size}: set "
                    f"the environment's image size to {camera.height}"
                )
            images.append(image)
        return images

    def _state(self, observation: Mapping[str, Any]) -> np.ndarray:
        state = np.asarray(_entry(observation, STATE), dtype=np.float32)
        if state.shape != (self.spec.state_dim,) or not np.isfinite(state).all():
            raise SpatuneError(
                f"{STATE} is {state.tolist()}; the policy needs {self.spec.state_dim} finite "
                f"entries: {', '.join(self.spec.state_layout)}"
            )
        return state


def _entry(observation: Mapping[str, Any], key: str) -> Any:
    if key not in observation:
        raise SpatuneError(
            f"the observation has no {key!r}, only {', '.join(sorted(observation))}; the policy "
            "reads every camera and the state of its policy_spec.json"
        )
    return observation[key]
