"""`Progress`: how far a run is, on stderr."""

from __future__ import annotations

import sys
import time
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from .records import EpisodeRecord

QUIET_SECONDS = 30.0


class Progress:
    """A progress bar on a terminal, one line every half minute elsewhere.

    Args:
        total: Episodes of the run.
        done: Episodes that an earlier run has finished.
        successes: Successes among `done`.
        label: Word before the bar.
        stream: Where to write; stderr by default.
    """

    def __init__(
        self,
        total: int,
        done: int = 0,
        successes: int = 0,
        label: str = "episodes",
        stream: IO[str] | None = None,
    ) -> None:
        self.total, self.done, self.successes, self.errors = total, done, successes, 0
        self._label = label
        self._stream = stream or sys.stderr
        self._began = self._last_line = time.monotonic()
        self._earlier = done
        self._bar: RichProgress | None = None
        if self._stream.isatty():
            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(),
                console=Console(file=self._stream),
            )
            self._task = self._bar.add_task(label, total=total, completed=done, note=self.note())

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self.done > self._earlier:
            self._write_line()

    def note(self) -> str:
        """Successes, errors and speed in words."""
        hours = (time.monotonic() - self._began) / 3600
        rate = (self.done - self._earlier) / hours if hours > 0 else 0.0
        errors = f", {self.errors} errors" if self.errors else ""
        return f"{self.successes} successes{errors}, {rate:.0f} episodes/h"

    def update(self, record: EpisodeRecord, *, again: bool = False) -> None:
        """Count one attempt.

        Args:
            record: What came of it.
            again: The episode is tried again, so it is not done.
        """
        self.done += not again
        self.successes += bool(record.success)
        self.errors += record.is_error
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, note=self.note())
        elif time.monotonic() - self._last_line > QUIET_SECONDS:
            self._write_line()

    def _write_line(self) -> None:
        self._last_line = time.monotonic()
        self._stream.write(f"{self._label}: {self.done}/{self.total}, {self.note()}\n")
        self._stream.flush()
