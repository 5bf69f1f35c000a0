"""`push_shut`, `push_wide` and `push_to`: move things without holding them."""

from __future__ import annotations

import numpy as np

from ...libero_privileged import MovingPart, Predicate
from .arm import CLOSE, OPEN, UP, Actions, Arm, about_z
from .pull import handle

_APART = 0.06
"""Distance (m) from what is to be pushed at which the hand comes down."""
_OVERSHOOT = 0.05
"""Push this far (m) beyond the end: the arm is springy."""
_SPOKE = 0.65
"""Where a door is pushed, as a fraction of its width from the hinge: inside of its handle."""
_WIDE, _WIDER = 1.45, 1.7
"""Angle (rad) from which a door leaves the arm room to reach in, and up to which it is pushed."""
_LEAD = 0.25
"""Angle (rad) by which the hand's target runs ahead of a door."""
_DIP = 0.008
"""Depth (m) of the grip site below a plate's rim while it is pushed."""
_SLIP = 0.02
"""Distance (m) of the fingers outside a plate at which they no longer push it."""
_PATIENCE = 120
"""Control steps that pushing may take."""
_FINGER = 0.012
"""Half the thickness (m) of the closed fingers."""


def push_shut(arm: Arm, place: str) -> Actions:
    """Close the drawer of a region or the door of a fixture."""
    part = arm.scene.moving_part(place)
    assert part is not None, "the caller asks for drawers and doors only"
    yield from (_swing(arm, place, part, shut=True) if part.hinge else _slide_shut(arm, part))


def push_wide(arm: Arm, fixture: str) -> Actions:
    """Push the door of a fixture out of the arm's way if it stands open, but not wide."""
    part = arm.scene.moving_part(fixture)
    assert part is not None and part.hinge, "the caller asks for doors only"
    if abs(part.value) < _WIDE:
        yield from _swing(arm, fixture, part, shut=False)


def push_to(arm: Arm, goal: Predicate) -> Actions:
    """Push a flat object over the table to a region: closed fingertips inside its raised rim.

    Pushing against the inner rim ahead of the middle is stable, and needs no room behind. It ends
    early when the fingers slip over the rim.
    """
    scene = arm.scene
    _, name, place = goal
    points = scene.collision_points(name)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    height = float(points[:, 2].max()) - _DIP
    aim = scene.position(place)[:2]
    ahead = aim - middle[:2]
    rotation = arm.pointing(-UP, np.array([-ahead[1], ahead[0], 0.0]))
    start = np.array([*middle[:2], height])
    radius = float(np.ptp(points[:, :2], axis=0).min()) / 2
    above = arm.over(start + 0.10 * UP, name)
    yield from arm.move(above, rotation, CLOSE, tolerance=0.03, steps=70)
    yield from arm.move(start, rotation, CLOSE, tolerance=0.010, steps=50, descent=0.6, gate=0.02)
    for _ in range(_PATIENCE):
        here = scene.position(name)[:2]
        gap = aim - here
        slipped = np.linalg.norm(arm.position[:2] - here) > radius + _SLIP
        if slipped or (scene.holds(goal) and np.linalg.norm(gap) < 0.02):
            break
        way = gap / max(1e-6, float(np.linalg.norm(gap)))
        target = np.array([*(arm.position[:2] + min(0.04, np.linalg.norm(gap)) * way), height])
        yield from arm.move(target, rotation, CLOSE, tolerance=0.0, steps=1, speed=0.6)
    yield from arm.move(arm.position + 0.15 * UP, rotation, OPEN, tolerance=0.03, steps=30)


def _slide_shut(arm: Arm, part: MovingPart) -> Actions:
    outward = part.opening
    bar = handle(part)
    # Leaning back, the hand stays clear of the handles above.
    rotation = arm.pointing(-outward - UP, np.cross(UP, outward))
    before = bar + _APART * outward
    high = np.array([*before[:2], max(arm.position[2], before[2] + 0.15)])
    yield from arm.move(high, arm.nominal, CLOSE, tolerance=0.04, steps=80)
    yield from arm.move(before, rotation, CLOSE, tolerance=0.015, steps=80)
    end = bar - (abs(part.value) + _OVERSHOOT) * outward
    yield from arm.move(end, rotation, CLOSE, tolerance=0.005, steps=80, speed=0.6)
    yield from arm.move(arm.position + _APART * outward, rotation, CLOSE, tolerance=0.03, steps=20)
    yield from arm.move(arm.position + 0.15 * UP, arm.nominal, OPEN, tolerance=0.05, steps=30)


def _swing(arm: Arm, place: str, part: MovingPart, *, shut: bool) -> Actions:
    spokes = (part.points - part.anchor) * np.array([1.0, 1.0, 0.0])
    centre = spokes.mean(axis=0)
    radial = centre / np.linalg.norm(centre)
    turn = part.opening[2] * (-1.0 if shut else 1.0)
    way = np.cross(turn * UP, radial)
    width = float((spokes @ radial).max())
    near = np.abs(spokes @ radial - _SPOKE * width) < 0.3 * width
    face = float((spokes[near] @ way).min())
    top = float(part.points[:, 2].max())
    height = (top - 0.02 - part.anchor[2]) * UP
    rest = _SPOKE * width * radial + (face - _FINGER) * way + height
    rotation = arm.nominal
    before = part.anchor + rest - _APART * way
    yield from arm.move(before + 0.12 * UP, rotation, CLOSE, tolerance=0.03, steps=90)
    yield from arm.move(before, rotation, CLOSE, tolerance=0.015, steps=60, descent=0.6, gate=0.02)
    turned = 0.0
    for _ in range(160):
        now = arm.scene.moving_part(place)
        assert now is not None
        turned = abs(now.value - part.value)
        if arm.scene.holds(("close", place)) if shut else abs(now.value) > _WIDER:
            break
        target = part.anchor + about_z(turn * (turned + _LEAD)) @ rest
        yield from arm.move(target, rotation, CLOSE, tolerance=0.0, steps=1, speed=0.7)
    back = about_z(turn * turned) @ -way
    yield from arm.move(arm.position + _APART * back, rotation, CLOSE, tolerance=0.03, steps=20)
    yield from arm.move(arm.position + 0.15 * UP, rotation, OPEN, tolerance=0.05, steps=30)
