"""`trl_arguments`: a run's settings in TRL's words, and whether they fit together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import SpatuneError
from .config import GrpoConfig
from .questions import RewardedQuestions


def check_settings(config: GrpoConfig) -> None:
    """Whether the settings make a run.

    Raises:
        SpatuneError: They do not; it names the one to change.
    """
    positive = {
        "--steps": config.steps,
        "--prompts": config.prompts,
        "--updates": config.updates,
        "--save-every": config.save_every,
        "--max-completion-length": config.max_completion_length,
        "--lr": config.lr,
        "--temperature": config.temperature,
    }
    for name, value in positive.items():
        if value <= 0:
            raise SpatuneError(f"{name} is {value}; use more than 0")
    if config.generations < 2:
        raise SpatuneError(f"--generations is {config.generations}; answers are compared, use 2+")
    if config.save_every % config.updates or config.steps % config.updates:
        raise SpatuneError(
            f"--steps {config.steps} and --save-every {config.save_every} are no multiples of "
            f"--updates {config.updates}, the steps of one rollout"
        )
    if not 0 <= config.filter_low < config.filter_high <= 1:
        raise SpatuneError(
            f"--filter-low {config.filter_low} and --filter-high {config.filter_high} are no "
            "bounds of a reward; use 0 <= low < high <= 1"
        )
    whole, share = config.prompts * config.generations, _processes() * config.updates
    if whole % (_batch_size(config) * share):
        raise SpatuneError(
            f"{config.prompts} prompts x {config.generations} generations are not divided by "
            f"--batch-size {_batch_size(config)} x {config.updates} updates x {_processes()} "
            "processes; change --prompts or --batch-size"
        )


def question_order(config: GrpoConfig, questions: RewardedQuestions) -> Any:
    """Questions of all rollouts in the order in which they are asked: one pass, without shuffling.

    A sampler that shuffles starts anew in a run that goes on.
    """
    from datasets import Dataset

    count = config.steps // config.updates * config.prompts
    return Dataset.from_dict({"row": questions.order(count)})


def generating(processor: Any) -> Any:
    """A processor set up for rollouts: padding on the left, and no tiles, as in `SpatialVLM`."""
    processor.tokenizer.padding_side = "left"
    for option in ("do_image_splitting", "crop_to_patches"):
        if hasattr(processor.image_processor, option):
            setattr(processor.image_processor, option, False)
    return processor


def trl_arguments(config: GrpoConfig, work: Path, device: str) -> Any:
    """TRL's `GRPOConfig`; states are saved in `work`."""
    from trl.trainer.grpo_config import GRPOConfig as TrlConfig

    size = _batch_size(config)
    passes = config.prompts * config.generations // (size * _processes())
    return TrlConfig(
        output_dir=str(work),
        max_steps=config.steps,
        per_device_train_batch_size=size,
        steps_per_generation=passes,
        gradient_accumulation_steps=passes // config.updates,
        num_generations=config.generations,
        max_completion_length=config.max_completion_length,
        temperature=config.temperature,
        shuffle_dataset=False,
        learning_rate=config.lr,
        lr_scheduler_type="constant",
        weight_decay=config.weight_decay,
        beta=0.0,
        epsilon=config.clip_low,
        epsilon_high=config.clip_high,
        disable_dropout=True,
        bf16=config.precision == "bfloat16" or (config.precision == "auto" and device != "cpu"),
        use_cpu=device == "cpu",
        activation_checkpointing=config.checkpointing,
        save_steps=config.save_every,
        save_total_limit=1,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
    )


def _batch_size(config: GrpoConfig) -> int:
    return config.batch_size or config.generations


def _processes() -> int:
    """Processes that accelerate started."""
    return int(os.environ.get("WORLD_SIZE", "1"))
