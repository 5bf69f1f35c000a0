"""`place`: put down the object in the hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...libero_privileged import LiberoPrivileged
from ..grasp import Grasp
from .arm import CLOSE, OPEN, UP, Actions, Arm, about_z

_CLEARANCE = 0.06
"""Height (m) over the place at which objects travel."""
_PASSING = 0.02
"""Height (m) over other objects at which one travels."""
_STUCK = 0.03
"""Rise (m) that shows that an object is jammed between the open fingers."""
_SHAKE = (0.35, -0.35, 0.35)
"""Turns (rad) about the vertical, one after the other, that free it."""
_BESIDE = 0.015
"""Gap (m) between objects that share a place."""


@dataclass(frozen=True)
class Spot:
    """Where an object is to be put down.

    Attributes:
        centre: Horizontal position (2,) of the object's origin, m.
        height: What the object is let down to (m): the highest point of what carries it.
        travel: Height (m) of the object's lowest point on the way.
        passing: Whether the object only gets out of the way, and the hand goes on at once.
    """

    centre: np.ndarray
    height: float
    travel: float
    passing: bool = False


def find_spot(scene: LiberoPrivileged, name: str, where: str) -> Spot:
    """Where to put an object: the middle of a place, or side by side where several belong on it.

    Args:
        scene: Privileged view.
        name: Object.
        where: Region, object or fixture.
    """
    position = scene.position(where)
    carrier = scene.container(where)
    points = scene.collision_points(carrier) if carrier else np.zeros((0, 3))
    top = float(points[:, 2].max()) if len(points) else float(position[2])
    part = scene.moving_part(where)
    if part is not None and not part.hinge:
        # In a drawer, between its walls.
        return Spot(position[:2], float(part.points[:, 2].min()) + 0.04, top + 0.02)
    sharing = [goal[1] for goal in scene.goal if goal[0] == "on" and goal[2:] == (where,)]
    row = np.zeros(2)
    if name in sharing and len(sharing) > 1:
        sizes = np.ptp(scene.collision_points(name)[:, :2], axis=0)
        narrow = int(np.argmin(sizes))
        rank = sharing.index(name) - (len(sharing) - 1) / 2
        row[narrow] = rank * (float(sizes[narrow]) + _BESIDE)
    return Spot(position[:2] + row, top, top + _CLEARANCE)


def place(arm: Arm, name: str, spot: Spot, grasp: Grasp) -> Actions:
    """Carry the object in the hand to a spot, let it down, open the fingers and go up.

    Ends early when the object slips out of the hand on the way.
    """
    scene = arm.scene
    rotation = arm.turned(grasp.yaw)
    hang = arm.position[2] - scene.collision_points(name)[:, 2].min()
    travel = max(spot.travel + hang, arm.position[2])

    def over(height: float) -> np.ndarray:
        in_hand = scene.position(name)[:2] - arm.position[:2]
        return np.array([*(spot.centre - in_hand), height])

    held = arm.held(name)
    way = arm.over(lambda: over(travel), name, hang=hang + _PASSING)
    yield from arm.move(way, rotation, CLOSE, tolerance=0.012, steps=80, during=held)
    if not held():
        return
    # Fixed here: what touches down tilts in the hand, and following it would tip it over.
    down = over(spot.height + hang - 0.03)
    yield from arm.move(down, rotation, CLOSE, tolerance=0.008, steps=80, descent=0.5, gate=0.015)
    yield from arm.release(rotation, steps=5 if spot.passing else 10)
    if spot.passing:
        return
    here, rest = arm.position, float(scene.position(name)[2])
    for swing in (*_SHAKE, None):
        yield from arm.move(here + 0.1 * UP, rotation, OPEN, tolerance=0.03, steps=15)
        if swing is None or scene.position(name)[2] < rest + _STUCK:
            return
        yield from arm.move(here, rotation, OPEN, tolerance=0.03, steps=15)
        yield from arm.hold(here, about_z(swing) @ rotation, OPEN, steps=6)
