"""Whatever happens to the simulator's process, the client gets an error in time."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from spatune.envs.thor_backends import embedded_controller
from spatune.errors import SpatuneError

pytest.importorskip("ai2thor", reason="pip install 'spatune[unity]' for its client")

SMALL: dict[str, Any] = {"width": 32, "height": 32}
OPEN = "f = open(os.environ['AI2THOR_FIFO_SERVER_PIPE_PATH'], 'wb')"


def _python(program: str) -> str:
    return f'{sys.executable} -c "import os, sys, time; {program}"'


@pytest.fixture
def controller(house: dict[str, Any]) -> Iterator[Any]:
    made: Any = embedded_controller(scene=house, server_timeout=3, server_start_timeout=60, **SMALL)
    yield made
    # The client cannot close a pipe to a child that is gone while it holds an unsent action.
    with suppress(BrokenPipeError):
        made.stop()
    made.server.unity_proc.wait(5)


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("time.sleep(1000)", "did not open its pipe within 1 s"),
        (f"{OPEN}; sys.exit(4)", "exit code 4"),
        (f"{OPEN}; time.sleep(1000)", "did not answer within 1 s"),
    ],
)
def test_a_child_that_does_not_start_is_an_error(program: str, says: str) -> None:
    began = time.monotonic()
    with pytest.raises(SpatuneError, match=says) as raised:
        embedded_controller(
            scene={}, local_executable_path=_python(program), server_start_timeout=1, **SMALL
        )
    assert time.monotonic() - began < 6
    assert "unity.log" in str(raised.value) and "\n" not in str(raised.value)


def test_what_stopped_the_child_is_in_the_error() -> None:
    broken = (
        "import runpy; sys.modules['msgpack'] = None; "
        "runpy.run_module('spatune.envs.thor_backends.child', run_name='__main__')"
    )
    with pytest.raises(SpatuneError, match="ended while it started.*ModuleNotFoundError.*msgpack"):
        embedded_controller(scene={}, local_executable_path=_python(broken), **SMALL)


def test_no_rendering_is_an_error(house: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "crayons")
    with pytest.raises(SpatuneError, match="CreateHouse.*crayons") as raised:
        embedded_controller(scene=house, **SMALL)
    assert "\n" not in str(raised.value)


def test_an_unknown_scene_is_an_error_and_ends_the_child(house: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Moon"):
        embedded_controller(scene="Moon", **SMALL)


def test_a_child_killed_between_steps_is_an_error(controller: Any) -> None:
    controller.server.unity_proc.send_signal(signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises((OSError, RuntimeError)):
        for _ in range(2):
            controller.step("Pass")
    assert time.monotonic() - began < 3


def test_a_child_killed_within_a_step_is_an_error_at_once(controller: Any) -> None:
    process = controller.server.unity_proc
    process.send_signal(signal.SIGSTOP)
    threading.Timer(0.3, process.kill).start()
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="RotateRight"):
        controller.step("RotateRight")
    assert time.monotonic() - began < 2


def test_a_child_that_hangs_is_an_error_in_time(controller: Any) -> None:
    controller.server.unity_proc.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        controller.step("RotateRight")
    assert time.monotonic() - began < 6


def test_stopping_ends_the_child(controller: Any) -> None:
    process = controller.server.unity_proc
    controller.stop()
    assert process.wait(5) is not None


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    pipes = {
        "AI2THOR_FIFO_SERVER_PIPE_PATH": str(tmp_path / "server.pipe"),
        "AI2THOR_FIFO_CLIENT_PIPE_PATH": str(tmp_path / "client.pipe"),
    }
    for path in pipes.values():
        os.mkfifo(path)
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "subprocess.run([sys.executable, '-m', 'spatune.envs.thor_backends.child'])",
        ],
        env={**os.environ, **pipes},
    )
    with open(pipes["AI2THOR_FIFO_SERVER_PIPE_PATH"], "rb", buffering=0) as replies:
        # The first message says that the child is up; the end of the pipe that it is gone.
        assert replies.read(1) == b"\x01"
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if select.select([replies], [], [], 0.1)[0] and not replies.read(65536):
                return
    pytest.fail("the child lives on without its parent")


def test_the_child_alone_says_who_starts_it() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AI2THOR")}
    done = subprocess.run(
        [sys.executable, "-m", "spatune.envs.thor_backends.child"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "embedded_controller" in done.stderr
    assert done.stderr.count("\n") == 1
