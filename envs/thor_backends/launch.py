"""`embedded_controller`: ai2thor's own Controller with the embedded simulator in place of Unity."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SpatuneError
from ..houses.library import house_names
from .child import LOG_PREFIX, UNHANDLED
from .guard import ProcessGuard

if TYPE_CHECKING:
    from ai2thor.controller import Controller

INSTALL = "pip install 'spatune[unity]'"
_LOG_BYTES = 65536


def embedded_controller(**kwargs: Any) -> Controller:
    """The ai2thor package's Controller, unmodified, on the embedded simulator in a child process.

    For programs that need that very class. Everything else is better served by `ThorController`,
    which gives the same metadata and pixels without a second process.

    Args:
        **kwargs: As of `ai2thor.controller.Controller`; without a `scene` it is the first house
            of the package.

    Raises:
        SpatuneError: ai2thor is not installed, or the simulator did not start within
            `server_start_timeout` seconds.
        ValueError: An unknown scene or a wrong argument.
    """
    if kwargs.get("scene") is None:
        # The client would take the first name in the alphabet: `Procedural`, which is empty.
        kwargs["scene"] = house_names()[0]
    child = f"{shlex.quote(sys.executable)} -m {__package__}.child"
    kwargs.setdefault("local_executable_path", child)
    # The child uses no display, but the client fails with a TypeError where none is named.
    kwargs.setdefault("x_display", os.environ.get("DISPLAY") or ":0")
    controller = start_controller(**kwargs)
    event: Any = controller.last_event
    state = event.metadata
    # The client raises for wrong calls only, and would go on without a house.
    if state["errorCode"] == UNHANDLED:
        controller.stop()
        raise SpatuneError(
            f"the simulator failed at {state['lastAction']}: {state['errorMessage']}"
        )
    return controller


def start_controller(**kwargs: Any) -> Controller:
    """Make ai2thor's Controller under a `ProcessGuard`.

    Args:
        **kwargs: As of `ai2thor.controller.Controller`.

    Raises:
        SpatuneError: ai2thor is not installed, or its simulator did not start within
            `server_start_timeout` seconds.
        ValueError: An unknown scene or a wrong argument.
    """
    controller_class = import_controller()
    # The guard must know the Controller before the constructor waits for the process.
    controller = controller_class.__new__(controller_class)
    guard = ProcessGuard(controller)
    try:
        controller.__init__(**kwargs)
    except BaseException as error:
        reason = _why_it_did_not_start(controller, guard, error)
        guard.end()
        if reason is None:
            raise
        raise SpatuneError(reason) from error
    finally:
        guard.settle()
    return controller


def import_controller() -> type[Controller]:
    """The ai2thor package's class.

    Raises:
        SpatuneError: The package is not installed, or does not import here.
    """
    try:
        with warnings.catch_warnings():
            # Invalid escapes in its sources.
            warnings.simplefilter("ignore")
            from ai2thor.controller import Controller
    except ImportError as error:
        raise SpatuneError(f"the ai2thor package does not import ({error}); {INSTALL}") from error
    return Controller


def _why_it_did_not_start(
    controller: Controller, guard: ProcessGuard, error: BaseException
) -> str | None:
    """One line, or None when the error is not about the process."""
    process = guard.process
    if process is None or not isinstance(error, Exception):
        return None
    log = Path(controller.log_dir) / "unity.log"
    limit = f"within {controller.server_start_timeout:g} s (server_start_timeout); see {log}"
    if guard.ran_late:
        return f"the simulator did not open its pipe {limit}"
    if isinstance(error, BrokenPipeError):
        process.wait(1.0)  # It closed its pipe, so it is about to end.
    if process.poll() is not None:
        said = _last_words(log, process.pid) or f"see {log}"
        return f"the simulator ended while it started (exit code {process.returncode}): {said}"
    if isinstance(error, TimeoutError):
        return f"the simulator opened its pipe but did not answer {limit}"
    return None


def _last_words(log: Path, pid: int) -> str:
    """What the child with this process id wrote last to the log that all children share."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    start = f"{LOG_PREFIX} {pid}: "
    return next((line.removeprefix(start) for line in lines[::-1] if line.startswith(start)), "")
