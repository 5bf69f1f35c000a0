"""Where an agent can stand to see an object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..houses.house import GroundPoint
from ..houses.renderer import Camera
from ..houses.yaw_box import standing_size
from .visibility import seen
from .world import AGENT_HEIGHT, CAMERA_ABOVE_AGENT, World

if TYPE_CHECKING:
    from .simulator import Simulator

HORIZONS = (0.0, 30.0, -30.0, 60.0)
"""Degrees that an agent looks down, in the order in which they are tried."""


def path_to_view(
    simulator: Simulator, start: GroundPoint, targets: Sequence[str]
) -> np.ndarray | None:
    """The shortest way to a grid point from which one of the objects is visible.

    Args:
        simulator: With a house.
        start: (x, z), metres.
        targets: Object ids.

    Returns:
        Corners (K, 2), or None where no reachable point has such a view.
    """
    world = simulator.world
    assert world is not None, "there is a house"
    for point in nearest_views(simulator, start, targets):
        return world.grid.path(start, np.array([point]))
    return None


def nearest_views(
    simulator: Simulator, start: GroundPoint, targets: Sequence[str]
) -> Iterator[int]:
    """Grid points from which an agent that turns to an object sees it, the nearest first.

    Args:
        simulator: With a house.
        start: (x, z), metres, from where nearness is measured along the way.
        targets: Object ids.
    """
    world = simulator.world
    assert world is not None, "there is a house"
    grid, reach = world.grid, world.settings.visibility_distance
    entries = grid.near(start, 2 * grid.spacing)
    if not len(entries):
        return
    distances = grid.distances(entries)
    gaps = np.stack([gaps_to(world, grid.points, target) for target in targets])  # (T, P)
    near = np.flatnonzero((gaps.min(axis=0) <= reach) & np.isfinite(distances))
    for point in near[np.argsort(distances[near], kind="stable")]:
        for target in np.flatnonzero(gaps[:, point] <= reach):
            x, z = grid.points[point]
            if view_from(simulator, (float(x), float(z)), targets[int(target)]) is not None:
                yield int(point)
                break


def view_from(
    simulator: Simulator, place: GroundPoint, target: str, yaws: Sequence[float] | None = None
) -> tuple[float, float] | None:
    """How a standing agent must look from a place to see an object.

    Args:
        simulator: With a house.
        place: (x, z), metres.
        target: Object id.
        yaws: Degrees that the agent can turn to; straight at the object if None.

    Returns:
        Yaw and horizon, degrees, or None where the object cannot be seen from there.
    """
    world = simulator.world
    assert world is not None, "there is a house"
    x, _, z = world.states[target].position
    towards = float(np.degrees(np.arctan2(x - place[0], z - place[1]))) % 360.0
    ordered = [towards]
    if yaws is not None:
        ordered = sorted(yaws, key=lambda yaw: abs((yaw - towards + 180.0) % 360.0 - 180.0))[:3]
    eye = (place[0], AGENT_HEIGHT + CAMERA_ABOVE_AGENT, place[1])
    settings = world.settings
    for yaw in ordered:
        for horizon in HORIZONS:
            camera = Camera(eye, (horizon, yaw, 0.0), settings.field_of_view)
            images = simulator.renderer.render(camera, rgb=False, depth=True, owners=True)
            found = seen(images, settings.field_of_view, horizon, settings.visibility_distance)
            number = world.numbers[target]
            if number < len(found) and found[number]:
                return yaw, horizon
    return None


def gaps_to(world: World, points: np.ndarray, target: str) -> np.ndarray:
    """Horizontal metres from points (P, 2) to the bounding box of an object."""
    entity, state = world.entities[target], world.states[target]
    yaw = np.radians(state.rotation[1])
    offset = points - np.array([state.position[0], state.position[2]])
    along = offset @ np.array([np.cos(yaw), -np.sin(yaw)])
    across = offset @ np.array([np.sin(yaw), np.cos(yaw)])
    width, _, depth = standing_size(entity.size, state.rotation)
    beyond = np.stack([np.abs(along) - width / 2, np.abs(across) - depth / 2])
    return np.linalg.norm(np.maximum(beyond, 0.0), axis=0)
