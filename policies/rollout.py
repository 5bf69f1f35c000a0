"""Policies in an environment loop: `RolloutPolicy` and `SpatuneRollout`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from ..agent.chunk_policy import ChunkPolicy
from ..agent.reasoning import ANSWER
from ..errors import SpatuneError
from .assembly import network_config, read_weights
from .checkpoint import VLM_FOLDER, WEIGHTS_FILE, read_conventions, read_settings
from .features import FeatureSpec
from .frame_cache import FrameCache
from .history import past_key
from .network import SpatuneNetwork
from .observation import read_entry, read_state
from .scaling import PolicyScaling
from .spec import PolicySpec
from .vlm_features import VlmFeatures, VlmSource

if TYPE_CHECKING:
    from ..agent.vlm import SpatialVLM


class RolloutPolicy(ChunkPolicy, Protocol):
    """A `ChunkPolicy` that states its conventions, so that they can be checked."""

    @property
    def spec(self) -> PolicySpec:
        """Conventions of the policy."""
        ...


class SpatuneRollout:
    """A trained policy with its VLM, acting on raw observations; needs no LeRobot.

    The same observations and noise give the same bits on one machine. Batches of another size
    differ in the last bits; for exact runs, call with one observation at a time.

    Methods:
        from_pretrained: Load a policy folder.
        predict: Chunks of actions.

    Attributes:
        spec: Conventions of the policy.
        backend: What computes, for records: `torch-cpu` or `torch-cuda`.
        scaling: Normalisation.
        network: Trained weights.
    """

    def __init__(
        self,
        spec: PolicySpec,
        scaling: PolicyScaling,
        network: SpatuneNetwork,
        encoder: VlmFeatures,
    ) -> None:
        self.spec = spec
        self.backend = f"torch-{scaling.device.type}"
        self.scaling = scaling.eval()
        self.network = network.eval()
        self._encoder = encoder
        features = network.config.features
        self._frames = FrameCache(encoder, features, spec.history) if spec.history else None

    @classmethod
    def from_pretrained(cls, folder: Path, device: str = "cpu") -> SpatuneRollout:
        """Loads a policy folder: the running mean of its weights where there is one.

        Args:
            folder: As `SpatunePolicy.save_pretrained` or `pack_policy` wrote it.
            device: `cpu`, `cuda` or `cuda:N`.

        Raises:
            SpatuneError: A file is missing or does not fit, or the VLM is another one.
        """
        spec, statistics = read_conventions(folder)
        settings = read_settings(folder)
        features = tuple(map(FeatureSpec.from_json, settings["features"]))
        network = SpatuneNetwork(network_config(spec, features, settings))
        prefix = "ema." if settings["ema_decay"] else "network."
        network.load_state_dict(read_weights(folder / WEIGHTS_FILE, network.state_dict(), prefix))
        inside = folder / VLM_FOLDER
        path, revision = settings["vlm"], settings["vlm_revision"]
        source = VlmSource(*((str(inside), None) if inside.is_dir() else (path, revision)))
        encoder = VlmFeatures(replace(source, trust_remote_code=settings["trust_remote_code"]))
        encoder.require(settings["features_vlm"])
        # What is wrong with the VLM must show here and not in an episode.
        encoder.vlm.model.to(device=device)  # pyright: ignore[reportCallIssue]
        return cls(spec, PolicyScaling(spec, statistics).to(device), network.to(device), encoder)

    @property
    def vlm(self) -> SpatialVLM:
        """The model whose features the policy reads; it answers questions as well."""
        return self._encoder.vlm

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions; see `ChunkPolicy.predict`.

        Args:
            observations: B dictionaries with a uint8 (H, W, 3) image for each camera of the spec
                (past frames of a policy with a history under `history.past_key`),
                `observation.state` (S,) and `task`.
            noise: float32 (B, H, A).

        Raises:
            SpatuneError: An entry is missing, has a wrong shape or is not finite; or the policy was
                trained with reasoning and acts outside of a `ReasoningPolicy`.
        """
        expected = (len(observations), self.spec.chunk_length, self.spec.action_dim)
        if noise.shape != expected:
            raise SpatuneError(f"noise has shape {noise.shape}, the policy needs {expected}")
        if self.spec.reasoning and any(ANSWER not in observation for observation in observations):
            raise SpatuneError(
                "the policy was trained with the VLM's answer behind its task: run it in "
                "SpatialAgent or ReasoningPolicy, which ask"
            )
        states = np.stack([read_state(observation, self.spec) for observation in observations])
        texts = [str(read_entry(observation, "task")) for observation in observations]
        device, specs = self.scaling.device, self.network.config.features
        with torch.inference_mode():
            if self._frames is None:
                images = [self._images(observation) for observation in observations]
                features = self._encoder.encode(images, texts, specs, device)
            else:
                samples = [self._with_past(observation) for observation in observations]
                features = self._frames.encode(samples, texts, device)
            state = self.scaling.state(torch.from_numpy(states))
            start = torch.from_numpy(noise).to(device)
            chunk = self.scaling.environment(self.network.predict(features, state, start))
        return chunk.cpu().numpy()

    def _with_past(self, observation: Mapping[str, Any]) -> list[list[np.ndarray]]:
        return [self._images(observation, steps) for steps in (0, *self.spec.history)]

    def _images(self, observation: Mapping[str, Any], steps: int = 0) -> list[np.ndarray]:
        images = []
        for camera in self.spec.cameras:
            key = past_key(camera.key, steps) if steps else camera.key
            image = np.asarray(read_entry(observation, key))
            size = (camera.height, camera.width, 3)
            if self.spec.resize == "exact" and image.shape != size:
                raise SpatuneError(
                    f"{key} has shape {image.shape}, the policy was trained on {size}: set "
                    f"the environment's image size to {camera.height}"
                )
            images.append(image)
        return images
