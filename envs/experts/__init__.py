"""Experts that know the simulator's privileged state, and the demonstrations they make."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .demos import DemosLiberoConfig, write_demos
    from .libero import LiberoExpert

__all__ = ["DemosLiberoConfig", "LiberoExpert", "write_demos"]

_MODULES = {
    "DemosLiberoConfig": ".demos",
    "LiberoExpert": ".libero",
    "write_demos": ".demos",
}


def __getattr__(name: str):
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
