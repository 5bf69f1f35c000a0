"""`Subject`: one engine, precision and stage in a fresh process, and what it measures there."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SpatuneError
from ...policies.normalisation import STATE
from ..bundle import WHOLE, Bundle
from ..loading import EngineLoader
from ..runtime import RobotPolicy
from .timing import Timing, measure

TRAINED = "torch"
"""Name for the policy as it was trained, which is no engine."""


@dataclass(frozen=True)
class Subject:
    """What is measured, as data for a fresh process.

    Attributes:
        bundle: Folder of the bundle.
        engine: One of `ENGINES`, or `TRAINED`.
        precision: Of the graph.
        stage: One of the bundle's stages; `policy` is measured from uint8 images to actions.
        policy: The policy of the bundle, for torch.
        iterations: Timed calls.
        seconds: Longest time for them.
        deadline_ms: Longest time that a replan may take.
        threads: Threads of CPU engines; 0 takes all cores.
        device: Where torch engines run.
    """

    bundle: Path
    engine: str
    precision: str
    stage: str
    policy: str | None
    iterations: int
    seconds: float
    deadline_ms: float
    threads: int
    device: str


@dataclass(frozen=True, eq=False)
class Measured:
    """What a fresh process found.

    Attributes:
        name: Of the engine, with device and precision.
        timing: Wall-clock time of calls.
        times: Milliseconds of every call (calls,).
        device_ms: Median time on the device, where the engine can tell.
        load_s: Seconds from nothing to a loaded engine, imports included.
        first_ms: The first call, milliseconds.
        memory_mb: Host memory of the process at its peak, MB.
        device_memory_mb: Device memory that torch or the engine holds, where it can tell.
    """

    name: str
    timing: Timing
    times: np.ndarray
    device_ms: float | None
    load_s: float
    first_ms: float
    memory_mb: float
    device_memory_mb: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form, without the single calls."""
        return {
            "name": self.name,
            **self.timing.to_json(),
            "device_ms": self.device_ms,
            "load_s": self.load_s,
            "first_ms": self.first_ms,
            "memory_mb": self.memory_mb,
            "device_memory_mb": self.device_memory_mb,
        }


def measure_subject(subject: Subject) -> Measured:
    """Measure in a fresh process, so that cold start and memory are the subject's own.

    Raises:
        SpatuneError: The engine is not to be had, or the process died.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_body, args=(subject, there))
    process.start()
    there.close()
    try:
        found = here.recv()
    except EOFError:
        process.join()
        raise SpatuneError(
            f"{subject.engine}: the measuring process died with exit status {process.exitcode}"
        ) from None
    process.join()
    if isinstance(found, Measured):
        return found
    raise SpatuneError(found)


def _body(subject: Subject, connection: Connection) -> None:
    try:
        connection.send(_measure(subject))
    except SpatuneError as error:
        connection.send(str(error))


def _measure(subject: Subject) -> Measured:
    began = time.perf_counter()
    call, name, device_ms = _prepare(subject)
    load_s = time.perf_counter() - began
    began = time.perf_counter()
    call()
    first_ms = (time.perf_counter() - began) * 1e3
    on_device: list[float | None] = []
    timing, times = measure(
        call,
        iterations=subject.iterations,
        seconds=subject.seconds,
        deadline_ms=subject.deadline_ms,
        tick=lambda: on_device.append(device_ms()),
    )
    return Measured(
        name=name,
        timing=timing,
        times=times,
        device_ms=_median(on_device),
        load_s=load_s,
        first_ms=first_ms,
        memory_mb=_peak_memory(),
        device_memory_mb=_device_memory(subject),
    )


def _prepare(subject: Subject) -> tuple[Callable[[], object], str, Callable[[], float | None]]:
    bundle = Bundle.load(subject.bundle)
    loader = EngineLoader(bundle, subject.policy, threads=subject.threads, device=subject.device)
    if subject.engine.startswith("torch") or subject.engine == "aotinductor":
        import torch

        if subject.threads:
            torch.set_num_threads(subject.threads)
    observation, noise = typical_inputs(bundle)
    if subject.engine == TRAINED:
        policy = loader.policy
        call = lambda: policy.predict([observation], noise[None])  # noqa: E731
        return call, f"{policy.backend}-fp32", lambda: None
    engine = loader.engine(subject.engine, subject.precision, subject.stage)

    def device_ms() -> float | None:
        return engine.device_ms

    if subject.stage == WHOLE:
        robot = RobotPolicy(bundle, engine)
        return lambda: robot.predict_action_chunk(observation, noise), engine.name, device_ms
    inputs = _stage_inputs(engine.inputs)
    return lambda: engine.run(inputs), engine.name, device_ms


def typical_inputs(bundle: Bundle) -> tuple[Mapping[str, Any], np.ndarray]:
    """An observation and its noise; how long a graph of fixed shape takes does not depend on them.

    Args:
        bundle: Gives shapes and an instruction.
    """
    rng, spec = np.random.default_rng(0), bundle.spec
    observation = {
        camera.key: rng.integers(0, 256, (camera.height, camera.width, 3), dtype=np.uint8)
        for camera in spec.cameras
    }
    noise = rng.standard_normal((spec.chunk_length, spec.action_dim), dtype=np.float32)
    state = np.zeros(spec.state_dim, np.float32)
    return {**observation, STATE: state, "task": next(iter(bundle.prompts))}, noise


def _stage_inputs(specs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = {}
    for name, spec in specs.items():
        values = rng.standard_normal(spec.shape)
        # Token ids and masks: 1 is a token of every vocabulary, and stands for no padding.
        inputs[name] = (np.ones(spec.shape) if spec.dtype.kind in "iu" else values).astype(
            spec.dtype
        )
    return inputs


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _peak_memory() -> float:
    # getrusage would tell the largest of this process and of the one that started it.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1e3
    raise SpatuneError("/proc/self/status has no VmHWM: memory is measured on Linux alone")


def _device_memory(subject: Subject) -> float | None:
    if not (subject.engine.startswith("torch") or subject.engine == "aotinductor"):
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    return torch.cuda.max_memory_allocated() / 1e6
