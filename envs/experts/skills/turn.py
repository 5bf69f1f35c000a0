"""`turn`: a knob, on or off."""

from __future__ import annotations

import numpy as np

from .arm import CLOSE, OPEN, UP, Actions, Arm, about_z

_BLADE = 0.014
"""Height (m) below the top of a knob in which it is a blade that fingers close on."""
_TWIST = 1.2
"""Angle (rad) beyond where the knob is; it slips in the fingers at its stops."""
_STEPS = 20
"""Control steps of a twist."""


def turn(arm: Arm, fixture: str, *, on: bool) -> Actions:
    """Twist the knob of a fixture."""
    part = arm.scene.moving_part(fixture)
    assert part is not None and part.hinge, "the caller asks for knobs only"
    top = float(part.points[:, 2].max())
    blade = part.points[part.points[:, 2] > top - _BLADE][:, :2]
    middle = (blade.min(axis=0) + blade.max(axis=0)) / 2
    _, _, axes = np.linalg.svd(blade - blade.mean(axis=0))
    grip = np.array([*middle, top - _BLADE])
    rotation = arm.pointing(-UP, np.array([*axes[1], 0.0]))
    yield from arm.move(grip + 0.1 * UP, rotation, OPEN, tolerance=0.02, steps=80)
    yield from arm.move(grip, rotation, OPEN, tolerance=0.007, steps=60, descent=0.6, gate=0.010)
    yield from arm.hold(grip, rotation, CLOSE, steps=8)
    angle = np.sign(part.opening[2]) * (_TWIST if on else -_TWIST)
    spoke = grip - part.anchor
    for done in np.linspace(0.0, 1.0, _STEPS):
        twist = about_z(done * angle)
        yield from arm.hold(part.anchor + twist @ spoke, twist @ rotation, CLOSE, steps=1)
    rotation = about_z(angle) @ rotation
    yield from arm.release(rotation, steps=6)
    yield from arm.move(arm.position + 0.1 * UP, rotation, OPEN, tolerance=0.03, steps=20)
