"""`SftConfig` and `CotConfig`: the arguments of `spatune tune sft` and `spatune tune cot`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class SftConfig:
    """Tune a vision-language model on questions and answers (TRL's SFTTrainer).

    The folder appears when training is done: the checkpoint as transformers reads it, tuning.json
    (how it came about), history.jsonl and loss.png. A run that was stopped goes on from its last
    saved state in OUT.work when the same command is given again.
    """

    vlm: str
    """Checkpoint to start from: a folder or a hub id."""
    data: tuple[Path, ...]
    """Folders of `spatune data mix`, or files in LLaVA's form (.json, .jsonl)."""
    out: Path
    """Folder of the checkpoint to write. Work in progress lies beside it in OUT.work."""
    stage: str = "sft"
    """Name of the stage in tuning.json and in reports."""
    steps: int | None = None
    """Optimiser steps; by default one epoch."""
    batch_size: int = 32
    """Samples a step on each device."""
    accumulate: int = 1
    """Batches whose gradients make one step."""
    lr: float = 5e-5
    """Peak learning rate of projector and language model."""
    vision_lr: float = 5e-6
    """Peak learning rate of the vision tower; 0 freezes it."""
    warmup: float = 0.1
    """Share of the steps with a linear warm-up; a cosine to zero follows."""
    weight_decay: float = 0.0
    """Weight decay of AdamW."""
    lora: int = 0
    """Rank of LoRA adapters on the language model's linear layers, merged at the end; 0 trains all
    weights."""
    packing: int = 0
    """Put several samples into rows of at most this many tokens; 0 pads each sample."""
    max_length: int = 16_384
    """Longest sample in tokens; a longer one is an error that names it."""
    most_pictures: int = 0
    """Leave out rows with more pictures than this, and say how many; 0 keeps all. A video of 16
    frames costs a CPU 16 times as much as one picture."""
    video_frames: int = 16
    """Frames that stand for a video file."""
    system: str = ""
    """Text of a system turn before every question."""
    held_out: int = 0
    """Rows that are not trained on; their loss is measured at every saved state and at the
    end."""
    device: str = "auto"
    """cpu, cuda or auto, which takes a GPU when torch sees one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the arithmetic; weights stay float32. auto: float32 on a CPU, bfloat16 on a GPU."""
    loaders: int = 0
    """Processes that load pictures; 0 loads them in the training process."""
    checkpointing: bool = False
    """Recompute activations instead of keeping them: less memory, more time."""
    save_every: int = 200
    """Steps between saved states."""
    half: bool = True
    """Write the weights in half precision."""
    revision: str | None = None
    """Branch, tag or commit of a hub id."""
    trust_remote_code: bool = False
    """Run Python code that the checkpoint carries."""
    seed: int = 0
    """Seed of the data order and of new weights."""


@dataclass(frozen=True)
class CotConfig(SftConfig):
    """Teach a tuned model to derive its answers: `<think>...</think><answer>...</answer>`.

    The same trainer as `spatune tune sft` with the rates of a cold start, on data of `spatune data
    mix --reasoning`.
    """

    stage: str = "cot"
    """Name of the stage in tuning.json and in reports."""
    lr: float = 1e-5
    """Peak learning rate of projector and language model."""
    vision_lr: float = 1e-6
    """Peak learning rate of the vision tower; 0 freezes it."""
    warmup: float = 0.03
    """Share of the steps with a linear warm-up; a cosine to zero follows."""
