"""Looking up and down."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..faults import ActionFault
from ..values import number
from .action import actions_of, world_of

if TYPE_CHECKING:
    from ..simulator import Simulator

LOOK_STEP = 30.0
HIGHEST, LOWEST = -30.0, 60.0
"""Limits of the horizon, degrees down."""

_SLACK = 1e-6


def checked_horizon(horizon: float) -> float:
    """The horizon, if an agent can look there.

    Raises:
        ActionFault: It cannot.
    """
    if not HIGHEST - _SLACK <= horizon <= LOWEST + _SLACK:
        raise ActionFault(
            f"a horizon of {horizon:g} degrees is beyond {-HIGHEST:g} up and {LOWEST:g} down"
        )
    return horizon


def _look(sign: float, simulator: Simulator, degrees: Any = None, forceAction: Any = False) -> None:
    world = world_of(simulator)
    step = number("degrees", degrees) if degrees else LOOK_STEP
    world.agent.horizon = checked_horizon(world.agent.horizon + sign * step)
    world.carry()


ACTIONS = actions_of({"LookUp": partial(_look, -1.0), "LookDown": partial(_look, 1.0)})
