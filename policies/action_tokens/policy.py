"""`ActionTokenPolicy`: the VLM's own answer, token by token, as a chunk of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...agent.action_codec import ActionTokenCodec
from ...agent.action_tokens import ActionTokens
from ...agent.vlm import SpatialVLM
from ...errors import SpatuneError
from ..normalisation import Statistics
from ..observation import read_entry
from ..scaling import PolicyScaling
from ..spec import PolicySpec
from .conventions import read_action_conventions


class ActionTokenPolicy:
    """A policy without a head of its own: a VLM that was tuned to answer in action tokens.

    Decoding is greedy among the 256 action tokens, with the model's key-value cache, H x A tokens a
    chunk. It reads images and instruction, no proprioception, and uses no noise: the same
    observation gives the same bits on one machine. Batches of another size differ in the last
    bits of the logits; for exact runs, call with one observation at a time.

    Methods:
        from_pretrained: Load a policy folder.
        predict: Chunks of actions.

    Attributes:
        vlm: The model; it answers questions as well.
        codec: Token ids of the actions.
        spec: Conventions of the policy.
        backend: What computes, for records: `torch-cpu` or `torch-cuda`.
    """

    def __init__(self, vlm: SpatialVLM, spec: PolicySpec, statistics: Statistics) -> None:
        """Makes a policy of a loaded model.

        Raises:
            SpatuneError: The model's vocabulary does not end with the action tokens.
        """
        tokenizer: Any = vlm.processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]
        self.codec = ActionTokenCodec.of(tokenizer)
        embeddings: Any = vlm.model.get_input_embeddings()
        rows = embeddings.num_embeddings
        if rows < self.codec.vocabulary:
            raise SpatuneError(
                f"the model has {rows} embeddings for {self.codec.vocabulary} tokens; model and "
                "tokenizer must come from one training run"
            )
        self.vlm = vlm
        self.spec = spec
        self.backend = f"torch-{vlm.device.type}"
        self._scaling = PolicyScaling(spec, statistics)

    @classmethod
    def from_pretrained(cls, folder: Path, device: str = "cpu") -> ActionTokenPolicy:
        """Loads a tuned VLM with its `action_tokens.json`.

        Args:
            folder: The VLM's folder.
            device: `cpu`, `cuda` or `cuda:N`.

        Raises:
            SpatuneError: A file is missing, or they do not fit one another.
        """
        spec, statistics = read_action_conventions(folder)
        return cls(SpatialVLM.from_pretrained(folder, device=device), spec, statistics)

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions; see `ChunkPolicy.predict`.

        Args:
            observations: B dictionaries with a uint8 (H, W, 3) image for each camera of the spec,
                and `task`.
            noise: float32 (B, H, A), of which only the shape is read.

        Raises:
            SpatuneError: An entry is missing or has a wrong shape.
        """
        expected = (len(observations), self.spec.chunk_length, self.spec.action_dim)
        if noise.shape != expected:
            raise SpatuneError(f"noise has shape {noise.shape}, the policy needs {expected}")
        images = [self._images(observation) for observation in observations]
        texts = [ActionTokens.prompt(str(read_entry(o, "task"))) for o in observations]
        values = self.codec.decode(self._generate(images, texts)).reshape(expected)
        return self._scaling.environment(torch.from_numpy(values)).numpy()

    @torch.inference_mode()
    def _generate(self, images: list[list[np.ndarray]], texts: list[str]) -> np.ndarray:
        """Ids of action tokens, (B, H * A)."""
        inputs = self.vlm.inputs(images, texts, padding_side="left")
        count = self.spec.chunk_length * self.spec.action_dim
        model: Any = self.vlm.model
        output = model.generate(
            **inputs,
            max_new_tokens=count,
            do_sample=False,
            num_beams=1,
            # Some checkpoints ask for a penalty, which would forbid equal numbers in an action.
            repetition_penalty=1.0,
            logits_processor=[self._only_actions],
        )
        return output[:, -count:].cpu().numpy()

    def _only_actions(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores (B, V) with every other token ruled out, those that end the answer included."""
        actions = slice(self.codec.first, self.codec.vocabulary)
        ruled = torch.full_like(scores, -torch.inf)
        ruled[:, actions] = scores[:, actions]
        return ruled

    def _images(self, observation: Mapping[str, Any]) -> list[np.ndarray]:
        images = []
        for camera in self.spec.cameras:
            image = np.asarray(read_entry(observation, camera.key))
            size = (camera.height, camera.width, 3)
            if image.shape != size:
                raise SpatuneError(
                    f"{camera.key} has shape {image.shape}, the policy was trained on {size}: set "
                    f"the environment's image size to {camera.height}"
                )
            images.append(image)
        return images
