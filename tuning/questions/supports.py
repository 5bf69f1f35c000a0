"""`support_of`: what an object visibly stands on."""

from __future__ import annotations

from ..scenes.scene import Scene, SceneObject

CONTACT = 0.05
"""Most metres between an object's lower face and the upper face of what carries it."""

OVERHANG = 0.02
"""Metres by which the middle of an object must lie within the outline of what carries it."""


def support_of(scene: Scene, thing: SceneObject) -> SceneObject | None:
    """The object that carries `thing` on its top, or None.

    It must be the nearest one that the scene says holds it, and the boxes must agree: what lies in
    a fridge, on a lower shelf or against a headboard gives None.
    """
    holder = scene.by_id.get(thing.parents[0]) if thing.parents else None
    if holder is None:
        return None
    below, above = holder.box, thing.box
    touches = abs(float(above.low[1] - below.high[1])) <= CONTACT
    middle = all(
        below.low[axis] + OVERHANG <= above.center[axis] <= below.high[axis] - OVERHANG
        for axis in (0, 2)
    )
    return holder if touches and middle else None
