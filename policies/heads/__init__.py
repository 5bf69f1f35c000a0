"""Action heads: from the trunk's output to a chunk of actions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .flow import FlowHead
    from .l1 import L1Head

__all__ = ["FlowHead", "L1Head"]

_MODULES = {"FlowHead": ".flow", "L1Head": ".l1"}


def __getattr__(name: str):
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
