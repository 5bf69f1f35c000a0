"""Policies of other projects behind the same interface: LeRobot's classes, and openpi's wire.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .lerobot import LeRobotChunks
    from .lerobot_checkpoint import LeRobotCheckpoint
    from .openpi import OpenPiPolicy

__all__ = ["LeRobotCheckpoint", "LeRobotChunks", "OpenPiPolicy"]

_MODULES = {
    "LeRobotCheckpoint": ".lerobot_checkpoint",
    "LeRobotChunks": ".lerobot",
    "OpenPiPolicy": ".openpi",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
