"""Gymnasium's side of navigation: `observation_space`, `state_vector` and `action_number`."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
from gymnasium import spaces

from ...errors import SpatuneError
from ..houses.house import GroundPoint
from .task import DEPTH_KEY, IMAGE_KEY, NAV_ACTIONS, STATE_LAYOUT

_LONGEST_TASK = 64


def observation_space(height: int, width: int, *, depth: bool) -> spaces.Dict:
    """What `ThorEnv` shows: an image, the state, the task in words, and depth if it is wanted."""
    entries: dict[str, spaces.Space[Any]] = {
        IMAGE_KEY: spaces.Box(0, 255, (height, width, 3), np.uint8),
        "observation.state": spaces.Box(-np.inf, np.inf, (len(STATE_LAYOUT),), np.float32),
        "task": spaces.Text(_LONGEST_TASK, charset=string.ascii_letters + " "),
    }
    if depth:
        entries[DEPTH_KEY] = spaces.Box(0, np.inf, (height, width), np.float32)
    return spaces.Dict(entries)


def state_vector(
    place: GroundPoint, yaw: float, horizon: float, goal: GroundPoint | None, *, blocked: bool
) -> np.ndarray:
    """`STATE_LAYOUT` as float32 (5,).

    Args:
        place: Where the agent is (x, z), metres.
        yaw: Degrees, clockwise seen from above.
        horizon: Degrees that the camera looks down.
        goal: (x, z), metres, or None where the agent does not know of one.
        blocked: Whether the last move was blocked.
    """
    values = dict.fromkeys(STATE_LAYOUT, 0.0)
    if goal is not None:
        dx, dz = np.subtract(goal, place)
        turn = np.arctan2(dx, dz) - np.radians(yaw)
        values |= {
            "goal_distance": float(np.hypot(dx, dz)),
            "goal_sin": float(np.sin(turn)),
            "goal_cos": float(np.cos(turn)),
        }
    values |= {"horizon": horizon / 30.0, "blocked": float(blocked)}
    return np.array([values[name] for name in STATE_LAYOUT], np.float32)


def action_number(action: Any) -> int:
    """The number of an action that came as any kind of number or an array of one.

    Raises:
        SpatuneError: It is none of `NAV_ACTIONS`.
    """
    values = np.asarray(action).reshape(-1)
    number = float(values[0]) if len(values) == 1 else float("nan")
    if not (number.is_integer() and 0 <= number < len(NAV_ACTIONS)):
        raise SpatuneError(
            f"action {action!r} is none of 0..{len(NAV_ACTIONS) - 1} ({', '.join(NAV_ACTIONS)})"
        )
    return int(number)
