"""LIBERO success rates: protocols, the evaluation run and the demonstration.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .config import DemoConfig, EvalLiberoConfig
    from .demo import run_demo
    from .doctor import DoctorConfig, run_doctor
    from .protocol import PROTOCOLS, LiberoProtocol
    from .runner import run_eval

__all__ = [
    "PROTOCOLS",
    "DemoConfig",
    "DoctorConfig",
    "EvalLiberoConfig",
    "LiberoProtocol",
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
    "run_demo": ".demo",
    "run_doctor": ".doctor",
    "run_eval": ".runner",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
