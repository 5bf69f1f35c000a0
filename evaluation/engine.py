"""`run_lanes`: the work queue that plays episodes on several worker processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..agent.chunk_policy import ChunkPolicy
from ..errors import SpatuneError
from .controls import policy_backend, policy_reason_every
from .environment import EnvFactory
from .episode_progress import EpisodeProgress
from .inference import ChunkServer, exact_threads
from .keys import EpisodeKey
from .local_workers import LocalWorkers
from .ray_workers import RayWorkers
from .records import EpisodeRecord, Mode
from .schedule import Schedule
from .store import EpisodeStore
from .versions import installed_versions
from .video import VideoRequest
from .worker import ChunkRequest, EpisodeJob, EpisodeResult, WorkerFailure
from .worker_use import WorkerUse
from .workers import WorkerGone, WorkerHandle, WorkerPool, WorkItem

_POLL_SECONDS = 1.0
_GOODBYE_SECONDS = 0.02


@dataclass(frozen=True)
class Lane:
    """One policy or control, the episodes that it plays, and where their records go.

    Attributes:
        control: `none` for the policy itself, else the name of the control.
        policy: What acts.
        store: Records; keys that it holds results of are not played again.
        keys: Episodes.
        videos: What to film, by key.
    """

    control: str
    policy: ChunkPolicy
    store: EpisodeStore
    keys: tuple[EpisodeKey, ...]
    videos: Mapping[EpisodeKey, VideoRequest] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineOptions:
    """How episodes are played; apart from `mode`, nothing here changes a result.

    Attributes:
        workers: Workers at a time, each with one environment in a process of its own.
        mode: `exact` (one sample a policy call) or `batched`.
        max_batch: Most samples in a batched call.
        max_wait_ms: Longest wait for more samples in batched mode, milliseconds.
        retries: How often an episode that ended by an error is tried again.
        timeout_s: Seconds of silence, while this process listens, after which a worker counts as
            hung and is killed.
        max_errors: Errors without any finished episode after which the run is given up.
        recycle_after: Episodes after which a fresh process takes a worker's place, so that what a
            simulator leaks is given back; 0 for never.
        ray: None for processes on this machine; else the address of a Ray cluster, or `local`.
    """

    workers: int = 2
    mode: Mode = "exact"
    max_batch: int = 8
    max_wait_ms: float = 5.0
    retries: int = 2
    timeout_s: float = 600.0
    max_errors: int = 12
    recycle_after: int = 0
    ray: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 1 or self.max_batch < 1:
            raise SpatuneError("workers and max_batch must be at least 1")
        if self.recycle_after < 0:
            raise SpatuneError(
                f"recycle_after is {self.recycle_after}: use a number of episodes, or 0 for never"
            )


def run_lanes(
    lanes: Sequence[Lane],
    factory: EnvFactory,
    options: EngineOptions | None = None,
    progress: EpisodeProgress | None = None,
) -> tuple[WorkerUse, ...]:
    """Play every pending episode of all lanes, then put each lane's records in canonical order.

    Lanes share the workers, so that an environment that is built once serves the policy and all
    controls of a task. The policies run in this process, the environments in spawned ones (a script
    that calls this needs the usual `if __name__ == "__main__"`). A kill at any time loses only the
    episodes that were being played.

    Args:
        lanes: Policies and their episodes.
        factory: Makes the environments.
        options: Number of workers, exact or batched, retries.
        progress: Told of every finished attempt.

    Returns:
        Episodes, building time and memory of every worker that finished an episode, in the order
        in which they were started.

    Raises:
        SpatuneError: The environment refuses its arguments, the policy breaks its specification, or
            every attempt so far ended by an error.
    """
    options = options or EngineOptions()
    items = [
        WorkItem(key, index, factory.place(key)[0])
        for index, lane in enumerate(lanes)
        for key in lane.store.pending(lane.keys)
    ]
    uses: tuple[WorkerUse, ...] = ()
    if items:
        pool = _pool(factory, options)
        try:
            with exact_threads(options.mode):
                uses = _Run(lanes, pool, options, items, progress).play()
        finally:
            pool.close()
    for lane in lanes:
        lane.store.finalise()
    return uses


def _pool(factory: EnvFactory, options: EngineOptions) -> WorkerPool:
    if options.ray is None:
        return LocalWorkers(factory)
    return RayWorkers(factory, options.ray, options.workers)


class _Run:
    """State of one call of `run_lanes`."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        pool: WorkerPool,
        options: EngineOptions,
        items: Sequence[WorkItem],
        progress: EpisodeProgress | None,
    ) -> None:
        self.lanes = lanes
        self.pool = pool
        self.options = options
        self.progress = progress
        self.schedule = Schedule(items)
        self.most_workers = min(options.workers, len(items))
        self.workers: list[WorkerHandle] = []
        self.leaving: list[WorkerHandle] = []
        self.started: list[WorkerHandle] = []
        # What recycled workers held: their successors go on there.
        self.free_places: list[tuple[str, int] | None] = []
        self.server = ChunkServer(
            [lane.policy for lane in lanes], options.mode, options.max_batch, options.max_wait_ms
        )
        self.versions = installed_versions()
        self.tries: Counter[WorkItem] = Counter()
        self.finished = 0
        self.listened = time.monotonic()

    def play(self) -> tuple[WorkerUse, ...]:
        """Play until nothing waits and nobody plays."""
        try:
            while len(self.schedule) or self.busy():
                self.assign()
                self.read()
                self.server.serve(len(self.busy()))
                self.kill_hung()
                self.see_off()
            for worker in list(self.workers):
                self.dismiss(worker)
            while self.leaving:
                self.see_off()
                time.sleep(_GOODBYE_SECONDS)
        finally:
            for worker in self.workers + self.leaving:
                worker.end()
        return tuple(worker.use for worker in self.started if worker.use.episodes)

    def busy(self) -> list[WorkerHandle]:
        """Workers that play an episode."""
        return [worker for worker in self.workers if worker.item is not None]

    def assign(self) -> None:
        """Give every idle worker an episode; start workers up to the number asked for."""
        while len(self.workers) < self.most_workers and len(self.schedule) > self.idle():
            self.workers.append(
                self.pool.start(self.free_places.pop() if self.free_places else None)
            )
            self.started.append(self.workers[-1])
        for worker in self.workers:
            if worker.item is not None:
                continue
            held = [other.place for other in self.workers if other is not worker]
            item = self.schedule.take(worker.place, held)
            if item is not None:
                worker.play(item, self.job(item))

    def idle(self) -> int:
        """Number of workers that wait for an episode."""
        return len(self.workers) - len(self.busy())

    def job(self, item: WorkItem) -> EpisodeJob:
        """What a worker must know to play the item."""
        lane = self.lanes[item.lane]
        return EpisodeJob(
            key=item.key,
            execute_steps=lane.policy.spec.execute_steps,
            uses_images=bool(getattr(lane.policy, "uses_images", True)),
            video=lane.videos.get(item.key),
        )

    def read(self) -> None:
        """Wait for messages, as long as no request is due, and handle them."""
        patience = self.server.patience()
        timeout = _POLL_SECONDS if patience is None else min(patience, _POLL_SECONDS)
        for worker in self.pool.ready(self.busy(), timeout):
            try:
                message = worker.receive()
            except WorkerGone as error:
                self.fail(worker, WorkerFailure("WorkerDied", str(error), "", False))
                continue
            match message:
                case ChunkRequest() if worker.item is not None:
                    self.server.add(worker, worker.item, message)
                case EpisodeResult():
                    self.succeed(worker, message)
                case WorkerFailure():
                    self.fail(worker, message)

    def kill_hung(self) -> None:
        """Replace workers that were silent for too long; one that waits for us is not silent."""
        now = time.monotonic()
        # A run that was stopped as a whole (Ctrl-Z, a machine that slept) has heard nobody.
        away = max(0.0, now - self.listened - _POLL_SECONDS)
        self.listened = now
        for worker in self.busy():
            worker.last_seen = min(now, worker.last_seen + away)
            silent = now - worker.last_seen
            # After a long prediction here, what a worker said meanwhile may still be unread.
            heard = self.server.waiting(worker) or worker.heard()
            if silent > self.options.timeout_s and not heard:
                text = f"no sign of life for {silent:.0f} s"
                self.fail(worker, WorkerFailure("WorkerTimeout", text, "", False))

    def dismiss(self, worker: WorkerHandle) -> None:
        """Let an idle worker go; nobody waits for it."""
        self.workers.remove(worker)
        self.leaving.append(worker)
        worker.leave()

    def see_off(self) -> None:
        """Forget the workers that have gone."""
        self.leaving = [worker for worker in self.leaving if not worker.gone()]

    def succeed(self, worker: WorkerHandle, result: EpisodeResult) -> None:
        """Record the result of the worker's episode."""
        assert worker.item is not None, "only a worker that plays sends a result"
        item, worker.item = worker.item, None
        self.finished += 1
        worker.use.count(result)
        if 0 < self.options.recycle_after <= worker.use.episodes:
            self.dismiss(worker)
            self.free_places.append(worker.place)
        self.record(
            item,
            success=result.success,
            steps=result.steps,
            max_steps=result.max_steps,
            first_success_step=result.first_success_step,
            return_=result.return_,
            wall_seconds=result.wall_seconds,
            error=None,
            message=None,
            action_digest=result.action_digest,
            state_digest=result.state_digest,
            instruction=result.instruction,
            versions=self.versions | ({"renderer": result.renderer} if result.renderer else {}),
            metrics=result.metrics,
        )

    def fail(self, worker: WorkerHandle, failure: WorkerFailure) -> None:
        """Record an error, end the worker, and put the episode back if it has tries left."""
        assert worker.item is not None, "only a worker that plays can fail at an episode"
        item = worker.item
        self.server.drop(worker)
        self.workers.remove(worker)
        worker.end()
        if failure.fatal:
            raise SpatuneError(failure.message)
        self.tries[item] += 1
        if failure.trace:
            self.lanes[item.lane].store.log_trace(item.key, failure.trace)
        again = self.tries[item] <= self.options.retries
        self.record(
            item,
            success=None,
            steps=0,
            max_steps=0,
            first_success_step=None,
            return_=0.0,
            wall_seconds=0.0,
            error=failure.error,
            message=failure.message,
            action_digest="",
            state_digest="",
            instruction="",
            versions=self.versions,
            again=again,
        )
        if again:
            self.schedule.retry(item)
        errors = sum(self.tries.values())
        if self.finished == 0 and errors >= self.options.max_errors:
            raise SpatuneError(
                f"the first {errors} attempts all ended by an error, the last by {failure.error}: "
                f"{failure.message} (tracebacks: {self.lanes[item.lane].store.trace_path})"
            )

    def record(self, item: WorkItem, *, again: bool = False, **fields) -> None:
        """Append a record and show it."""
        lane = self.lanes[item.lane]
        record = EpisodeRecord(
            key=item.key,
            control=lane.control,
            mode=self.options.mode,
            backend=policy_backend(lane.policy),
            attempt=lane.store.attempts(item.key) + 1,
            reason_every=policy_reason_every(lane.policy),
            **fields,
        )
        lane.store.append(record)
        if self.progress is not None:
            peak = max(worker.use.peak_mb for worker in self.started)
            self.progress.count(record, again=again, peak_mb=peak)
