"""Questions about the house: where one can go, how far it is, what an object is like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...houses.reachable import ReachableGrid
from ..faults import ActionFault
from ..values import number, text, vector, xyz
from ..viewpoints import path_to_view
from ..world import AGENT_HEIGHT, World
from .action import actions_of, world_of

if TYPE_CHECKING:
    from ..simulator import Simulator


def _reachable(
    simulator: Simulator,
    gridSize: Any = None,
    maxStepCount: Any = None,
    directionsRelativeAgent: Any = None,
) -> list[dict[str, float]]:
    world = world_of(simulator)
    spacing = world.settings.grid_size if gridSize is None else number("gridSize", gridSize)
    if spacing <= 0:
        raise ActionFault.invalid_argument("gridSize must be greater than 0")
    grid = ReachableGrid(world.plan, (world.agent.x, world.agent.z), spacing)
    return [xyz((x, AGENT_HEIGHT, z)) for x, z in grid.points]


def _path_to_object(
    simulator: Simulator,
    objectId: Any = None,
    objectType: Any = None,
    position: Any = None,
    rotation: Any = None,
    allowedError: Any = None,
) -> dict[str, Any]:
    world = world_of(simulator)
    targets = _targets(world, objectId, objectType)
    corners = path_to_view(simulator, _start(world, position), targets)
    if corners is None:
        raise ActionFault(f"no reachable place has a view of {', '.join(targets)}")
    return _path(corners)


def _path_to_point(
    simulator: Simulator,
    position: Any,
    target: Any = None,
    x: Any = None,
    y: Any = None,
    z: Any = None,
    allowedError: Any = None,
) -> dict[str, Any]:
    world = world_of(simulator)
    if target is None:
        if x is None or z is None:
            raise ActionFault.missing_argument("GetShortestPathToPoint needs 'target' or x, y, z")
        target = {"x": x, "y": 0.0 if y is None else y, "z": z}
    place = vector("target", target)
    corners = world.path(_start(world, position), (place[0], place[2]))
    if corners is None:
        raise ActionFault(f"there is no way to x = {place[0]:g}, z = {place[2]:g}")
    return _path(corners)


def _metadata(
    simulator: Simulator, objectIds: Any = None, objectId: Any = None
) -> list[dict[str, Any]]:
    world = world_of(simulator)
    names = [objectId] if objectIds is None else objectIds
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ActionFault.missing_argument("GetObjectMetadata needs 'objectIds', a list of ids")
    unknown = [name for name in names if name not in world.entities]
    if unknown:
        raise ActionFault(f"there is no object {unknown[0]!r} in this house")
    assert simulator.objects is not None, "there is a house"
    visible = simulator.visible()
    return [simulator.objects.one(name, visible=name in visible) for name in names]


def _targets(world: World, object_id: Any, object_type: Any) -> list[str]:
    if object_id is not None:
        name = text("objectId", object_id)
        if name not in world.entities:
            raise ActionFault(f"there is no object {name!r} in this house")
        return [name]
    if object_type is None:
        raise ActionFault.missing_argument("GetShortestPath needs 'objectId' or 'objectType'")
    wanted = text("objectType", object_type)
    found = [name for name, entity in world.entities.items() if entity.object_type == wanted]
    if not found:
        raise ActionFault(f"there is no object of type {wanted!r} in this house")
    return found


def _start(world: World, position: Any) -> tuple[float, float]:
    if position is None:
        return world.agent.x, world.agent.z
    place = vector("position", position)
    return place[0], place[2]


def _path(corners: np.ndarray) -> dict[str, Any]:
    return {"corners": [xyz((x, 0.0, z)) for x, z in corners]}


ACTIONS = actions_of(
    {
        "GetReachablePositions": _reachable,
        "GetShortestPath": _path_to_object,
        "GetShortestPathToPoint": _path_to_point,
        "GetObjectMetadata": _metadata,
    }
)
