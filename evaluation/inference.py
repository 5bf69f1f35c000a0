"""`ChunkServer`: answers the workers' requests for chunks, one at a time or in batches."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..agent.chunk_policy import ChunkPolicy
from ..agent.reasoning import MOMENT, Moment
from ..errors import SpatuneError
from .controls import policy_backend
from .records import Mode
from .worker import ChunkRequest
from .workers import WorkerHandle, WorkItem


@dataclass(frozen=True, eq=False)
class _Waiting:
    worker: WorkerHandle
    item: WorkItem
    request: ChunkRequest
    since: float


class ChunkServer:
    """Holds the policies and the queue of requests.

    In `exact` mode every call has one sample: matrix products change in their last bits with the
    batch's shape, and one changed bit becomes another trajectory. In `batched` mode a call waits
    until `max_batch` requests are there, until the oldest has waited `max_wait_ms`, or until no
    other worker can send one.

    Args:
        policies: The policy of each lane.
        mode: `exact` or `batched`.
        max_batch: Most samples in a call.
        max_wait_ms: Longest wait for more samples, in milliseconds.
    """

    def __init__(
        self, policies: Sequence[ChunkPolicy], mode: Mode, max_batch: int, max_wait_ms: float
    ) -> None:
        self._policies = policies
        self._mode = mode
        self._max_batch = 1 if mode == "exact" else max_batch
        self._max_wait = max_wait_ms / 1000
        self._queue: deque[_Waiting] = deque()

    def add(self, worker: WorkerHandle, item: WorkItem, request: ChunkRequest) -> None:
        """Queue the request of a worker that plays `item`."""
        self._queue.append(_Waiting(worker, item, request, time.monotonic()))

    def drop(self, worker: WorkerHandle) -> None:
        """Forget the request of a worker that is gone."""
        self._queue = deque(w for w in self._queue if w.worker is not worker)

    def waiting(self, worker: WorkerHandle) -> bool:
        """Whether the worker waits for a chunk."""
        return any(w.worker is worker for w in self._queue)

    def patience(self) -> float | None:
        """Seconds until the oldest request must be answered; None when there is no request."""
        if not self._queue:
            return None
        if self._mode == "exact":
            return 0.0
        return max(0.0, self._queue[0].since + self._max_wait - time.monotonic())

    def serve(self, busy: int) -> None:
        """Answer what is due.

        Args:
            busy: Workers that play an episode, those that wait for a chunk included.
        """
        while self._queue:
            due = len(self._queue) >= min(self._max_batch, busy) or (self.patience() or 0.0) <= 0.0
            if not due:
                return
            # One call serves one policy: the oldest request's.
            lane = self._queue[0].item.lane
            batch = [w for w in self._queue if w.item.lane == lane][: self._max_batch]
            for waiting, chunk in zip(batch, self._predict(lane, batch), strict=True):
                self._queue.remove(waiting)
                waiting.worker.send(chunk)

    def _predict(self, lane: int, batch: Sequence[_Waiting]) -> np.ndarray:
        policy = self._policies[lane]
        shape = (policy.spec.chunk_length, policy.spec.action_dim)
        noise = np.stack([w.item.key.noise(w.request.replan, shape) for w in batch])
        observations = [
            {**w.request.observation, MOMENT: Moment(w.item.key, w.request.replan)} for w in batch
        ]
        chunks = policy.predict(observations, noise)
        return _checked(chunks, policy, batch, noise.shape)


def _checked(
    chunks: Any, policy: ChunkPolicy, batch: Sequence[_Waiting], shape: tuple[int, ...]
) -> np.ndarray:
    """The chunks as float32, or one line that says what is wrong with them."""
    name = f"policy {type(policy).__name__} ({policy_backend(policy)})"
    try:
        found = np.asarray(chunks, dtype=np.float32)
    except (TypeError, ValueError, RuntimeError):
        raise SpatuneError(
            f"{name} returned {type(chunks).__name__}, not an array of numbers: return float32 "
            f"chunks of shape {shape}"
        ) from None
    if found.shape != shape:
        raise SpatuneError(
            f"{name} returned chunks of shape {found.shape}, its spec says {shape}: correct "
            "chunk_length and action_dim of its spec"
        )
    finite = np.isfinite(found)
    if not finite.all():
        sample = int(np.argmin(finite.reshape(len(batch), -1).all(axis=1)))
        value, waiting = found[sample][~finite[sample]][0], batch[sample]
        raise SpatuneError(
            f"{name} returned {value} at {waiting.item.key.suite} task {waiting.item.key.task_id} "
            f"init {waiting.item.key.init_index}, replan {waiting.request.replan}: check its "
            "weights and its statistics; finished episodes are kept"
        )
    return found


@contextmanager
def exact_threads(mode: Mode) -> Iterator[None]:
    """In exact mode, one torch thread: the split of a sum over threads changes its last bits."""
    # A policy that uses torch has imported it by now; one that does not must not pay for it.
    torch = sys.modules.get("torch")
    if torch is None or mode != "exact":
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
