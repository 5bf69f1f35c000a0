"""`GrpoConfig`: the arguments of `spatune tune grpo`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class GrpoConfig:
    """Tune a vision-language model on rewarded answers (TRL's GRPOTrainer, without KL).

    The folder appears when training is done: the checkpoint as transformers reads it, tuning.json
    (how it came about), history.jsonl and reward.png. A run that was stopped goes on from its last
    saved state in OUT.work when the same command is given again.
    """

    vlm: str
    """Checkpoint to start from: a folder or a hub id."""
    data: tuple[Path, ...]
    """Folders of `spatune data mix`, or files in LLaVA's form whose records have a `form`."""
    out: Path
    """Folder of the checkpoint to write. Work in progress lies beside it in OUT.work."""
    stage: str = "grpo"
    """Name of the stage in tuning.json and in reports."""
    steps: int = 200
    """Optimiser steps."""
    prompts: int = 32
    """Questions a rollout, on all devices together."""
    generations: int = 5
    """Answers sampled to each question; rewards are compared among them."""
    updates: int = 1
    """Optimiser steps a rollout, each on its share of the answers. VST: 256 prompts, 2 updates."""
    batch_size: int | None = None
    """Answers in a forward and backward pass on each device; by default those of one question."""
    lr: float = 1e-6
    """Learning rate, constant."""
    vision_lr_factor: float = 1.0
    """Learning rate of the vision tower over that of the rest; 0 freezes it."""
    weight_decay: float = 0.01
    """Weight decay of AdamW."""
    temperature: float = 1.0
    """Of sampling."""
    max_completion_length: int = 2048
    """Longest answer in tokens, reasoning included; what is cut off is rewarded as it stands."""
    clip_low: float = 0.2
    """The ratio of probabilities is clipped below 1 - this."""
    clip_high: float = 0.28
    """The ratio of probabilities is clipped above 1 + this."""
    filter_low: float = 0.01
    """Questions whose mean reward is not above this teach nothing in this step."""
    filter_high: float = 0.99
    """Nor do those whose mean reward is not below this."""
    thinking: bool = True
    """Ask for <think>...</think> before the answer, and reward it."""
    think_prompt: Literal["mix", "vst"] = "mix"
    """How to ask for it: as `spatune data mix --reasoning` does, or in VST's system turn."""
    number_reward: Literal["mra", "relaxed"] = "mra"
    """Of numbers: mean relative accuracy, or right within 5 %."""
    system: str = ""
    """Text of a system turn before every question."""
    video_frames: int = 16
    """Frames that stand for a video file."""
    device: str = "auto"
    """cpu, cuda or auto, which takes a GPU when torch sees one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the arithmetic; weights stay float32. auto: float32 on a CPU, bfloat16 on a GPU."""
    checkpointing: bool = False
    """Recompute activations instead of keeping them: less memory, more time."""
    save_every: int = 50
    """Steps between saved states, a multiple of --updates."""
    half: bool = True
    """Write the weights in half precision."""
    revision: str | None = None
    """Branch, tag or commit of a hub id."""
    trust_remote_code: bool = False
    """Run Python code that the checkpoint carries."""
    seed: int = 0
    """Seed of the order of questions and of sampling."""
