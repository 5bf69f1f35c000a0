"""`ProcessGuard`: turns the endless waits of ai2thor's Controller into errors."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ai2thor.controller import Controller

_POLL_SECONDS = 0.05
# The protocol's end of a message: one that is over before its metadata is an error to the client.
_EMPTY_MESSAGE = b"\xff\0\0\0\0"


class ProcessGuard:
    """Watches the process that a Controller starts, from a thread, for as long as it runs.

    The client opens its pipes without a time limit: a simulator that ends before it opens them, or
    never does, makes the client wait for ever. A simulator that ends in the middle of a step makes
    it wait for the whole `server_timeout`. So when the process is gone the guard opens the other
    ends of the pipes and sends a message that the client takes for an error; and it ends a
    process that has not opened its pipe within `server_start_timeout`.

    Args:
        controller: One that is about to be initialised.

    Attributes:
        ran_late: Whether the guard has ended the process for opening no pipe in time.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._settled = threading.Event()
        self.ran_late = False
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The simulator's process; None before it is started."""
        return getattr(getattr(self._controller, "server", None), "unity_proc", None)

    def settle(self) -> None:
        """Say that the Controller is made, or will not be: both pipes are open, or never will."""
        self._settled.set()

    def end(self) -> None:
        """End the process, if there is one, and close the client's pipes."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            server: Any = self._controller.server
            # A pipe that still holds an unsent action cannot be closed without this error.
            with suppress(BrokenPipeError):
                server.stop()

    def _watch(self) -> None:
        while (process := self.process) is None:
            if self._settled.wait(_POLL_SECONDS):
                return
        server: Any = self._controller.server
        deadline = time.monotonic() + self._controller.server_start_timeout
        while process.poll() is None and server.server_pipe is None:
            if time.monotonic() > deadline:
                self.ran_late = True
                process.kill()
            time.sleep(_POLL_SECONDS)
        process.wait()
        settled = False
        while not settled:
            settled = self._settled.wait(_POLL_SECONDS)
            _release(server.server_pipe_path, server.client_pipe_path)


def _release(replies: str, actions: str) -> None:
    """Let a client go that waits to open one of its pipes, or to read a reply."""
    for path, flag in ((replies, os.O_WRONLY), (actions, os.O_RDONLY)):
        try:
            pipe = os.open(path, flag | os.O_NONBLOCK)
        except OSError:
            continue  # Nobody is at the other end, or the pipe is gone.
        try:
            if flag == os.O_WRONLY:
                os.write(pipe, _EMPTY_MESSAGE)
        except OSError:
            pass  # It is full, so the client has something to read.
        finally:
            os.close(pipe)
