"""Tiny checkpoints of real transformers classes, built once a session."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from spatune.agent import SpatialVLM, build_tiny  # noqa: E402

CORPUS = ("pick up the mug and place it in the basket", "where is the bowl? left of the plate")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a tiny checkpoint by architecture."""

    @cache
    def build(architecture: str) -> Path:
        if architecture == "smolvlm" and importlib.util.find_spec("num2words") is None:
            pytest.skip("SmolVLM's processor needs num2words; pip install num2words")
        return build_tiny(
            architecture, tmp_path_factory.mktemp("tiny") / architecture, corpus=CORPUS
        )

    return build


@pytest.fixture(scope="session")
def vlm_of(checkpoint: Callable[[str], Path]) -> Callable[[str], SpatialVLM]:
    """Loaded tiny VLM by architecture."""

    @cache
    def load(architecture: str) -> SpatialVLM:
        return SpatialVLM.from_pretrained(checkpoint(architecture))

    return load


@pytest.fixture(scope="session")
def vlm(vlm_of: Callable[[str], SpatialVLM]) -> SpatialVLM:
    """A tiny VLM for tests that need any one."""
    return vlm_of("fastvlm")


@dataclass(frozen=True)
class Pointing:
    """A VLM that was taught two answers: `questions[i]` about `images[i]` is `raw[i]`."""

    vlm: SpatialVLM
    images: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    raw: tuple[str, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """One question an image."""
        return tuple(f"where is the {name}?" for name in self.names)


@pytest.fixture(scope="session")
def pointing(checkpoint: Callable[[str], Path]) -> Pointing:
    """Trained for a few steps through the public inputs, on answers in location tokens."""
    import torch

    vlm = SpatialVLM.from_pretrained(checkpoint("fastvlm"))
    random = np.random.default_rng(1)
    images = tuple(random.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(2))
    taught = Pointing(vlm, images, ("mug", "bowl"), ("<loc003><loc012>", "<loc008><loc001>"))
    tokenizer = vlm.processor.tokenizer
    vlm.model.get_encoder(modality="image").requires_grad_(False)
    optimizer = torch.optim.AdamW(vlm.model.get_decoder().parameters(), lr=1e-2)
    batches = []
    for image, question, raw in zip(images, taught.questions, taught.raw, strict=True):
        inputs = vlm.inputs([[image]], [question])
        answer = tokenizer(raw + "<|im_end|>", return_tensors="pt").input_ids
        tokens = torch.cat([inputs["input_ids"], answer], dim=1)
        labels = tokens.clone()
        labels[:, : -answer.shape[1]] = -100
        mask = torch.ones_like(tokens)
        batches.append(inputs | {"input_ids": tokens, "attention_mask": mask, "labels": labels})
    for _ in range(40):
        loss = torch.stack([vlm.model(**batch).loss for batch in batches]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return taught


class DrawOnDemand(gym.Wrapper):
    """Draws only when asked, as `LiberoEnv` with `render_every=0` does."""

    def __init__(self, env: gym.Env, key: str = "observation.images.image") -> None:
        super().__init__(env)
        self._key = key
        self.drawn = 0
        self._image = None
        self._state: dict = {}

    def _observation(self):
        return {**self._state, self._key: self._image}

    def observe(self):
        """The current observation with a picture drawn now."""
        self.drawn += 1
        self._image = self.env.render()
        return self._observation()

    def reset(self, *, seed=None, options=None):
        """Draws."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._state = {k: v for k, v in observation.items() if k != self._key}
        return self.observe(), {**info, "images_fresh": True}

    def step(self, action):
        """Repeats the last picture."""
        observation, reward, ended, late, info = self.env.step(action)
        self._state = {k: v for k, v in observation.items() if k != self._key}
        return self._observation(), reward, ended, late, {**info, "images_fresh": False}


@pytest.fixture
def draw_on_demand() -> type[DrawOnDemand]:
    """A wrapper that makes any environment with a picture in its observation lazy."""
    return DrawOnDemand


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    """Random uint8 RGB images of a size."""
    random = np.random.default_rng(0)

    def draw(height: int = 64, width: int = 64) -> np.ndarray:
        return random.integers(0, 256, (height, width, 3), dtype=np.uint8)

    return draw
