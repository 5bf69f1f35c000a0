"""`same_room`: whether no wall can be between two places, as far as a scene knows its rooms."""

from __future__ import annotations

import numpy as np

from ...envs.houses.polygon import contains
from ..scenes.scene import Scene, SceneRoom


def same_room(scene: Scene, first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two points (x, z) of the floor, metres, lie in one room; True without floor plans."""
    if not any(room.floor for room in scene.rooms):
        return True
    room = _room_of(scene, first)
    return room is not None and room is _room_of(scene, second)


def _room_of(scene: Scene, point: np.ndarray) -> SceneRoom | None:
    where = (float(point[0]), float(point[1]))
    return next((r for r in scene.rooms if r.floor and contains(r.floor, where)), None)
