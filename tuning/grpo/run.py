"""`run_grpo`: the body of `spatune tune grpo`."""

from __future__ import annotations

import copy
import json
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import SpatuneError
from ..loss_plot import plot_curves
from ..resumable_training import resumable_training
from ..stage_folder import claim_work, write_checkpoint
from ..stage_record import StageRecord, base_of, data_entry, device_name, settings
from ..training_device import training_device
from .arguments import check_settings, generating, question_order, trl_arguments
from .config import GrpoConfig
from .questions import RewardedQuestions

HISTORY, PLOT = "history.jsonl", "reward.png"
_FREE = ("out", "save_every", "half")
"""Settings that do not decide the weights."""
_PATHS = ("vlm", "data", "out")
# Name in the history -> name in TRL's log.
_LOGGED = {
    "reward": "reward",
    "format": "format",
    "accuracy": "accuracy",
    "kept": "kept",
    "loss": "loss",
    "grad_norm": "grad_norm",
    "entropy": "entropy",
    "tokens": "completions/mean_length",
    "cut_off": "completions/clipped_ratio",
    "clipped_low": "clip_ratio/low_mean",
    "clipped_high": "clip_ratio/high_mean",
    "learning_rate": "learning_rate",
    "seconds": "step_time",
}
_SHOWN = ("reward", "format", "accuracy", "kept")
_TAIL = 0.1
"""Share of a run that its first and its last reward are means over."""


def run_grpo(config: GrpoConfig) -> Path:
    """Train and write the checkpoint; a killed run goes on from its last saved state.

    Returns:
        The folder, `config.out`.

    Raises:
        SpatuneError: The output exists; settings, data, checkpoint or device do not fit; the
            device's memory is too small; a loss is no number.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    check_settings(config)
    questions = RewardedQuestions.read(config)
    device = training_device(config.device)
    work = claim_work(config.out, settings(config, _FREE), device)
    import torch

    try:
        _train(config, questions, work, device)
    except torch.OutOfMemoryError:
        raise SpatuneError(
            "the device's memory is too small: lower --batch-size, --max-completion-length or "
            "--prompts, or use --checkpointing or --vision-lr-factor 0"
        ) from None
    return config.out


def _train(config: GrpoConfig, questions: RewardedQuestions, work: Path, device: str) -> None:
    from ...agent.vlm import SpatialVLM
    from .trainer import SpatialGrpoTrainer

    vlm = SpatialVLM.from_pretrained(config.vlm, config.revision, config.trust_remote_code)
    # Padding becomes part of a tokenizer's file, so that what is saved is a copy made before.
    processor = copy.deepcopy(vlm.processor)
    with _quiet():
        trainer = SpatialGrpoTrainer(
            config,
            questions,
            model=vlm.model,
            args=trl_arguments(config, work, device),
            train_dataset=question_order(config, questions),
            processing_class=generating(vlm.processor),
        )
        try:
            minutes = resumable_training(trainer, config.out, work, _SHOWN)
        except ValueError as error:
            if "features and image tokens" not in str(error):
                raise
            kind = vlm.model.config.model_type
            raise SpatuneError(
                f"TRL does not hand a {kind} model several pictures a question; keep the questions "
                "with one picture, or start from another model"
            ) from None
    if not trainer.is_world_process_zero():
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    _save(config, questions, model, processor, trainer, minutes, device)


@contextmanager
def _quiet() -> Iterator[None]:
    """No notes and deprecations of libraries."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(before)


def _save(
    config: GrpoConfig,
    questions: RewardedQuestions,
    model: Any,
    processor: Any,
    trainer: Any,
    minutes: float,
    device: str,
) -> None:
    work = config.out.with_name(config.out.name + ".work")
    fresh = work / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    history = _history(trainer.state.log_history)
    write_checkpoint(model, processor, fresh, half=config.half)
    results = {"steps": trainer.state.global_step} | _summary(history)
    StageRecord(
        stage=config.stage,
        config=settings(config, _PATHS),
        base=base_of(config.vlm, config.revision),
        data=[data_entry(path, _count(path, questions, config)) for path in config.data],
        minutes=round(minutes, 2),
        device=device_name(device),
        results=results,
    ).write(fresh)
    (fresh / HISTORY).write_text("".join(json.dumps(entry) + "\n" for entry in history))
    plot_curves(
        fresh / PLOT,
        {
            "mean of the answers": {
                name: _curve(history, name) for name in ("reward", "format", "accuracy")
            },
            "share of questions kept": {"kept": _curve(history, "kept")},
        },
        title=f"{config.stage}: rewards of sampled answers",
    )
    os.replace(fresh, config.out)
    shutil.rmtree(work)
    first, last = results["first"]["reward"], results["last"]["reward"]
    print(f"{config.stage}: reward {first} -> {last} -> {config.out}")


def _history(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry a step; those without a rollout of their own have no reward."""
    return [
        {"step": entry["step"]}
        | {name: entry[key] for name, key in _LOGGED.items() if entry.get(key) is not None}
        for entry in log
        if "loss" in entry
    ]


def _summary(history: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Means over the first and over the last tenth of the rollouts."""
    rollouts = [entry for entry in history if "reward" in entry]
    tail = max(1, round(_TAIL * len(rollouts)))
    return {
        name: {
            key: round(sum(entry[key] for entry in part) / len(part), 4)
            for key in ("reward", "format", "accuracy", "kept")
        }
        for name, part in (("first", rollouts[:tail]), ("last", rollouts[-tail:]))
    }


def _curve(history: list[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(entry["step"], entry[name]) for entry in history if name in entry]


def _count(path: Path, questions: RewardedQuestions, config: GrpoConfig) -> int:
    if len(config.data) == 1:
        return len(questions.rows)
    from ..samples.read import read_rows

    return len(read_rows([path], video_frames=config.video_frames))
