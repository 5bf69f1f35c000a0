"""`spatune tune start`: an untrained tiny VLM that knows the words of its training data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import SpatuneError
from .samples.read import read_rows

_THINKING = "<think></think><answer></answer>"


@dataclass(frozen=True)
class StartConfig:
    """Write a tiny VLM with fresh weights: where `spatune tune sft` begins without a checkpoint."""

    data: tuple[Path, ...]
    """Training data whose words the tokenizer learns: of all stages to come."""
    out: Path
    """Folder of the checkpoint to write."""
    architecture: Literal["fastvlm", "qwen3_vl", "qwen2_5_vl"] = "fastvlm"
    """fastvlm: EfficientNet-Lite0 with ImageNet weights, small enough to be trained on a CPU.
    qwen3_vl, qwen2_5_vl: transformers throughout, everything from scratch; these want a GPU."""
    hidden: int = 256
    """Width of the language model (and of the transformer's vision tower)."""
    layers: int = 4
    """Depth of the language model (and of the transformer's vision tower)."""
    image_size: int = 128
    """Side of the pictures that the model sees, pixels."""
    vocabulary: int = 2048
    """Most byte and merge tokens."""
    backbone: bool = True
    """fastvlm: begin with the ImageNet weights."""
    seed: int = 0
    """Seed of the weights."""


def write_start(config: StartConfig) -> Path:
    """Write the checkpoint.

    Returns:
        The folder, `config.out`.

    Raises:
        SpatuneError: The output exists, the data cannot be read, or a size does not fit.
    """
    from ..agent.tiny import build_fastvlm
    from ..agent.tiny_families import build_tiny

    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    rows = read_rows(config.data)
    corpus = [text for row in rows for text in (row.prompt, row.answer)]
    corpus += [_THINKING, *_instructions()]
    if config.architecture == "fastvlm":
        out = build_fastvlm(
            config.out,
            hidden_size=config.hidden,
            layers=config.layers,
            image_size=config.image_size,
            corpus=corpus,
            vocab_size=config.vocabulary,
            pretrained_backbone=config.backbone,
            seed=config.seed,
        )
    else:
        out = build_tiny(
            config.architecture,
            config.out,
            hidden_size=config.hidden,
            layers=config.layers,
            corpus=corpus,
            vocab_size=config.vocabulary,
            image_size=config.image_size,
            patch_size=8,
            location_bins=128,
            seed=config.seed,
        )
    print(f"untrained {config.architecture} -> {out}")
    return out


def _instructions() -> list[str]:
    """Instructions of all LIBERO suites, so that the tokenizer splits none of their words oddly."""
    from ..envs.libero_suites import SUITES, libero_task, task_count

    return [
        libero_task(suite, task).instruction
        for suite in SUITES
        for task in range(task_count(suite))
    ]
