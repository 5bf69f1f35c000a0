"""A simulator of houses that answers AI2-THOR's actions with AI2-THOR's metadata.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .reply import Reply, View
    from .simulator import Simulator

__all__ = ["Reply", "Simulator", "View"]

_MODULES = {"Reply": ".reply", "Simulator": ".simulator", "View": ".reply"}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
