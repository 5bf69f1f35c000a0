"""Asking with and without pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.agent import SpatialVLM
from spatune.bench_spatial.asker import GREY, Asker, load_vlm
from spatune.errors import SpatuneError

TEXTS = ["Where do you turn?", "How many chairs are in this room, all told?"]


@pytest.fixture(scope="module")
def vlm(trained_vlm: Path) -> SpatialVLM:
    return load_vlm(str(trained_vlm), None, False, "cpu", "float32")


class NeedsPictures:
    """A processor like PaliGemma's: text without a picture is refused."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("images") is None:
            raise ValueError("`images` are expected as arguments")
        return self._processor(*args, **kwargs)


def test_blind_batch_answers_as_each_question_alone(vlm: SpatialVLM) -> None:
    asker = Asker.of(vlm, 3, blind=True)
    assert asker.vision == "no picture: text alone"
    together = asker.ask([[], []], TEXTS)
    assert together == [asker.ask([[]], [text])[0] for text in TEXTS]
    assert any(together)


def test_model_that_needs_pictures_sees_a_grey_one_and_the_receipt_says_so(
    vlm: SpatialVLM,
) -> None:
    refusing = SpatialVLM(vlm.model, NeedsPictures(vlm.processor))  # pyright: ignore
    asker = Asker.of(refusing, 3, blind=True)
    assert asker.grey == (224, 224), "a Qwen takes any size"
    assert "one grey picture of 224x224" in asker.vision
    grey = np.full((224, 224, 3), GREY, np.uint8)
    seen = np.zeros((64, 64, 3), np.uint8)
    assert asker.ask([[seen], [seen]], TEXTS) == vlm.generate([[grey], [grey]], TEXTS, 3)


def test_missing_device_is_one_clear_line(trained_vlm: Path) -> None:
    with pytest.raises(SpatuneError, match="device 'nothing' cannot be used"):
        load_vlm(str(trained_vlm), None, False, "nothing", "float32")
