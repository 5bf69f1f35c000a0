"""`insert`: put the object in the hand into a compartment with a roof, through its door."""

from __future__ import annotations

import numpy as np

from ...libero_privileged import LiberoPrivileged
from .arm import CLOSE, OPEN, UP, Actions, Arm, about_z

_TILT = np.deg2rad(60.0)
"""Angle of the hand from pointing down: the object goes in with its bottom first."""
_BEFORE = 0.16
"""Distance (m) before the opening at which the hand tilts."""
_LOW = 0.3
"""How far below the middle of the region to enter, as a fraction of its half height."""
_INSIDE = 0.07
"""How far (m) the object's origin has to pass the edge of the region."""


def front(scene: LiberoPrivileged, place: str) -> np.ndarray | None:
    """Direction (3,) out of a compartment through its door; None for places open to the top."""
    carrier = scene.container(place)
    door = None if carrier in (None, place) else scene.moving_part(str(carrier))
    if door is None or abs(door.axis[2]) < 0.9:
        return None
    spokes = (door.points - door.anchor) * np.array([1.0, 1.0, 0.0])
    # A door covers the opening of its compartment; the knob of a stove does not.
    if np.linalg.norm(spokes, axis=1).max() < scene.region_extent(place)[:2].max():
        return None
    shut = about_z(-float(door.axis[2]) * door.value) @ spokes.mean(axis=0)
    normal = np.cross(UP, shut / np.linalg.norm(shut))
    return normal * np.sign((door.anchor - scene.position(place)) @ normal)


def insert(arm: Arm, name: str, place: str, outward: np.ndarray) -> Actions:
    """Carry the object in the hand before the compartment, tilt, move in, let go and back out."""
    scene = arm.scene
    centre, extent = scene.position(place), scene.region_extent(place)
    rotation = arm.pointing(
        -np.sin(_TILT) * outward - np.cos(_TILT) * UP, -np.cos(_TILT) * outward + np.sin(_TILT) * UP
    )
    # Below the middle: what is tilted stands out above, where a mug has its handle.
    edge = centre + float(extent @ np.abs(outward)) * outward - _LOW * extent[2] * UP

    def at(depth: float) -> np.ndarray:
        return edge - depth * outward + (arm.position - scene.position(name))

    before = edge + _BEFORE * outward
    high = np.array([*before[:2], arm.position[2]])
    yield from arm.move(high, rotation, CLOSE, tolerance=0.03, steps=60)
    yield from arm.move(lambda: at(-_BEFORE / 2), rotation, CLOSE, tolerance=0.02, steps=60)
    yield from arm.move(lambda: at(_INSIDE), rotation, CLOSE, tolerance=0.01, steps=60, speed=0.5)
    yield from arm.release(rotation, steps=10)
    back = arm.position + _BEFORE * outward
    yield from arm.move(back, rotation, OPEN, tolerance=0.03, steps=25)
    yield from arm.move(back + 0.2 * UP, arm.nominal, OPEN, tolerance=0.05, steps=15)
