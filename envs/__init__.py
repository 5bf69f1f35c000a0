"""Worlds to act in. Importing this registers their ids with Gymnasium, and nothing heavier."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from . import registration  # noqa: F401  (its import registers the ids)

if TYPE_CHECKING:
    from .libero import LiberoEnv
    from .libero_privileged import LiberoPrivileged
    from .spec import CameraSpec, EnvSpec

__all__ = ["CameraSpec", "EnvSpec", "LiberoEnv", "LiberoPrivileged"]

_MODULES = {
    "CameraSpec": ".spec",
    "EnvSpec": ".spec",
    "LiberoEnv": ".libero",
    "LiberoPrivileged": ".libero_privileged",
}

def __getattr__(name: str):
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
