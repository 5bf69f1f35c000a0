"""`find_tensorrt`: TensorRT and TensorRT-RTX are one interface under two module names."""

from __future__ import annotations

from collections import deque
from functools import cache
from importlib import import_module
from typing import Any

from ...errors import SpatuneError

MODULES = {"tensorrt": "tensorrt", "tensorrt-rtx": "tensorrt_rtx"}
"""Python module, by engine."""

_OLDEST = {"tensorrt": 10, "tensorrt-rtx": 1}
_HINTS = {
    "tensorrt": "pip install 'spatune[tensorrt]'; a Jetson has it with JetPack 7, whose Python is "
    "3.12, for environments made with `python3 -m venv --system-site-packages`",
    "tensorrt-rtx": "pip install 'spatune[tensorrt-rtx]'",
}
_KEPT = 50


def find_tensorrt(engine: str) -> Any:
    """Import the module behind an engine.

    Args:
        engine: `tensorrt` or `tensorrt-rtx`.

    Raises:
        SpatuneError: The engine is unknown, or its library is missing, broken or too old.
    """
    if engine not in MODULES:
        raise SpatuneError(f"engine {engine!r} is not one of {', '.join(MODULES)}")
    try:
        module = import_module(MODULES[engine])
    except ImportError as error:
        if error.name == MODULES[engine]:
            raise SpatuneError(f"{engine} is not installed: {_HINTS[engine]}") from error
        raise SpatuneError(
            f"{engine} is installed but does not load ({one_line(error)}): {_HINTS[engine]}"
        ) from error
    require_version(engine, module.__version__)
    return module


def require_version(engine: str, version: str) -> None:
    """Refuse a TensorRT whose interface is another.

    Raises:
        SpatuneError: It is too old.
    """
    if int(version.split(".")[0]) < _OLDEST[engine]:
        raise SpatuneError(
            f"{engine} {version} is too old, {_OLDEST[engine]}.0 is needed: {_HINTS[engine]}"
        )


@cache
def problem_log(trt: Any) -> Any:
    """The module's logger, which keeps errors for whoever wants to say why something failed.

    TensorRT keeps the first logger of a process and ignores later ones, so there is one for each
    module. Its `take()` gives the errors since the last call, one line each, and forgets them.

    Args:
        trt: `tensorrt` or `tensorrt_rtx`.
    """

    class ProblemLog(trt.ILogger):
        def __init__(self) -> None:
            super().__init__()
            self._lines: deque[str] = deque(maxlen=_KEPT)

        def log(self, severity: Any, message: str) -> None:
            # INTERNAL_ERROR is 0 and ERROR is 1; warnings are about things that work.
            if int(severity) <= int(trt.ILogger.ERROR):
                self._lines.append(one_line(message))

        def take(self) -> list[str]:
            lines = list(dict.fromkeys(self._lines))
            self._lines.clear()
            return lines

    return ProblemLog()


def one_line(words: object, longest: int = 300) -> str:
    """A library's message as one line of bounded length."""
    text = " ".join(str(words).split())
    return text if len(text) <= longest else text[: longest - 3] + "..."
