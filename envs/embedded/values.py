"""Arguments of actions, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..houses.house import Vector
from .faults import ActionFault


def number(name: str, value: Any) -> float:
    """A finite number.

    Raises:
        ActionFault: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ActionFault.invalid_argument(f"{name} must be a finite number, not {value!r}")
    return float(value)


def truth(name: str, value: Any) -> bool:
    """True or False.

    Raises:
        ActionFault: It is neither.
    """
    if not isinstance(value, bool):
        raise ActionFault.invalid_argument(f"{name} must be true or false, not {value!r}")
    return value


def text(name: str, value: Any) -> str:
    """A string.

    Raises:
        ActionFault: It is none.
    """
    if not isinstance(value, str):
        raise ActionFault.invalid_argument(f"{name} must be a string, not {value!r}")
    return value


def vector(name: str, value: Any) -> Vector:
    """A mapping with x, y and z.

    Raises:
        ActionFault: It is none, or one of them is missing.
    """
    if not isinstance(value, Mapping):
        raise ActionFault.invalid_argument(f"{name} must have x, y and z, not {value!r}")
    missing = [axis for axis in "xyz" if axis not in value]
    if missing:
        raise ActionFault.missing_argument(f"{name} has no {missing[0]}")
    x, y, z = (number(f"{name}.{axis}", value[axis]) for axis in "xyz")
    return x, y, z


def yaw(name: str, value: Any) -> float:
    """Degrees about the vertical, from a number or a mapping with y."""
    if isinstance(value, Mapping):
        if "y" not in value:
            raise ActionFault.missing_argument(f"{name} has no y")
        return number(f"{name}.y", value["y"]) % 360.0
    return number(name, value) % 360.0


def xyz(point: tuple[float, float, float]) -> dict[str, float]:
    """AI2-THOR's form of a point."""
    return {"x": float(point[0]), "y": float(point[1]), "z": float(point[2])}
