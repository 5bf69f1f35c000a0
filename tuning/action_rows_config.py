"""`ActionRowsConfig`: the arguments of `spatune data actions`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ActionRowsConfig:
    """Demonstrations as training rows whose answers are action tokens, for `spatune tune sft`.

    OUT/train.jsonl and OUT/images are the rows; OUT/vlm is the VLM with 256 more tokens, whose file
    action_tokens.json makes a policy of it. Put that file beside the tuned weights.
    """

    dataset: Path
    """Demonstration dataset with lossless images (`spatune demos libero`, png or arrays)."""
    vlm: str
    """Folder or hub id of the VLM that will learn to act."""
    out: Path
    """Folder to write; must not exist. Work in progress lies beside it in OUT.work."""
    cameras: tuple[str, ...] = ("image",)
    """Cameras shown, in order: image is LIBERO's agent view, image2 its wrist camera."""
    chunk_length: int = 1
    """Actions in one answer, each of 7 tokens."""
    execute_steps: int | None = None
    """Actions that are executed before the model looks again; all of an answer by default."""
    suites: tuple[str, ...] = ()
    """Suites of the dataset to take; all when empty."""
    seed: int = 0
    """Seed of the new tokens' embeddings."""
