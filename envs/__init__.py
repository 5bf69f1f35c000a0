"""Worlds to act in. Importing this registers their ids with Gymnasium, and nothing heavier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names
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

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
