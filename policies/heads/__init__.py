"""Action heads: from the trunk's output to a chunk of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .discrete import DiscreteHead
    from .flow import FlowHead
    from .l1 import L1Head

__all__ = ["DiscreteHead", "FlowHead", "L1Head"]

_MODULES = {"DiscreteHead": ".discrete", "FlowHead": ".flow", "L1Head": ".l1"}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
