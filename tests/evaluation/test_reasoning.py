"""A policy that asks its VLM before acting plays the same episodes on any worker."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.agent.reasoning import ANSWER, ReasoningPolicy
from spatune.evaluation import EngineOptions
from spatune.evaluation.controls import BlindPolicy
from spatune.evaluation.records import EpisodeRecord

Play = Callable[..., list]


class PixelReader:
    """Answers with the place of the point in the reach environment's image."""

    def generate(
        self, images: Sequence[Sequence[np.ndarray]], texts: Sequence[str], max_new_tokens: int
    ) -> list[str]:
        """Row and column, or that there is nothing to see."""
        places = [np.argwhere(image[0][..., 1] > 0) for image in images]
        return [str(place[0].tolist()) if len(place) else "dark" for place in places]


@pytest.fixture
def vlm() -> Any:
    """What is asked."""
    return PixelReader()


class Listener:
    """Moves by what it is told, and keeps it."""

    backend = "numpy"

    def __init__(self, seek: Any) -> None:
        self.spec = seek.spec
        self.heard: list[str] = []

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """A motion for each text."""
        self.heard += [observation[ANSWER] for observation in observations]
        words = [zlib.crc32(observation["task"].encode()) for observation in observations]
        angles = np.array(words, np.float64)[:, None] / 2**32 * 2 * np.pi
        motion = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        return np.broadcast_to(motion, noise.shape).astype(np.float32)


@pytest.mark.parametrize("every", [1, 3])
def test_same_lines_with_one_and_two_workers(
    play: Play, reach, keys: tuple, tmp_path: Path, vlm: Any, every: int
) -> None:
    def run(name: str, order: tuple, workers: int) -> tuple[list[dict], Listener]:
        listener = Listener(reach.SeekPolicy())
        policy = ReasoningPolicy(listener, vlm, every)
        options = EngineOptions(workers=workers)
        records = play(order, out=tmp_path / name, policy=policy, options=options, max_steps=20)
        return [record.deterministic() for record in records], listener

    one, heard = run("one", keys, 1)
    two, _ = run("two", keys[::-1], 2)
    assert one == two
    assert {line["reason_every"] for line in one} == {every}
    assert EpisodeRecord.from_json({**one[0], "attempt": 1, "message": None, "wall_seconds": 0})
    # The first episode of the only worker: with every=3 its first three replans hear the same.
    first = heard.heard[:4]
    changes = [left != right for left, right in pairwise(first)]
    assert changes[:2] == ([False, False] if every == 3 else [True, True]) and changes[2]


def test_a_blind_policy_asks_about_black_images(play: Play, reach, keys: tuple, vlm: Any) -> None:
    listener = Listener(reach.SeekPolicy())
    blind = BlindPolicy(ReasoningPolicy(listener, vlm, 1))
    records = play(keys[:2], policy=blind, control="blind", max_steps=8)
    assert {record.reason_every for record in records} == {1}
    assert set(listener.heard) == {"dark"}
