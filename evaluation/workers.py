"""`WorkerHandle`: the parent's end of one worker, wherever it runs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .keys import EpisodeKey
from .worker import EpisodeJob
from .worker_use import WorkerUse

EXIT_SECONDS = 5.0
"""How long a worker may take to close its environment before it is killed."""

Message = EpisodeJob | np.ndarray | None
"""Parent to worker: a job, the chunk that it asked for, or None to stop."""


@dataclass(frozen=True, order=True)
class WorkItem:
    """One episode to play for one lane.

    Attributes:
        key: The episode.
        lane: Index of the lane.
        suite: Suite of the environment that the episode needs; empty for the key's own.
    """

    key: EpisodeKey
    lane: int
    suite: str = ""

    @property
    def place(self) -> tuple[str, int]:
        """The environment that the episode needs."""
        return self.suite or self.key.suite, self.key.task_id


class WorkerGone(Exception):
    """The worker is dead; the text says how it ended."""


class WorkerHandle(ABC):
    """One worker with one environment, and what it is doing.

    Args:
        place: Suite and task of the environment that it shall build first, if that is known.

    Attributes:
        item: What it plays, or None when it is idle.
        place: Suite and task of the environment that it holds or is building.
        last_seen: Monotonic time (s) of the last message from it or to it.
        use: What it has played.
    """

    def __init__(self, place: tuple[str, int] | None = None) -> None:
        self.item: WorkItem | None = None
        self.place = place
        self.last_seen = time.monotonic()
        self.use = WorkerUse()
        self._asked_to_leave: float | None = None

    def play(self, item: WorkItem, job: EpisodeJob) -> None:
        """Send a job to the idle worker."""
        self.item, self.place = item, item.place
        self.send(job)

    def send(self, message: Message) -> None:
        """Send a message; a dead worker is noticed when it is read."""
        self.last_seen = time.monotonic()
        self._send(message)

    def receive(self) -> Any:
        """The next message.

        Raises:
            WorkerGone: There will be none.
        """
        message = self._receive()
        self.last_seen = time.monotonic()
        return message

    def leave(self) -> None:
        """Tell an idle worker to close its environment and to exit; `gone` says when it has."""
        self._asked_to_leave = time.monotonic()
        self.send(None)

    def gone(self) -> bool:
        """Whether a worker that was told to leave has; one that takes too long is killed."""
        assert self._asked_to_leave is not None, "only a worker that was told to leave goes"
        late = time.monotonic() - self._asked_to_leave > EXIT_SECONDS
        if late or not self.alive():
            self.end()
            return True
        return False

    @abstractmethod
    def heard(self) -> bool:
        """Whether a message waits to be received."""

    @abstractmethod
    def alive(self) -> bool:
        """Whether the worker still runs."""

    @abstractmethod
    def end(self) -> None:
        """Kill the worker if it still runs; safe to call twice."""

    @abstractmethod
    def _send(self, message: Message) -> None: ...

    @abstractmethod
    def _receive(self) -> Any: ...


class WorkerPool(Protocol):
    """Where workers come from."""

    def start(self, place: tuple[str, int] | None) -> WorkerHandle:
        """Start a worker; it is idle. `place`: see `WorkerHandle`."""
        ...

    def ready(self, workers: Sequence[Any], timeout: float) -> list[WorkerHandle]:
        """Wait, at most `timeout` seconds, until some of the workers can be received from."""
        ...

    def close(self) -> None:
        """Release what the workers shared."""
        ...
