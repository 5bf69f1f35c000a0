"""What ai2thor's Controller starts in place of Unity: `python -m spatune.envs.thor_backends.child`.

The Controller waits without limit until its child opens the pipe, so the pipe is opened before
anything is imported that can fail: what breaks later reaches the client as an error.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from ..embedded.reply import Reply

LOG_PREFIX = "spatune child"
UNHANDLED = "UnhandledException"
"""Error code of a reply after which the simulator is broken."""
_PARENT_CHECK_SECONDS = 0.5
_PIPE_BYTES = 1 << 20


def main() -> None:
    """Serve the simulator on the pipes that the environment names, until they are closed."""
    # Ctrl-C reaches the whole process group: it is the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
        replies = open(os.environ["AI2THOR_FIFO_SERVER_PIPE_PATH"], "wb", buffering=0)
        _widen(replies)
        actions = _open_actions(os.environ["AI2THOR_FIFO_CLIENT_PIPE_PATH"])
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set: embedded_controller() starts this program")
    try:
        _serve(actions, replies, _screen(sys.argv[1:]))
    except BrokenPipeError:
        pass
    except Exception as error:
        _log(_one_line(error))
        traceback.print_exc()
        sys.exit(1)


def _serve(actions: BinaryIO, replies: BinaryIO, screen: tuple[int, int]) -> None:
    from ..embedded.simulator import Simulator
    from .fifo import encode_reply, read_action

    simulator = Simulator(*screen)
    reply = simulator.current()
    _write(replies, encode_reply(reply))
    select.select([actions], [], [])
    while (action := read_action(actions)) is not None:
        try:
            reply = simulator.step(action)
        except Exception as error:
            _log(f"{action.get('action')}: {_one_line(error)}")
            traceback.print_exc()
            reply = _failed(reply, action, _one_line(error))
        _write(replies, encode_reply(reply))
    simulator.close()


def _failed(last: Reply, action: Mapping[str, Any], message: str) -> Reply:
    """The last reply again, saying that this action broke the simulator."""
    from dataclasses import replace

    agent = {
        **last.agent,
        "lastAction": action.get("action"),
        "lastActionSuccess": False,
        "errorCode": UNHANDLED,
        "errorMessage": message,
        "actionReturn": None,
    }
    return replace(
        last,
        metadata={**last.metadata, "agents": [agent], "sequenceId": action["sequenceId"]},
    )


def _open_actions(path: str) -> BinaryIO:
    """The pipe of actions, opened without waiting for the client, which opens it to write later.

    A client that writes to a pipe whose reader is gone gets an error; one that opens a pipe which
    nobody reads waits for ever. So it is open before the first message is out.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return open(descriptor, "rb")


def _widen(pipe: BinaryIO) -> None:
    """Let the pipe hold a whole reply: in 64 KB pieces the two processes wait for each other."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:
        pass  # A matter of speed alone; a machine may have a lower limit.


def _write(stream: BinaryIO, message: bytes) -> None:
    rest = memoryview(message)
    while rest:
        rest = rest[stream.write(rest) :]


def _screen(arguments: Sequence[str]) -> tuple[int, int]:
    """Width and height from the arguments of Unity's player (`-screen-width 300 ...`)."""
    given = dict(zip(arguments, arguments[1:], strict=False))
    return int(given.get("-screen-width", 300)), int(given.get("-screen-height", 300))


def _die_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)


def _log(line: str) -> None:
    print(f"{LOG_PREFIX} {os.getpid()}: {line}", file=sys.stderr, flush=True)


def _one_line(error: BaseException) -> str:
    from ...errors import SpatuneError, first_line

    said = first_line(error)
    return said if isinstance(error, SpatuneError) else f"{type(error).__name__}: {said}"


if __name__ == "__main__":
    main()
