"""`GroundingConfig`: the arguments of `spatune tune grounding`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GroundingConfig:
    """Tune the embedded vision-language model on scenes of demonstrations."""

    dataset: Path
    """Demonstration dataset with lossless images (`spatune demos libero`)."""
    out: Path
    """Folder of the checkpoint to write. Work in progress lies beside it in OUT.work."""
    steps: int = 600
    """Optimiser steps."""
    batch_size: int = 40
    """Samples a step."""
    vision_lr: float = 5e-4
    """Peak learning rate of the vision tower."""
    language_lr: float = 1e-3
    """Peak learning rate of projector and language model."""
    warmup: int = 40
    """Steps of linear warm-up; cosine decay follows."""
    save_every: int = 50
    """Steps between saved states; a killed run goes on from the last one."""
    held_out: float = 0.08
    """Share of episodes kept for evaluation."""
    threads: int = 2
    """CPU threads."""
    seed: int = 0
    """Seed of weights and data order."""
