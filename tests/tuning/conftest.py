"""Tiny checkpoints that the tests of training share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from spatune.agent.tiny_families import build_tiny
from spatune.agent.vlm import SpatialVLM

CORPUS = (
    "Which colour is it? red blue",
    "What is left of the mug? a plate, 0.25 m",
    "<think>It is red.</think><answer>red</answer>",
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a tiny checkpoint of a family; do not write to it."""

    folder = tmp_path_factory.mktemp("tiny")

    def checkpoint(family: str) -> Path:
        if family == "smolvlm" and importlib.util.find_spec("num2words") is None:
            pytest.skip("SmolVLM's processor needs num2words; pip install num2words")
        path = folder / family
        if not path.exists():
            build_tiny(family, path, hidden_size=32, corpus=CORPUS, vocab_size=300)
        return path

    return checkpoint


@pytest.fixture(scope="session")
def tiny_vlm(tiny: Callable[[str], Path]) -> Callable[[str], SpatialVLM]:
    """A tiny VLM of a family, loaded once; do not train it."""
    loaded: dict[str, SpatialVLM] = {}

    def vlm(family: str) -> SpatialVLM:
        if family not in loaded:
            loaded[family] = SpatialVLM.from_pretrained(tiny(family))
        return loaded[family]

    return vlm


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two demonstrations of one LIBERO task as `spatune demos libero` stores them for training."""
    from spatune.envs.experts.demos import write_demos
    from spatune.envs.experts.demos_config import DemosLiberoConfig

    config = DemosLiberoConfig(
        out=tmp_path_factory.mktemp("demos") / "demos", suites=("libero_object",), tasks=(3,),
        episodes=2, render_every=20, image_size=32, workers=1, pictures="arrays",
    )  # fmt: skip
    return write_demos(config)
