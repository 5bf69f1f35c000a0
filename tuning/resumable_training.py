"""`resumable_training`: a Hugging Face trainer that goes on where a killed run stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .saved_state import last_state


def resumable_training(
    trainer: Any, out: Path, work: Path, shown: tuple[str, ...] = ("loss",)
) -> float:
    """Train from the last saved state, if there is one, with our progress bar.

    However it ends, a later training in the same process starts clean: accelerate keeps one flag
    for all trainers, which a run that stops between two steps leaves at "do not step yet".

    Args:
        trainer: A `transformers.Trainer`.
        out: Folder that the run makes, for the message.
        work: The trainer's output folder.
        shown: Names of logged values beside the bar.

    Returns:
        Wall-clock minutes of training, those of earlier runs included.
    """
    from transformers import PrinterCallback

    from ..agent.quiet import quiet_progress
    from .trainer_progress import TrainerProgress

    progress = TrainerProgress(work, shown)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(progress)
    last = last_state(work)
    if last and trainer.is_world_process_zero():
        print(f"{out}: going on after {last.name.replace('-', ' ')}", flush=True)
    try:
        with quiet_progress():
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    finally:
        trainer.accelerator.sync_gradients = True
    return progress.minutes
