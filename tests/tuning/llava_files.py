"""Small training data in LLaVA's form, for tests of what reads and trains on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def record(name: str, images: Sequence[str], *turns: str, **fields: Any) -> dict[str, Any]:
    """A conversation; the first turn shows all images before its text."""
    texts = list(turns)
    texts[0] = "<image>\n" * len(images) + texts[0]
    conversations = [
        {"from": ("human", "gpt")[place % 2], "value": text} for place, text in enumerate(texts)
    ]
    return {"id": name, "image": list(images), "conversations": conversations, **fields}


def write_records(file: Path, records: Sequence[dict[str, Any]]) -> Path:
    """A `.jsonl` or, by its name, a `.json` file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".json":
        file.write_text(json.dumps(list(records)))
    else:
        file.write_text("".join(json.dumps(each) + "\n" for each in records))
    return file


def write_pictures(file: Path, count: int, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    """An array (count, H, W, 3) of random pictures, as `spatune frames` stores them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(count)
    pixels = draw.integers(0, 256, (count, *size, 3), np.uint8)
    np.save(file, pixels)
    return pixels


def write_colours(folder: Path, *, reasoning: bool = False, copies: int = 1) -> Path:
    """Questions that a picture answers: it is red or blue, and the answer says which."""
    folder.mkdir(parents=True)
    records = []
    colours = [("red", (250, 10, 0)), ("blue", (0, 10, 250))] * copies
    for place, (name, colour) in enumerate(colours):
        Image.new("RGB", (64, 64), colour).save(folder / f"{place}.png")
        answer = f"<think>It is {name}.</think><answer>{name}</answer>" if reasoning else name
        records.append(record(f"q{place}", [f"{place}.png"], "Which colour is it?", answer))
    write_records(folder / "train.jsonl", records)
    return folder
