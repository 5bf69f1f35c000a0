"""`pull`: open a drawer by its handle."""

from __future__ import annotations

import numpy as np

from ...libero_privileged import MovingPart
from .arm import CLOSE, OPEN, UP, Actions, Arm

HANDLE_DEPTH = 0.018
"""What stands out last from a drawer, by this much (m), is the bar of its handle."""
_TILT = np.deg2rad(20.0)
"""Angle of the hand below the horizontal: flat enough to pass under the handle above."""
_APART = 0.12
"""Distance (m) from the handle at which the hand lines up."""
_OVERSHOOT = 0.02
"""Pull this far (m) beyond the end, so that a lagging hand reaches it."""

_WIDE = 0.97
"""Fraction of its travel at which a drawer counts as open."""
_PATIENCE = 50
"""Control steps that pulling may take."""


def pull(arm: Arm, place: str) -> Actions:
    """Open the drawer of a region as far as it goes; ends early when the hand slips off."""
    part = _part(arm, place)
    outward = part.opening
    rotation = arm.pointing(-np.cos(_TILT) * outward - np.sin(_TILT) * UP, UP)
    bar = handle(part)
    before = bar - _APART * rotation[:, 2]
    high = np.array([*before[:2], max(arm.position[2], float(part.points[:, 2].max()) + 0.15)])
    yield from arm.move(high, rotation, OPEN, tolerance=0.06, steps=60, turn=1.0)
    yield from arm.move(before, rotation, OPEN, tolerance=0.015, steps=80)
    yield from arm.move(bar, rotation, OPEN, tolerance=0.012, steps=50, speed=0.8)
    yield from arm.hold(bar, rotation, CLOSE, steps=8)
    reach = max(map(abs, part.limits))
    end = arm.position + (reach + _OVERSHOOT - abs(part.value)) * outward
    for _ in range(_PATIENCE):
        if abs(_part(arm, place).value) > _WIDE * reach:
            break
        yield from arm.move(end, rotation, CLOSE, tolerance=0.0, steps=1, speed=0.75)
    yield from arm.release(rotation, steps=4)
    away = arm.position + 0.6 * _APART * outward
    yield from arm.move(away, rotation, OPEN, tolerance=0.03, steps=15)
    yield from arm.move(away + 0.12 * UP, arm.nominal, OPEN, tolerance=0.05, steps=6)


def handle(part: MovingPart) -> np.ndarray:
    """Middle of a drawer's handle, (3,)."""
    reach = part.points @ part.opening
    bar = part.points[reach > reach.max() - HANDLE_DEPTH]
    return (bar.min(axis=0) + bar.max(axis=0)) / 2


def _part(arm: Arm, place: str) -> MovingPart:
    part = arm.scene.moving_part(place)
    assert part is not None, "the caller asks for drawers only"
    return part
