"""`WorkerUse`: what one worker played, and the memory and time that it took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .worker import EpisodeResult


@dataclass
class WorkerUse:
    """Counts of one worker process; they change from run to run, unlike results.

    Attributes:
        episodes: Episodes that it finished.
        environments: Environments that it built for them.
        build_seconds: Time that building took.
        peak_mb: Most resident memory, MiB.
        first_mb: Resident memory at the end of its first episode, MiB.
        last_mb: Resident memory at the end of its last episode, MiB.
    """

    episodes: int = 0
    environments: int = 0
    build_seconds: float = 0.0
    peak_mb: float = 0.0
    first_mb: float = 0.0
    last_mb: float = 0.0

    def count(self, result: EpisodeResult) -> None:
        """Add a finished episode."""
        self.episodes += 1
        if result.build_seconds is not None:
            self.environments += 1
            self.build_seconds = round(self.build_seconds + result.build_seconds, 3)
        self.peak_mb, self.last_mb = result.memory.peak_mb, result.memory.now_mb
        self.first_mb = self.first_mb or self.last_mb

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self)
