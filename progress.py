"""`Progress`: how far long work is, on stderr."""

from __future__ import annotations

import sys
import time
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

QUIET_SECONDS = 30.0


class Progress:
    """A progress bar on a terminal, one line every half minute elsewhere.

    Use it as a context manager; `update` counts.

    Args:
        total: Units of work in all.
        label: Word before the bar.
        done: Units that an earlier run has finished.
        note: Words behind the bar until the first update.
        stream: Where to write; stderr by default.
    """

    def __init__(
        self,
        total: int,
        label: str,
        *,
        done: int = 0,
        note: str = "",
        stream: IO[str] | None = None,
    ) -> None:
        self.total, self.done, self.note = total, done, note
        self._label = label
        self._stream = stream or sys.stderr
        self._began = self._last_line = time.monotonic()
        self._earlier = done
        self._bar: RichProgress | None = None
        if self._stream.isatty():
            self._bar = _bar(self._stream)
            self._task = self._bar.add_task(label, total=total, completed=done, note=note)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self.done > self._earlier:
            self._write_line()

    @property
    def rate(self) -> float:
        """Units a second since the start of this run."""
        seconds = time.monotonic() - self._began
        return (self.done - self._earlier) / seconds if seconds > 0 else 0.0

    def update(self, done: int, note: str) -> None:
        """Show that `done` units are finished, with words behind the bar."""
        self.done, self.note = done, note
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)
        elif time.monotonic() - self._last_line > QUIET_SECONDS:
            self._write_line()

    def _write_line(self) -> None:
        self._last_line = time.monotonic()
        self._stream.write(f"{self._label}: {self.done}/{self.total}, {self.note}\n")
        self._stream.flush()


def _bar(stream: IO[str]) -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=Console(file=stream),
    )
