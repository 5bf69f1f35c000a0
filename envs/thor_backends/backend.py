"""`make_controller`: the Unity build where there is one, the embedded simulator elsewhere."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from ...errors import SpatuneError
from .controller import ThorController
from .unity import unity_controller, unity_status

if TYPE_CHECKING:
    from ai2thor.controller import Controller

Backend = Literal["auto", "embedded", "unity"]


def make_controller(backend: Backend = "auto", **kwargs: Any) -> ThorController | Controller:
    """A controller of a THOR world.

    Args:
        backend: `unity` for the Unity build, `embedded` for the simulator in this process, `auto`
            for the first of these that this machine has; which one is said on stderr once.
        **kwargs: `scene`, `width`, `height` and the arguments of `Initialize`, which both
            take; with `unity` also the other arguments of `ai2thor.controller.Controller`.

    Raises:
        SpatuneError: An unknown backend, or the one asked for cannot run here; the message says
            what is missing.
        ValueError: An unknown scene or a wrong argument.
    """
    if backend == "unity":
        return unity_controller(**kwargs)
    if backend == "embedded":
        return ThorController(**kwargs)
    if backend != "auto":
        raise SpatuneError(f"no backend {backend!r}; choose one of: auto, embedded, unity")
    status = unity_status()
    if status.available:
        _say(f"THOR backend: unity ({status.platform} build)")
        return unity_controller(**kwargs)
    _say(f"THOR backend: embedded ({'; '.join(status.problems)})")
    return ThorController(**kwargs)


@cache
def _say(line: str) -> None:
    print(line, file=sys.stderr)
