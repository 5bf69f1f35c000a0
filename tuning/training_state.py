"""`TrainingState`: what a training run needs to go on after it was killed."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

_PROGRESS, _TENSORS = "progress.json", "tensors.safetensors"


@dataclass
class TrainingState:
    """Model, optimizer, random state and loss history of a run, kept in a folder.

    A run that is restored goes on with the same bits as one that was never interrupted.

    Attributes:
        folder: Where the state is kept.
        model: Model in training.
        optimizer: Its optimizer, over parameters in a fixed order.
        rng: Source of the data order.
        step: Optimizer steps done.
        history: Loss of each step.
        minutes: Wall-clock time spent.
    """

    folder: Path
    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    rng: np.random.Generator
    step: int = 0
    history: list[float] = field(default_factory=list)
    minutes: float = 0.0

    def save(self) -> None:
        """Write the state; a killed write leaves the one before."""
        from safetensors.torch import save_file

        tensors = {f"model.{k}": v.contiguous() for k, v in _unshared(self.model).items()}
        for index, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{slot}": v.contiguous() for slot, v in slots.items()}
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        save_file(tensors, fresh / _TENSORS)
        progress = {
            "step": self.step,
            "minutes": self.minutes,
            "history": self.history,
            "rng": self.rng.bit_generator.state,
        }
        (fresh / _PROGRESS).write_text(json.dumps(progress))
        last, old = self.folder / "last", self.folder / "old"
        shutil.rmtree(old, ignore_errors=True)
        if last.exists():
            os.replace(last, old)
        os.replace(fresh, last)
        shutil.rmtree(old, ignore_errors=True)

    def restore(self) -> bool:
        """Load what `save` wrote, if anything; returns whether there was something."""
        from safetensors.torch import load_file

        source = next((self.folder / n for n in ("last", "old") if self._whole(n)), None)
        if source is None:
            return False
        tensors = load_file(source / _TENSORS)
        names = _unshared(self.model)
        weights = {name: tensors[f"model.{name}"] for name in names}
        self.model.load_state_dict(weights, strict=False)
        state: dict[int, dict[str, Any]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, slot = name.split(".")
                state.setdefault(int(index), {})[slot] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        progress = json.loads((source / _PROGRESS).read_text())
        self.step, self.history = progress["step"], progress["history"]
        self.minutes = progress["minutes"]
        self.rng.bit_generator.state = progress["rng"]
        return True

    def _whole(self, name: str) -> bool:
        return (self.folder / name / _PROGRESS).is_file()


def _unshared(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The state dict with each tensor once: safetensors refuses tied weights."""
    seen: set[int] = set()
    kept = {}
    for name, value in model.state_dict().items():
        if value.data_ptr() not in seen or value.numel() == 0:
            seen.add(value.data_ptr())
            kept[name] = value
    return kept
