"""`WorkerHandle`: the parent's end of one worker process."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .environment import EnvFactory
from .keys import EpisodeKey
from .worker import EpisodeJob, worker_main

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_EXIT_SECONDS = 5.0


@dataclass(frozen=True, order=True)
class WorkItem:
    """One episode to play for one lane."""

    key: EpisodeKey
    lane: int

    @property
    def place(self) -> tuple[str, int]:
        """The environment that the episode needs."""
        return self.key.suite, self.key.task_id


class WorkerHandle:
    """One spawned worker process and what it is doing.

    Attributes:
        connection: Pipe to the worker.
        item: What it plays, or None when it is idle.
        place: Suite and task of the environment that it holds or is building.
        last_seen: Monotonic time (s) of the last message from it or to it.
    """

    def __init__(self, factory: EnvFactory) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=worker_main, args=(theirs, factory), name="spatune-worker", daemon=True
        )
        with _single_threaded():
            self._process.start()
        # The worker's end must be open in the worker alone, or its death would not close the pipe.
        theirs.close()
        self.item: WorkItem | None = None
        self.place: tuple[str, int] | None = None
        self.last_seen = time.monotonic()

    def play(self, item: WorkItem, job: EpisodeJob) -> None:
        """Send a job to the idle worker."""
        self.item, self.place = item, item.place
        self.send(job)

    def send(self, message: EpisodeJob | np.ndarray | None) -> None:
        """Send a job, a chunk or the wish to stop; a dead worker is noticed when it is read."""
        self.last_seen = time.monotonic()
        try:
            self.connection.send(message)
        except ConnectionError:
            pass

    def receive(self) -> Any:
        """The next message; EOFError or ConnectionError when the process is gone."""
        message = self.connection.recv()
        self.last_seen = time.monotonic()
        return message

    def exit_text(self) -> str:
        """How the process ended, in words."""
        self._process.join(_EXIT_SECONDS)
        code = self._process.exitcode
        if code is None:
            return "it closed its pipe and still runs"
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"

    def ask_to_stop(self) -> None:
        """Tell an idle worker to close its environment and to exit."""
        self.send(None)

    def end(self, *, grace: float = _EXIT_SECONDS) -> None:
        """Wait `grace` seconds for the process to exit, then kill it."""
        self._process.join(grace)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()


@contextmanager
def _single_threaded() -> Iterator[None]:
    """One BLAS thread for the processes started inside: more threads may change the last bits."""
    old = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
