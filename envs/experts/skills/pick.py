"""`pick`: close the fingers on an object and lift it."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from ..grasp import Grasp, Surroundings, plan_grasp
from .arm import CLOSE, OPEN, UP, Arm

_BLOCKED = 0.02
"""Height (m) left over the planned grip above which closing would catch nothing."""
_LIFTED = 0.03
"""Rise (m) that shows that the object is in the hand."""


def pick(
    arm: Arm,
    name: str,
    blocked: list[np.ndarray],
    *,
    travel: float,
    around: Surroundings | None,
    side: np.ndarray | None = None,
) -> Generator[np.ndarray, None, Grasp | None]:
    """Grasp an object from above and lift it.

    Args:
        arm: Arm.
        name: Object.
        blocked: Where the hand could not reach the object before, (3,) m from its origin; a
            further such place is appended.
        travel: Height (m) that the object's lowest point is to reach.
        around: Further obstacles for the hand; it then comes from high above.
        side: Direction (3,) in which a grasp off the object's middle should lie.

    Returns:
        The grasp, or None when the object is not in the hand.
    """
    scene = arm.scene
    grasp = plan_grasp(scene, name, arm.nominal, blocked, around, side)
    rotation = arm.turned(grasp.yaw)
    offset = scene.position(name) - grasp.position
    lift = UP * max(0.10, grasp.top - grasp.position[2] + 0.06)
    if around is not None:
        above = grasp.position + lift
        high = np.array([*above[:2], max(above[2], arm.position[2])])
        yield from arm.move(high, rotation, OPEN, tolerance=0.07, steps=60, turn=1.0)
    over = arm.over(lambda: scene.position(name) - offset + lift, name)
    yield from arm.move(over, rotation, OPEN, tolerance=0.02, steps=80)
    # The object may have settled meanwhile, and the arm no longer hides its surroundings.
    grasp = plan_grasp(scene, name, arm.nominal, blocked, around, side)
    rotation = arm.turned(grasp.yaw)
    above = grasp.position + 0.05 * UP
    yield from arm.move(above, rotation, OPEN, tolerance=0.012, steps=40)
    yield from arm.move(
        grasp.position, rotation, OPEN, tolerance=0.007, steps=60, descent=0.6, gate=0.010
    )
    if arm.position[2] > grasp.position[2] + _BLOCKED:
        blocked.append(grasp.position - scene.position(name))
        yield from arm.move(above + lift, rotation, OPEN, tolerance=0.03, steps=15)
        return None
    yield from arm.hold(grasp.position, rotation, CLOSE, steps=9)
    held_at = arm.position
    hang = held_at[2] - scene.collision_points(name)[:, 2].min()
    start = scene.position(name)[2]
    height = max(travel + hang, held_at[2] + 0.10)
    yield from arm.move(
        np.array([held_at[0], held_at[1], height]), rotation, CLOSE, tolerance=0.03, steps=40
    )
    if scene.position(name)[2] < start + _LIFTED:
        blocked.append(grasp.position - scene.position(name))
        yield from arm.release(rotation, steps=4)
        return None
    return grasp
