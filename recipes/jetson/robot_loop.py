"""Run a bundle on a robot at its control rate, until SIGTERM.

    python recipes/jetson/robot_loop.py BUNDLE --robot my_robot.py --task "pick up the milk"

The robot is a Python file with the functions

    read_observation() -> dict      a uint8 (H, W, 3) image for each camera, observation.state, task
    send_action(action)             one action, float32 (A,), in the units of the policy
    stop()                          optional: called once at the end, whatever ended the loop

Each control step begins at a tick. It sends one action of the current chunk; when the chunk's share
is used up, it first reads an observation and predicts the next chunk, as in simulation. A step that
ends after the next tick was due is a missed deadline: the ticks then start anew, a whole period
after the late action, so that no action is cut short to make up for another.

Nothing watches a function of the robot that does not return: a motor controller needs its own
watchdog that stops it when no actions come.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import util
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import tyro
from tyro.conf import Positional

from spatune.errors import SpatuneError
from spatune.export.runtime import RobotPolicy

WARM_UPS = 3
LOG_SECONDS = 60.0
BAD_INPUT = 2


@dataclass(frozen=True)
class LoopConfig:
    """Run a bundle on a robot at its control rate."""

    bundle: Positional[Path]
    """Folder that `spatune export` wrote."""

    robot: Path
    """Python file with read_observation(), send_action(action) and perhaps stop()."""

    task: str | None = None
    """Instruction; by default the observation brings its own as 'task'."""

    engine: str = "ort-cpu"
    """Engine; on a Jetson 'tensorrt'."""

    precision: str = "fp32"
    """One that was exported, and built for TensorRT."""

    threads: int = 0
    """Threads of a CPU engine; 0 takes all cores."""

    seconds: float | None = None
    """End after this time; by default only a signal ends the loop."""

    seed: int = 0
    """Of the noise that a flow policy starts from."""


@dataclass
class LoopReport:
    """What happened.

    Attributes:
        backend: What computed.
        control_hz: Rate at which actions were due.
        steps: Actions sent.
        replans: Chunks predicted.
        missed_deadlines: Steps that ended after the next one was due.
        worst_step_ms: Longest step from its beginning until its action was sent.
        worst_predict_ms: Longest prediction.
    """

    backend: str
    control_hz: float
    steps: int = 0
    replans: int = 0
    missed_deadlines: int = 0
    worst_step_ms: float = 0.0
    worst_predict_ms: float = 0.0


class RobotLoop:
    """The loop; `stop` ends it after the step that is under way.

    Args:
        policy: The bundle, loaded.
        robot: Module with `read_observation` and `send_action`.
        task: Instruction that replaces the observation's, or None.
        seed: Of the noise.
    """

    def __init__(
        self, policy: RobotPolicy, robot: ModuleType, task: str | None = None, seed: int = 0
    ) -> None:
        self._policy, self._robot, self._task = policy, robot, task
        self._random = np.random.default_rng(seed)
        self._ended = False
        self.report = LoopReport(policy.backend, policy.spec.control_hz)

    def stop(self) -> None:
        """End the loop; safe in a signal handler."""
        self._ended = True

    def run(self, seconds: float | None = None) -> LoopReport:
        """Act until `stop`, or for some seconds.

        Raises:
            SpatuneError: An observation does not fit the policy.
        """
        for _ in range(WARM_UPS):
            # The first calls of an engine are slow, and nothing has been sent yet.
            if not self._ended:
                self._predict()
        self.report.replans, self.report.worst_predict_ms = 0, 0.0
        period = 1 / self._policy.spec.control_hz
        pending: deque[np.ndarray] = deque()
        tick = logged = start = time.perf_counter()
        while not self._ended and (seconds is None or tick - start < seconds):
            if not pending:
                pending.extend(self._predict()[: self._policy.spec.execute_steps])
            self._robot.send_action(pending.popleft())
            now = time.perf_counter()
            self._count(now - tick, period)
            tick = (tick if now - tick <= period else now) + period
            if now - logged > LOG_SECONDS:
                logged = now
                print(json.dumps(asdict(self.report)), file=sys.stderr, flush=True)
            time.sleep(max(0.0, tick - time.perf_counter()))
        return self.report

    def _predict(self) -> np.ndarray:
        observation: Mapping[str, Any] = self._robot.read_observation()
        if self._task is not None:
            observation = {**observation, "task": self._task}
        spec = self._policy.spec
        shape = (spec.chunk_length, spec.action_dim)
        noise = self._random.standard_normal(shape, dtype=np.float32)
        began = time.perf_counter()
        chunk = self._policy.predict_action_chunk(observation, noise)
        took = 1000 * (time.perf_counter() - began)
        self.report.replans += 1
        self.report.worst_predict_ms = max(self.report.worst_predict_ms, took)
        return chunk

    def _count(self, took: float, period: float) -> None:
        self.report.steps += 1
        self.report.missed_deadlines += took > period
        self.report.worst_step_ms = max(self.report.worst_step_ms, 1000 * took)


def load_robot(path: Path) -> ModuleType:
    """Import a robot's file.

    Raises:
        SpatuneError: It is missing or lacks a function.
    """
    spec = util.spec_from_file_location("robot", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise SpatuneError(f"{path} is no Python file: give --robot one with read_observation()")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("read_observation", "send_action"):
        if not callable(getattr(module, name, None)):
            raise SpatuneError(
                f"{path} has no function {name}(): write it, see {Path(__file__).name}"
            )
    return module


def run_loop(config: LoopConfig) -> LoopReport:
    """Load everything, act, and stop the robot whatever happens.

    Raises:
        SpatuneError: The bundle, the engine or the robot's file is not to be had, or an observation
            does not fit the policy.
    """
    policy = RobotPolicy.load(
        config.bundle, config.engine, precision=config.precision, threads=config.threads
    )
    robot = load_robot(config.robot)
    loop = RobotLoop(policy, robot, config.task, config.seed)

    def handle(number: int, frame: FrameType | None) -> None:
        loop.stop()

    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, handle) for number in signals]
    halt: Callable[[], object] | None = getattr(robot, "stop", None)
    try:
        return loop.run(config.seconds)
    finally:
        if halt is not None:
            halt()
        for number, old in zip(signals, before, strict=True):
            signal.signal(number, old)


def main() -> int:
    """Run the loop; 2 for bad input, with one line on stderr."""
    try:
        report = run_loop(tyro.cli(LoopConfig))
    except SpatuneError as error:
        print(f"robot_loop: error: {error}", file=sys.stderr)
        return BAD_INPUT
    print(json.dumps(asdict(report)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
