"""LIBERO success rates: protocols, the evaluation run and the demonstration.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import DemoConfig, EvalLiberoConfig
    from .demo import run_demo
    from .doctor import DoctorConfig, run_doctor
    from .protocol import PROTOCOLS, LiberoProtocol
    from .runner import run_eval
    from .tasks import parse_tasks

__all__ = [
    "PROTOCOLS",
    "DemoConfig",
    "DoctorConfig",
    "EvalLiberoConfig",
    "LiberoProtocol",
    "parse_tasks",
    "run_demo",
    "run_doctor",
    "run_eval",
]

_MODULES = {
    "PROTOCOLS": ".protocol",
    "DemoConfig": ".config",
    "DoctorConfig": ".doctor",
    "EvalLiberoConfig": ".config",
    "LiberoProtocol": ".protocol",
    "parse_tasks": ".tasks",
    "run_demo": ".demo",
    "run_doctor": ".doctor",
    "run_eval": ".runner",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when the name is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_MODULES))
