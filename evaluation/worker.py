"""The worker process: it owns one environment and plays the episodes that it is sent.

A worker has no policy. When it needs a chunk of actions it sends its observation to the parent and
waits for the chunk, so that weights are loaded once and only the parent decides what is batched.
"""

from __future__ import annotations

import hashlib
import math
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ..errors import SpatuneError, first_line
from .environment import Env, EnvFactory
from .keys import EpisodeKey
from .memory import ProcessMemory
from .video import VideoRequest, VideoWriter

BEAT_SECONDS = 5.0
DEFAULT_FPS = 20.0


@dataclass(frozen=True)
class EpisodeJob:
    """Parent to worker: play this episode."""

    key: EpisodeKey
    execute_steps: int
    uses_images: bool
    video: VideoRequest | None = None


@dataclass(frozen=True)
class ChunkRequest:
    """Worker to parent: the observation of a replan; the answer is a chunk, float32 (H, A)."""

    replan: int
    observation: dict[str, Any]


@dataclass(frozen=True)
class Beat:
    """Worker to parent: still alive."""


@dataclass(frozen=True)
class EpisodeResult:
    """Worker to parent: an episode ended; the first fields are those of `EpisodeRecord`.

    Attributes:
        build_seconds: Time that building the environment took; None if it was there.
        memory: Of the worker, at the end of the episode.
    """

    success: bool
    steps: int
    max_steps: int
    first_success_step: int | None
    return_: float
    wall_seconds: float
    action_digest: str
    state_digest: str
    instruction: str
    renderer: str
    metrics: dict[str, float | None]
    memory: ProcessMemory
    build_seconds: float | None = None


@dataclass(frozen=True)
class WorkerFailure:
    """Worker to parent: an exception ended the episode, and the worker ends too.

    Attributes:
        error: Class name of the exception.
        message: First line of its text.
        trace: The whole traceback.
        fatal: The environment refused its arguments, so no episode of it can run.
    """

    error: str
    message: str
    trace: str
    fatal: bool


def play_episode(
    env: Env,
    job: EpisodeJob,
    ask: Callable[[ChunkRequest], np.ndarray],
    beat: Callable[[], None] = lambda: None,
) -> EpisodeResult:
    """Run one episode until success, truncation or the end that the environment gives it.

    Args:
        env: The environment of the key's suite and task.
        job: What to play.
        ask: Gives the chunk (H, A) for an observation; its first `execute_steps` are executed.
        beat: Called at every control step.
    """
    began = time.perf_counter()
    digest = hashlib.sha256()
    options: dict[str, Any] = {"init_index": job.key.init_index}
    if job.key.perturbation != "none":
        options["perturbation"] = job.key.perturbation
    observation, _ = env.reset(seed=job.key.env_seed, options=options)
    film = _Film(env, job.video)
    film.add(observation)
    steps, replan, total, first, ended = 0, 0, 0.0, None, False
    fresh = True
    info: dict[str, Any] = {}
    while not ended:
        if job.uses_images and not fresh:
            observation = env.observe()
        chunk = ask(ChunkRequest(replan, dict(observation)))
        replan += 1
        for action in np.asarray(chunk, dtype=np.float32)[: job.execute_steps]:
            observation, reward, terminated, truncated, info = env.step(action)
            digest.update(action.tobytes())
            steps += 1
            total += float(reward)
            if first is None and info.get("success", False):
                first = steps
            ended = first is not None or terminated or truncated or steps >= env.max_steps
            fresh = film.due(steps, ended)
            if fresh:
                observation = env.observe()
                film.add(observation)
            beat()
            if ended:
                break
    film.close()
    return EpisodeResult(
        success=first is not None,
        steps=steps,
        max_steps=env.max_steps,
        first_success_step=first,
        return_=total,
        wall_seconds=round(time.perf_counter() - began, 3),
        action_digest=digest.hexdigest(),
        state_digest=env.state_digest(),
        instruction=str(observation.get("task", "")),
        renderer=os.environ.get("MUJOCO_GL", ""),
        metrics=_checked_metrics(info.get("metrics", {})),
        memory=ProcessMemory.of_this_process(),
    )


def _checked_metrics(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """Plain floats: JSON has neither numpy's numbers nor NaN and infinity."""
    found = {name: None if value is None else float(value) for name, value in metrics.items()}
    for name, value in found.items():
        if value is not None and not math.isfinite(value):
            raise SpatuneError(f"metric {name!r} is {value}: the environment must give None")
    return found


def worker_main(connection: Connection, factory: EnvFactory) -> None:
    """Body of a worker process: play jobs until the parent says stop (None) or is gone."""
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve_jobs(connection, factory)


def serve_jobs(connection: Connection, factory: EnvFactory) -> None:
    """Play jobs until the other end says stop (None) or is gone; the environment stays here.

    Simulators keep their renderer in the thread that made it, so all of it runs in one thread.
    """
    owner = _EnvOwner(factory)
    try:
        while (job := connection.recv()) is not None:
            connection.send(_attempt(owner, job, connection))
    except (EOFError, OSError, _ParentGone):
        pass
    finally:
        owner.close()


class _ParentGone(Exception):
    """The pipe is closed; its own class because an environment may raise OSError too."""


def _attempt(
    owner: _EnvOwner, job: EpisodeJob, connection: Connection
) -> EpisodeResult | WorkerFailure:
    last_beat = time.monotonic()

    def ask(request: ChunkRequest) -> np.ndarray:
        try:
            connection.send(request)
            return connection.recv()
        except (EOFError, OSError) as error:
            raise _ParentGone from error

    def beat() -> None:
        nonlocal last_beat
        if time.monotonic() - last_beat > BEAT_SECONDS:
            last_beat = time.monotonic()
            try:
                connection.send(Beat())
            except OSError as error:
                raise _ParentGone from error

    built = False
    try:
        env, build_seconds = owner.get(job.key)
        built = True
        result = play_episode(env, job, ask, beat)
        return replace(result, build_seconds=build_seconds)
    except _ParentGone:
        raise
    except Exception as error:
        return WorkerFailure(
            error=type(error).__name__,
            message=first_line(error),
            trace=traceback.format_exc(),
            fatal=isinstance(error, SpatuneError) and not built,
        )


class _EnvOwner:
    """Keeps one environment and rebuilds it when the suite or the task changes."""

    def __init__(self, factory: EnvFactory) -> None:
        self._factory = factory
        self._env: Env | None = None
        self._place: tuple[str, int] | None = None

    def get(self, key: EpisodeKey) -> tuple[Env, float | None]:
        """The environment of an episode, and the seconds that building it took if it was built."""
        place = self._factory.place(key)
        if self._env is not None and self._place == place:
            return self._env, None
        self.close()
        began = time.perf_counter()
        self._env = self._factory.make(*place)
        self._place = place
        return self._env, round(time.perf_counter() - began, 3)

    def close(self) -> None:
        if self._env is not None:
            self._env.close()
            self._env = None


class _Film:
    """The video of one episode, or nothing when none is asked for."""

    def __init__(self, env: Env, request: VideoRequest | None) -> None:
        self._request = request
        if request is not None:
            rate = float(env.metadata.get("render_fps", DEFAULT_FPS))
            self._writer = VideoWriter(request.path, request.frames_per_second(rate))

    def due(self, step: int, ended: bool) -> bool:
        return self._request is not None and (ended or step % self._request.stride == 0)

    def add(self, observation: dict[str, Any]) -> None:
        if self._request is not None:
            self._writer.add(self._request.frame(observation))

    def close(self) -> None:
        if self._request is not None:
            self._writer.close()
