"""`RayWorkers`: workers on a Ray cluster, one actor each."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from ..ray_cluster import connect
from .environment import EnvFactory
from .worker import Beat, serve_jobs
from .workers import Message, WorkerGone, WorkerHandle


class RayWorkers:
    """Starts Ray actors, each with one environment and one CPU; the policy stays in this process.

    An actor runs the very code of a worker process, and Ray carries the bytes of its messages, so
    results are those of local workers wherever the simulator and its renderer are the same.

    Args:
        factory: Makes the environments; every node must have what it names.
        address: `local` starts Ray here; else the address of a cluster, as for `ray.init`.
        workers: Actors at a time.

    Raises:
        SpatuneError: Ray is not installed, nothing answers, or the cluster has too few CPUs.
    """

    def __init__(self, factory: EnvFactory, address: str, workers: int) -> None:
        self._ray = connect(address, workers)
        self._actor = self._ray.remote(num_cpus=1, max_restarts=0)(_Player)
        self._factory = factory

    def start(self, place: tuple[str, int] | None) -> WorkerHandle:
        """Start an idle worker."""
        return _RayWorker(self._ray, self._actor.remote(self._factory), place)

    def ready(self, workers: Sequence[_RayWorker], timeout: float) -> list[WorkerHandle]:
        """Wait, at most `timeout` seconds, until some of the workers can be received from."""
        answers = {worker.answer: worker for worker in workers if worker.answer is not None}
        if not answers:
            time.sleep(timeout)
            return []
        first, others = self._ray.wait(list(answers), num_returns=1, timeout=timeout)
        if first and others:
            more, _ = self._ray.wait(others, num_returns=len(others), timeout=0)
            first = [*first, *more]
        return [answers[one] for one in first]

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        self._ray.shutdown()


class _RayWorker(WorkerHandle):
    """`answer` is Ray's reference to the next message; None while none is due."""

    def __init__(self, ray: Any, actor: Any, place: tuple[str, int] | None) -> None:
        super().__init__(place)
        self._ray, self._actor = ray, actor
        self.answer: Any = None
        self._stopped: Any = None

    def heard(self) -> bool:
        return self.answer is not None and self._is_there(self.answer)

    def alive(self) -> bool:
        return self._stopped is None or not self._is_there(self._stopped)

    def end(self) -> None:
        self._ray.kill(self._actor, no_restart=True)

    def _is_there(self, reference: Any) -> bool:
        return bool(self._ray.wait([reference], timeout=0)[0])

    def _send(self, message: Message) -> None:
        if message is None:
            self._stopped = self._actor.stop.remote()
        else:
            self.answer = self._actor.exchange.remote(pickle.dumps(message))

    def _receive(self) -> Any:
        try:
            message = pickle.loads(self._ray.get(self.answer))
        except self._ray.exceptions.RayError as error:
            self.answer = None
            raise WorkerGone(f"Ray worker: {_reason(error)}") from None
        still_plays = isinstance(message, Beat)
        self.answer = self._actor.exchange.remote(None) if still_plays else None
        return message


class _Player:
    """The actor: a thread that owns the environment, behind the same pipe as a worker process's."""

    def __init__(self, factory: EnvFactory) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._thread = threading.Thread(target=_serve, args=(theirs, factory), daemon=True)
        self._thread.start()

    def exchange(self, message: bytes | None) -> bytes:
        """Hand a message over, if there is one, and wait for the next of the worker."""
        if message is not None:
            self._pipe.send_bytes(message)
        return self._pipe.recv_bytes()

    def stop(self) -> None:
        """Close the environment."""
        self._pipe.send(None)
        self._thread.join()


def _serve(connection: Connection, factory: EnvFactory) -> None:
    with connection:
        serve_jobs(connection, factory)


def _reason(error: Exception) -> str:
    """Why an actor ended: Ray says it in a line of its own, followed by advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = next((line for line in lines if line.startswith("The actor is dead")), None)
    return (why or lines[-1] if lines else type(error).__name__).split(" Some common causes")[0]
