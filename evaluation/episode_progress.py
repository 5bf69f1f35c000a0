"""`EpisodeProgress`: how far an evaluation is."""

from __future__ import annotations

from typing import IO

from ..progress import Progress
from .records import EpisodeRecord


class EpisodeProgress(Progress):
    """Progress with successes, errors and speed in words.

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
        super().__init__(total, label, done=done, stream=stream)
        self.successes, self.errors = successes, 0

    def count(self, record: EpisodeRecord, *, again: bool = False, peak_mb: float = 0.0) -> None:
        """Count one attempt.

        Args:
            record: What came of it.
            again: The episode is tried again, so it is not done.
            peak_mb: Most memory that a worker has had, MiB; 0 if that is not known.
        """
        self.successes += bool(record.success)
        self.errors += record.is_error
        errors = f", {self.errors} errors" if self.errors else ""
        memory = f", {peak_mb / 1024:.1f} GB a worker" if peak_mb else ""
        done = self.done + (not again)
        self.update(
            done, f"{self.successes} successes{errors}, {self.rate * 3600:.0f} episodes/h{memory}"
        )
