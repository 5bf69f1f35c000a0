"""Tiny checkpoints and questions about random pictures whose answer is always B."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatune.agent.tiny_families import build_tiny

CORPUS = ["Which letter is it? A B C D"] * 4


def write_toy(folder: Path, pictures: Sequence[int] = (1,), **fields: str) -> Path:
    """LLaVA's form: one question for each number of pictures."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    lines = []
    for number, count in enumerate(pictures):
        names = [f"{number}-{place}.png" for place in range(count)]
        for name in names:
            Image.fromarray(draw.integers(0, 255, (64, 64, 3), np.uint8)).save(folder / name)
        human = {"from": "human", "value": "<image>\n" * count + "Which letter is it?"}
        record = {"id": f"q{number}", "image": names, "form": "choice", **fields}
        gpt = {"from": "gpt", "value": record.pop("answer", "B")}
        lines.append(json.dumps({**record, "conversations": [human, gpt]}))
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def make_toy() -> Callable[..., Path]:
    """`write_toy`."""
    return write_toy


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A tiny checkpoint of a family; do not write to it."""
    folder = tmp_path_factory.mktemp("grpo")

    def checkpoint(family: str) -> Path:
        path = folder / family
        if not path.exists():
            build_tiny(family, path, hidden_size=32, corpus=CORPUS, vocab_size=256)
        return path

    return checkpoint
