"""`SeedWorkers`: processes that make houses and are killed when they hang."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ....errors import SpatuneError, first_line
from .index import HouseRow
from .seed_house import SeedTask, make_house

_EXIT_SECONDS = 5.0


@dataclass(frozen=True)
class SeedResult:
    """What became of a seed.

    Attributes:
        task: What was asked for.
        entry: The house that was written, or None.
        reason: Why there is none, or an empty string.
    """

    task: SeedTask
    entry: HouseRow | None
    reason: str = ""


@dataclass
class _Worker:
    process: Any
    connection: Connection
    task: SeedTask | None = None
    since: float = field(default_factory=time.monotonic)


class SeedWorkers:
    """A pool of spawned processes, each busy with one seed at a time. Use it as a context manager.

    Args:
        count: Processes.
        out: Folder into which houses are written.
        limit: Seconds after which a process is taken to hang and is killed.
    """

    def __init__(self, count: int, out: Path, limit: float) -> None:
        self._out, self._limit = out, limit
        self._workers = [self._start() for _ in range(count)]

    def __enter__(self) -> SeedWorkers:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()

    @property
    def busy(self) -> int:
        """Seeds that are being worked on."""
        return sum(worker.task is not None for worker in self._workers)

    @property
    def idle(self) -> int:
        """Processes without a seed."""
        return len(self._workers) - self.busy

    def submit(self, task: SeedTask) -> None:
        """Give a seed to an idle process."""
        worker = next(worker for worker in self._workers if worker.task is None)
        worker.task, worker.since = task, time.monotonic()
        worker.connection.send(task)

    def results(self) -> list[SeedResult]:
        """Wait for at least one seed to be done, or to be given up."""
        while True:
            busy = [worker for worker in self._workers if worker.task is not None]
            left = min(worker.since for worker in busy) + self._limit - time.monotonic()
            wait([worker.connection for worker in busy], timeout=max(0.0, left))
            found = [result for worker in busy if (result := self._result(worker)) is not None]
            if found:
                return found

    def _result(self, worker: _Worker) -> SeedResult | None:
        task = worker.task
        assert task is not None
        if worker.connection.poll():
            try:
                result = worker.connection.recv()
            except (EOFError, ConnectionError):
                return self._replace(worker, task, "its process died")
            worker.task = None
            return result
        if time.monotonic() - worker.since >= self._limit:
            return self._replace(worker, task, f"not done after {self._limit:g} s")
        return None

    def _replace(self, worker: _Worker, task: SeedTask, reason: str) -> SeedResult:
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers[self._workers.index(worker)] = self._start()
        return SeedResult(task, None, reason)

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._out), daemon=True)
        process.start()
        # The worker's end must be open in the worker alone, or its death would not close the pipe.
        theirs.close()
        return _Worker(process, ours)


def _serve(connection: Connection, out: Path) -> None:
    """Make houses until the parent is gone."""
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while True:
            task: SeedTask = connection.recv()
            try:
                result = SeedResult(task, HouseRow.save(make_house(task), task, out))
            except SpatuneError as error:
                result = SeedResult(task, None, first_line(error))
            connection.send(result)
