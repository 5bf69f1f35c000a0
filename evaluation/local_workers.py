"""`LocalWorkers`: worker processes on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from ..one_thread import one_thread_each
from .environment import EnvFactory
from .worker import worker_main
from .workers import EXIT_SECONDS, Message, WorkerGone, WorkerHandle


class LocalWorkers:
    """Starts one spawned process a worker and talks to it through a pipe.

    Args:
        factory: Makes the environments.
    """

    def __init__(self, factory: EnvFactory) -> None:
        self._factory = factory

    def start(self, place: tuple[str, int] | None) -> WorkerHandle:
        """Start an idle worker."""
        return _LocalWorker(self._factory, place)

    def ready(self, workers: Sequence[_LocalWorker], timeout: float) -> list[WorkerHandle]:
        """Wait, at most `timeout` seconds, until some of the workers can be received from."""
        by_connection = {worker.connection: worker for worker in workers}
        ready = wait(list(by_connection), timeout)
        return [by_connection[one] for one in ready]  # pyright: ignore[reportArgumentType]

    def close(self) -> None:
        """Nothing is shared."""


class _LocalWorker(WorkerHandle):
    def __init__(self, factory: EnvFactory, place: tuple[str, int] | None) -> None:
        super().__init__(place)
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=worker_main, args=(theirs, factory), name="spatune-worker", daemon=True
        )
        with one_thread_each():
            self._process.start()
        # The worker's end must be open in the worker alone, or its death would not close the pipe.
        theirs.close()

    def heard(self) -> bool:
        return self.connection.poll()

    def alive(self) -> bool:
        return self._process.is_alive()

    def end(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self.connection.close()

    def _send(self, message: Message) -> None:
        try:
            self.connection.send(message)
        except ConnectionError:
            pass

    def _receive(self) -> Any:
        try:
            return self.connection.recv()
        # OSError: it died in the middle of a message.
        except (EOFError, OSError):
            raise WorkerGone(f"worker process: {self._exit_text()}") from None

    def _exit_text(self) -> str:
        self._process.join(EXIT_SECONDS)
        code = self._process.exitcode
        if code is None:
            return "it closed its pipe and still runs"
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"
