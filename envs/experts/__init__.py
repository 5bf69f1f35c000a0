"""Experts that know the simulator's privileged state, and the demonstrations they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .demos import write_demos
    from .demos_config import DemosLiberoConfig
    from .libero import LiberoExpert

__all__ = ["DemosLiberoConfig", "LiberoExpert", "write_demos"]

_MODULES = {
    "DemosLiberoConfig": ".demos_config",
    "LiberoExpert": ".libero",
    "write_demos": ".demos",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
