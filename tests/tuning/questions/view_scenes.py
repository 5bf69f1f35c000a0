"""A closed room seen from several places, for tests of questions about several views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spatune.tuning.questions.question import Draft
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

from .image_scenes import camera, frame, thing

HALF = 5.0
SHELL = (
    thing("Floor", (0, -0.05, 0), (2 * HALF, 0.1, 2 * HALF)),
    thing("WallN", (0, 1.5, HALF), (2 * HALF, 3, 0.1)),
    thing("WallS", (0, 1.5, -HALF), (2 * HALF, 3, 0.1)),
    thing("WallE", (HALF, 1.5, 0), (0.1, 3, 2 * HALF)),
    thing("WallW", (-HALF, 1.5, 0), (0.1, 3, 2 * HALF)),
)
"""Floor and walls: pixels have them as owners, but they are no objects of the scene."""

FURNITURE = (
    thing("sofa", (-2.5, 0.5, 3.5), (1.6, 1.0, 0.8)),
    thing("fridge", (0.5, 0.9, 4.2), (0.9, 1.8, 0.8)),
    thing("desk", (3.2, 0.5, 2.6), (1.0, 1.0, 1.4), yaw=20),
    thing("bed", (3.4, 0.4, -1.5), (1.6, 0.8, 2.0)),
    thing("toilet", (0.4, 0.5, -3.8), (0.8, 1.0, 0.8)),
    thing("piano", (-3.3, 0.6, -2.6), (1.0, 1.2, 1.5), yaw=-15),
    thing("plant", (-3.6, 0.7, 0.6), (0.7, 1.4, 0.7)),
)
"""One of a category, all around the middle of the room."""


def walk() -> list[Pinhole]:
    """Cameras that look around from two places, go from one to the other, and look in from corners.

    The turns are to the right first, to the left then.
    """
    around = [camera((0.6, 1.3, -0.4), yaw, 12.0) for yaw in range(0, 360, 30)]
    ahead = [camera((0.6 - 0.7 * step, 1.3, -0.4), 270, 12.0) for step in range(1, 4)]
    back = [camera((-1.5, 1.3, -0.4), yaw, 12.0) for yaw in range(270, -90, -30)]
    corners = [((-4, -4), 45), ((-3.2, -4.3), 30), ((4.2, -4), -45), ((4.3, -3), -60)]
    return [*around, *ahead, *back, *(camera((x, 1.6, z), yaw, 12.0) for (x, z), yaw in corners)]


def in_room(
    things: Sequence[SceneObject],
    views: Sequence[Pinhole],
    rooms: tuple[SceneRoom, ...] = (),
    drawn: Sequence[SceneObject] | None = None,
) -> Subject:
    """Views of things in the closed room; frame numbers 0, 10, 20, ...

    Args:
        things: Objects of the scene.
        views: Cameras.
        rooms: Rooms of the scene.
        drawn: What the pixels show in place of `things`, under the same ids.
    """
    scene = Scene("room", "test", tuple(things), rooms)
    frames = []
    for number, view in enumerate(views):
        whole = frame((*(drawn or things), *SHELL), view, 10 * number)
        seen = {name: s for name, s in whole.sightings.items() if name in scene.by_id}
        frames.append(replace(whole, sightings=seen))
    return Subject(Trajectory("walk", scene, tuple(frames)))


def places_of(draft: Draft) -> tuple[int, ...]:
    """Places in the shown frames of what a draft shows."""
    assert draft.frames is not None
    return draft.frames


def mirrored(item: SceneObject) -> SceneObject:
    """The same object with left and right exchanged."""
    flip = np.array([-1.0, 1.0, 1.0])
    axes = item.box.axes * flip
    axes[0] *= -1
    return replace(item, box=Box(item.box.center * flip, axes, item.box.lengths))
