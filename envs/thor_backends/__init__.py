"""Three ways into a THOR world: in process, through the ai2thor client, and the Unity build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .backend import make_controller
    from .controller import ThorController
    from .event import Event
    from .launch import embedded_controller
    from .unity import UnityStatus, unity_controller, unity_status

__all__ = [
    "Event",
    "ThorController",
    "UnityStatus",
    "embedded_controller",
    "make_controller",
    "unity_controller",
    "unity_status",
]

_MODULES = {
    "Event": ".event",
    "ThorController": ".controller",
    "UnityStatus": ".unity",
    "embedded_controller": ".launch",
    "make_controller": ".backend",
    "unity_controller": ".unity",
    "unity_status": ".unity",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
