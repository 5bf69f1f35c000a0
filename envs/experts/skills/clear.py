"""Room for the hand beside a drawer: `free_spot` and `walls`."""

from __future__ import annotations

import numpy as np

from ...libero_privileged import LiberoPrivileged, MovingPart
from .place import Spot
from .pull import HANDLE_DEPTH

_HAND = 0.04
"""Room (m) that the hand needs beside an object."""
_GAP = 0.02
"""Distance (m) to keep from other things."""
_NEAR, _FAR = 0.35, 0.68
"""Distances (m) from the base at which the hand works well."""
_SEARCH = 0.3
"""How far (m) to look."""


def opened(part: MovingPart) -> np.ndarray:
    """Points (N, 3) of a drawer when it is open."""
    return part.points + (max(map(abs, part.limits)) - abs(part.value)) * part.opening


def free_spot(scene: LiberoPrivileged, name: str, part: MovingPart) -> Spot | None:
    """The nearest free place for an object from where the hand can take it past an open drawer.

    Returns:
        None if the object can stay where it is, or no place is free.
    """
    here = scene.position(name)
    points = scene.collision_points(name)
    radius = float(np.linalg.norm(points[:, :2] - here[:2], axis=1).max())
    drawer = opened(part)
    lows, highs = drawer.min(axis=0)[:2], drawer.max(axis=0)[:2]
    others = np.concatenate(
        [scene.collision_points(o, _GAP) for o in scene.objects + scene.fixtures if o != name]
    )[:, :2]
    steps = np.arange(-_SEARCH, _SEARCH + 0.01, 0.02)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    spots = here[:2] + offsets[np.argsort((offsets**2).sum(axis=1), kind="stable")]
    beside = np.linalg.norm(np.maximum(0.0, np.maximum(lows - spots, spots - highs)), axis=1)
    free = beside > radius + _HAND
    if beside[0] > radius + 0.6 * _HAND:
        return None
    crowd = np.linalg.norm(spots[:, None] - others[None], axis=2).min(axis=1)
    reach = np.linalg.norm(spots - scene.base_position[:2], axis=1)
    free &= (crowd > radius + _GAP) & (reach > _NEAR) & (reach < _FAR)
    if not free.any():
        return None
    low = float(points[:, 2].min())
    return Spot(spots[free][0], low + 0.03, low + 0.05, passing=True)


def walls(scene: LiberoPrivileged, place: str, part: MovingPart) -> np.ndarray:
    """Side walls (N, 3) of a cabinet and of the open drawer of one of its regions."""
    outward = part.opening
    drawer = opened(part)
    front = float((drawer @ outward).max()) - max(map(abs, part.limits)) - HANDLE_DEPTH
    carrier = scene.container(place)
    body = scene.collision_points(carrier) if carrier else drawer
    return np.concatenate([_box_sides(drawer), _box_sides(body[body @ outward < front])])


def _box_sides(points: np.ndarray) -> np.ndarray:
    lows, highs = points.min(axis=0), points.max(axis=0)
    lines = [np.linspace(low, high, 15) for low, high in zip(lows, highs, strict=True)]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    inside = np.s_[1:-1]
    edge = np.ones(grid.shape[:3], bool)
    edge[inside, inside] = False
    return grid[edge]
