"""`RobotPolicy`: a bundle that acts; needs numpy and the engine's library, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..envs.spec import CameraSpec
from ..errors import SpatuneError
from ..policies.observation import read_entry, read_state
from ..policies.spec import PolicySpec
from .bundle import Bundle
from .engines.engine import Engine
from .engines.load import load_robot_engine


class RobotPolicy:
    """Predicts chunks of actions from raw observations, as the policy did that was exported.

    Args:
        bundle: The bundle.
        engine: Its graph, loaded.

    Attributes:
        spec: Conventions of the policy.
        backend: What computes, for records.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self.bundle = bundle
        self.spec: PolicySpec = bundle.spec
        self.backend = engine.name
        self._engine = engine

    @classmethod
    def load(
        cls, folder: Path, engine: str = "ort-cpu", *, precision: str = "fp32", threads: int = 0
    ) -> RobotPolicy:
        """Verify a bundle and load its graph.

        Args:
            folder: The bundle.
            engine: `ort-cpu`, `ort-cuda`, `ort-tensorrt`, `tensorrt` or `tensorrt-rtx`.
            precision: One that was exported.
            threads: Threads of a CPU engine; 0 takes all cores.

        Raises:
            SpatuneError: The bundle is damaged, or the engine or the precision is not to be had.
        """
        bundle = Bundle.load(folder)
        return cls(bundle, load_robot_engine(bundle, engine, precision, threads=threads))

    def predict_action_chunk(
        self, observation: Mapping[str, Any], noise: np.ndarray | None = None
    ) -> np.ndarray:
        """A chunk of actions, float32 (H, A), in environment units.

        Args:
            observation: A uint8 (H, W, 3) image for each camera of the specification,
                `observation.state` (S,) and `task`.
            noise: float32 (H, A) that a flow policy starts from; drawn if None.

        Raises:
            SpatuneError: An entry is missing, has a wrong shape or is not finite, or the policy was
                not exported for the instruction.
        """
        shape = (self.spec.chunk_length, self.spec.action_dim)
        if noise is None:
            noise = np.random.default_rng().standard_normal(shape, dtype=np.float32)
        inputs = policy_inputs(self.bundle, observation, noise)
        # A graph lacks the inputs that change nothing: a policy without flow has no noise.
        known = {name: inputs[name] for name in self._engine.inputs}
        return self._engine.run(known)["actions"][0].copy()

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks (B, H, A) of B observations, one after the other: the graph has batch size 1."""
        pairs = zip(observations, noise, strict=True)
        return np.stack([self.predict_action_chunk(seen, start) for seen, start in pairs])


def policy_inputs(
    bundle: Bundle, observation: Mapping[str, Any], noise: np.ndarray
) -> dict[str, np.ndarray]:
    """Inputs of the whole policy by name, checked.

    Args:
        bundle: The bundle.
        observation: See `RobotPolicy.predict_action_chunk`.
        noise: float32 (H, A).

    Raises:
        SpatuneError: See `RobotPolicy.predict_action_chunk`.
    """
    spec = bundle.spec
    shape = (spec.chunk_length, spec.action_dim)
    if noise.shape != shape:
        raise SpatuneError(f"noise has shape {noise.shape}, the policy needs {shape}")
    ids, mask = bundle.prompt(str(read_entry(observation, "task")))
    return {
        "images": np.stack([_image(observation, camera) for camera in spec.cameras])[None],
        "input_ids": ids[None],
        "attention_mask": mask[None],
        "state": read_state(observation, spec)[None],
        "noise": np.asarray(noise, dtype=np.float32)[None],
    }


def _image(observation: Mapping[str, Any], camera: CameraSpec) -> np.ndarray:
    image = np.asarray(read_entry(observation, camera.key))
    size = (camera.height, camera.width, 3)
    if image.shape != size or image.dtype != np.uint8:
        raise SpatuneError(
            f"{camera.key} is {image.dtype} {image.shape}; the graph is fixed to uint8 {size}: "
            "set the camera to that size, or export for the other"
        )
    return image
