"""`TrainerProgress`: our progress bar and clock in a Hugging Face trainer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from ..progress import Progress

_CLOCK = "minutes.json"


class TrainerProgress(TrainerCallback):
    """Shows steps and the last values logged; counts the minutes of all runs together.

    Args:
        work: Folder in which the clock is kept between runs.
        shown: Names of logged values to show.
    """

    def __init__(self, work: Path, shown: tuple[str, ...] = ("loss",)) -> None:
        self._shown, self._clock = shown, work / _CLOCK
        self._earlier = json.loads(self._clock.read_text()) if self._clock.is_file() else 0.0
        self._began = time.monotonic()
        self._bar: Progress | None = None
        self._values: dict[str, float] = {}

    @property
    def minutes(self) -> float:
        """Wall-clock minutes of training so far."""
        return self._earlier + (time.monotonic() - self._began) / 60

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Open the bar."""
        self._began = time.monotonic()
        if state.is_world_process_zero:
            self._bar = Progress(state.max_steps, "steps", done=state.global_step)
            self._bar.__enter__()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Remember values."""
        self._values |= {k: v for k, v in (logs or {}).items() if k in self._shown}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the bar."""
        if self._bar is not None:
            values = ", ".join(f"{name} {value:.3f}" for name, value in self._values.items())
            self._bar.update(state.global_step, f"{values}, {self._bar.rate:.2f} steps/s")

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep the clock with the state."""
        if state.is_world_process_zero:
            self._clock.write_text(json.dumps(self.minutes))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.__exit__(None)
