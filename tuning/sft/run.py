"""`run_sft`: the body of `spatune tune sft` and `spatune tune cot`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...agent.action_tokens import ACTION_TOKENS_FILE
from ...errors import SpatuneError
from ..loss_plot import plot_curves
from ..resumable_training import resumable_training
from ..samples.read import read_rows
from ..samples.row import TrainingRow
from ..stage_folder import claim_work, write_checkpoint
from ..stage_record import StageRecord, base_of, data_entry, device_name, settings
from ..training_device import training_device
from .config import SftConfig

_FREE = ("out", "save_every", "loaders", "half")
"""Settings that do not decide the weights."""
_PATHS = ("vlm", "data", "out")
HISTORY, PLOT = "history.jsonl", "loss.png"
_LOGGED = ("loss", "mean_token_accuracy", "entropy")
"""What the history has of each step and, as `eval_*`, of held-out rows; beside these only
`grad_norm` and `learning_rate`. TRL's counts and clocks begin anew in a run that goes on."""


def run_sft(config: SftConfig) -> Path:
    """Train and write the checkpoint; a killed run goes on from its last saved state.

    Returns:
        The folder, `config.out`.

    Raises:
        SpatuneError: The output exists; settings, data, checkpoint or device do not fit; the
            device's memory is too small; the loss is no number.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    _check(config)
    rows = _rows(config)
    if config.held_out >= len(rows):
        raise SpatuneError(f"--held-out {config.held_out} leaves none of {len(rows)} rows")
    device = training_device(config.device)
    work = claim_work(config.out, settings(config, _FREE), device)
    import torch

    try:
        _train(config, rows, work, device)
    except torch.OutOfMemoryError:
        raise SpatuneError(
            "the device's memory is too small: lower --batch-size and raise --accumulate, or use "
            "--checkpointing, --lora 16 or --vision-lr 0"
        ) from None
    return config.out


def _check(config: SftConfig) -> None:
    """Whether the numbers make a run."""
    positive = {
        "--steps": config.steps,
        "--batch-size": config.batch_size,
        "--accumulate": config.accumulate,
        "--save-every": config.save_every,
        "--video-frames": config.video_frames,
        "--lr": config.lr,
    }
    for name, value in positive.items():
        if value is not None and value <= 0:
            raise SpatuneError(f"{name} is {value}; use more than 0")
    others = {
        "--held-out": config.held_out,
        "--most-pictures": config.most_pictures,
        "--lora": config.lora,
        "--packing": config.packing,
        "--vision-lr": config.vision_lr,
        "--weight-decay": config.weight_decay,
    }
    for name, value in others.items():
        if value < 0:
            raise SpatuneError(f"{name} is {value}; use 0 or more")
    if not 0 <= config.warmup <= 1:
        raise SpatuneError(f"--warmup is {config.warmup}; use a share from 0 to 1")


def _rows(config: SftConfig) -> list[TrainingRow]:
    """The rows to train on.

    Raises:
        SpatuneError: They cannot be read, or all have too many pictures.
    """
    rows = read_rows(config.data, video_frames=config.video_frames)
    kept = _fitting(rows, config)
    if not kept:
        raise SpatuneError(f"--most-pictures {config.most_pictures} leaves no row")
    if len(kept) < len(rows):
        print(f"{len(kept)} of {len(rows)} rows have at most {config.most_pictures} pictures")
    return kept


def _fitting(rows: list[TrainingRow], config: SftConfig) -> list[TrainingRow]:
    most = config.most_pictures
    return [row for row in rows if len(row.pictures) <= most] if most else rows


def _train(config: SftConfig, rows: Sequence[TrainingRow], work: Path, device: str) -> None:
    from ...agent.vlm import SpatialVLM

    vlm = SpatialVLM.from_pretrained(config.vlm, config.revision, config.trust_remote_code)
    trainer = build_trainer(config, rows, vlm, work, device)
    minutes = resumable_training(trainer, config.out, work)
    if config.held_out and _evaluated(trainer.state) < trainer.state.global_step:
        trainer.evaluate()
    if not trainer.is_world_process_zero():
        return
    model: Any = trainer.accelerator.unwrap_model(trainer.model)
    if config.lora:
        model = model.merge_and_unload()
    _save(config, model, vlm.processor, trainer, rows, work, minutes, device)


def _evaluated(state: Any) -> int:
    """Step of the last loss on held-out rows."""
    return max((entry["step"] for entry in state.log_history if "eval_loss" in entry), default=-1)


def build_trainer(
    config: SftConfig, rows: Sequence[TrainingRow], vlm: Any, work: Path, device: str
) -> Any:
    """The `SpatialSftTrainer` of a run, which trains `vlm.model` in place.

    Args:
        config: Of the run; its paths are not read.
        rows: All rows, held-out ones included.
        vlm: A `SpatialVLM`.
        work: Folder of saved states.
        device: cpu or cuda.
    """
    import numpy as np
    from datasets import Dataset
    from trl.trainer.sft_config import SFTConfig as TrlConfig

    from ..samples.collate import RowCollator
    from ..samples.encode import RowEncoder
    from .trainer import SpatialSftTrainer

    order = np.random.default_rng(config.seed).permutation(len(rows))
    held, trained = order[: config.held_out], np.sort(order[config.held_out :])
    encoder = RowEncoder(vlm.processor, config.system)
    collator = RowCollator(
        rows,
        encoder,
        vlm.processor.tokenizer.pad_token_id,
        packing=config.packing,
        longest=config.max_length,
    )
    bf16 = config.precision == "bfloat16" or (config.precision == "auto" and device != "cpu")
    samples = config.batch_size * config.accumulate * int(os.environ.get("WORLD_SIZE", "1"))
    steps = config.steps or -(-len(trained) // samples)
    arguments = TrlConfig(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.accumulate,
        learning_rate=config.lr,
        lr_scheduler_type="cosine",
        warmup_steps=round(config.warmup * steps),
        weight_decay=config.weight_decay,
        bf16=bf16,
        use_cpu=device == "cpu",
        activation_checkpointing=config.checkpointing,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        dataloader_num_workers=config.loaders,
        dataloader_persistent_workers=config.loaders > 0,
        dataloader_prefetch_factor=4 if config.loaders else None,
        eval_strategy="steps" if len(held) else "no",
        eval_steps=config.save_every,
        save_steps=config.save_every,
        save_total_limit=1,
        logging_steps=1,
        report_to=[],
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
    )
    return SpatialSftTrainer(
        encoder=encoder,
        vision_lr=config.vision_lr,
        model=vlm.model,
        args=arguments,
        train_dataset=Dataset.from_dict({"row": trained.tolist()}),
        eval_dataset=Dataset.from_dict({"row": held.tolist()}) if len(held) else None,
        data_collator=collator,
        processing_class=vlm.processor,
        peft_config=_lora(config, vlm.model),
    )


def _lora(config: SftConfig, model: Any) -> Any:
    """Adapters on every linear layer of the language model, None where all weights are trained."""
    if not config.lora:
        return None
    import torch
    from peft import LoraConfig

    from ...agent.sources import vision_tower

    tower = {id(module) for module in vision_tower(model).modules()}
    head = model.get_output_embeddings()
    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and id(module) not in tower and module is not head
    ]
    return LoraConfig(
        r=config.lora,
        lora_alpha=2 * config.lora,
        lora_dropout=0.0,
        target_modules=names,
        task_type="CAUSAL_LM",
    )


def _save(
    config: SftConfig,
    model: Any,
    processor: Any,
    trainer: Any,
    rows: Sequence[TrainingRow],
    work: Path,
    minutes: float,
    device: str,
) -> None:
    fresh = work / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    history = _history(trainer.state.log_history)
    losses = [entry["loss"] for entry in history if "loss" in entry]
    held = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    model.config.use_cache = True
    write_checkpoint(model, processor, fresh, half=config.half)
    tokens = Path(config.vlm) / ACTION_TOKENS_FILE
    if tokens.is_file():
        shutil.copy(tokens, fresh)
    tail = losses[-max(1, len(losses) // 20) :]
    record = StageRecord(
        stage=config.stage,
        config=settings(config, _PATHS),
        base=base_of(config.vlm, config.revision),
        data=[data_entry(path, _count(path, rows, config)) for path in config.data],
        minutes=round(minutes, 2),
        device=device_name(device),
        results={
            "steps": trainer.state.global_step,
            "first_loss": round(losses[0], 4),
            "final_loss": round(sum(tail) / len(tail), 4),
            **({"held_out_loss": round(held[-1], 4)} if held else {}),
        },
    )
    record.write(fresh)
    (fresh / HISTORY).write_text("".join(json.dumps(entry) + "\n" for entry in history))
    plot_curves(
        fresh / PLOT,
        {
            "loss": {
                "training": [(e["step"], e["loss"]) for e in history if "loss" in e],
                "held out": [(e["step"], e["eval_loss"]) for e in history if "eval_loss" in e],
            }
        },
        title=f"{config.stage}: loss a token of the answers",
    )
    os.replace(fresh, config.out)
    shutil.rmtree(work)
    print(f"{config.stage}: loss {losses[0]:.3f} -> {record.results['final_loss']} -> {config.out}")


def _history(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry a step, and one a measurement on held-out rows."""
    kept = (*_LOGGED, *(f"eval_{name}" for name in _LOGGED), "grad_norm", "learning_rate")
    return [
        {"step": entry["step"]} | {name: entry[name] for name in kept if name in entry}
        for entry in log
        if "loss" in entry or "eval_loss" in entry
    ]


def _count(path: Path, rows: Sequence[TrainingRow], config: SftConfig) -> int:
    if len(config.data) == 1:
        return len(rows)
    return len(_fitting(read_rows([path], video_frames=config.video_frames), config))
