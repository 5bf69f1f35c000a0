"""Moving, turning, crouching and teleporting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..faults import ActionFault
from ..values import number, truth, vector, yaw
from ..world import AGENT_HEIGHT
from .action import actions_of, world_of
from .looking import checked_horizon

if TYPE_CHECKING:
    from ..simulator import Simulator

_HEIGHT_TOLERANCE = 0.25
_QUARTER_TOLERANCE = 0.1


class Collision(ActionFault):
    """The agent ran into something.

    Attributes:
        blocker: Object id of what it ran into.
    """

    def __init__(self, blocker: str) -> None:
        super().__init__(f"{blocker} is in the way")
        self.blocker = blocker


def _move(
    direction: float, simulator: Simulator, moveMagnitude: Any = None, forceAction: Any = False
) -> None:
    world = world_of(simulator)
    agent, settings = world.agent, world.settings
    distance = settings.grid_size
    if moveMagnitude:
        distance = number("moveMagnitude", moveMagnitude)
    heading = np.radians(agent.yaw + direction)
    here = np.array([agent.x, agent.z])
    there = here + distance * np.array([np.sin(heading), np.cos(heading)])
    if settings.snap_to_grid:
        if abs((agent.yaw + 45.0) % 90.0 - 45.0) > _QUARTER_TOLERANCE:
            raise ActionFault(
                f"with snapToGrid=True an agent moves at 0, 90, 180 or 270 degrees, not at "
                f"{agent.yaw:g}; initialize with snapToGrid=False"
            )
        there = np.round(there / settings.grid_size) * settings.grid_size
    if not (truth("forceAction", forceAction) or world.plan.clear(here, there)[0]):
        blocker = world.plan.blocker(here, there)
        ids = {entity.id: name for name, entity in world.entities.items()}
        raise Collision(ids.get(blocker or "", "the edge of the floor"))
    agent.x, agent.z = float(there[0]), float(there[1])
    world.carry()


def _rotate(
    sign: float, simulator: Simulator, degrees: Any = None, forceAction: Any = False
) -> None:
    world = world_of(simulator)
    step = number("degrees", degrees) if degrees else world.settings.rotate_step
    world.agent.yaw = (world.agent.yaw + sign * step) % 360.0
    world.carry()


def _stand(standing: bool, simulator: Simulator) -> None:
    world = world_of(simulator)
    if world.agent.standing == standing:
        raise ActionFault(f"the agent is {'standing' if standing else 'crouching'} already")
    world.agent.standing = standing
    world.carry()


def _teleport(
    simulator: Simulator,
    position: Any = None,
    rotation: Any = None,
    horizon: Any = None,
    standing: Any = None,
    forceAction: Any = False,
    x: Any = None,
    y: Any = None,
    z: Any = None,
) -> None:
    world = world_of(simulator)
    agent = world.agent
    if position is None and x is not None and z is not None:
        position = {"x": x, "y": AGENT_HEIGHT if y is None else y, "z": z}
    place = agent.position if position is None else vector("position", position)
    turn = agent.yaw if rotation is None else yaw("rotation", rotation)
    look = agent.horizon if horizon is None else checked_horizon(number("horizon", horizon))
    up = agent.standing if standing is None else truth("standing", standing)
    if not truth("forceAction", forceAction):
        if abs(place[1] - AGENT_HEIGHT) > _HEIGHT_TOLERANCE:
            raise ActionFault(
                f"position.y = {place[1]:g}: an agent on this floor has y = {AGENT_HEIGHT}"
            )
        if not world.plan.free(np.array([[place[0], place[2]]]))[0]:
            raise ActionFault(f"an agent cannot stand at x = {place[0]:g}, z = {place[2]:g}")
    agent.x, agent.z, agent.yaw, agent.horizon, agent.standing = place[0], place[2], turn, look, up
    world.carry()


def _teleport_full(
    simulator: Simulator,
    rotation: Any,
    horizon: Any,
    standing: Any,
    position: Any = None,
    forceAction: Any = False,
    x: Any = None,
    y: Any = None,
    z: Any = None,
) -> None:
    if position is None and (x is None or y is None or z is None):
        raise ActionFault.missing_argument("TeleportFull needs 'position'")
    _teleport(simulator, position, rotation, horizon, standing, forceAction, x, y, z)


def _nothing(simulator: Simulator) -> None:
    world_of(simulator)


ACTIONS = actions_of(
    {
        "MoveAhead": partial(_move, 0.0),
        "MoveRight": partial(_move, 90.0),
        "MoveBack": partial(_move, 180.0),
        "MoveLeft": partial(_move, -90.0),
        "RotateRight": partial(_rotate, 1.0),
        "RotateLeft": partial(_rotate, -1.0),
        "Stand": partial(_stand, True),
        "Crouch": partial(_stand, False),
        "Teleport": _teleport,
        "TeleportFull": _teleport_full,
        "Pass": _nothing,
        "Done": _nothing,
    }
)
