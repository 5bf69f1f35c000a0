"""`BoxSides`: which upright sides of an object's box the shown frames show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from ..scenes.trajectory import Frame
from .keeping import kept
from .overlap import seen_at

FACING = 0.3
"""Cosine between a side's outward normal and the way to the camera from which it may be seen."""

TURNED_AWAY = -0.05
"""The same cosine up to which it is not seen."""

SEEN = 0.7
"""Share of a side's points where the picture shows a surface of the object on the side, from which
the side is seen."""

DEEP = 0.15
"""Share of the box's depth by which that surface may lie behind the side: round things have no
sides."""

HIDDEN = 0.05
"""Share of a side's points where the picture shows the object at all, up to which the side is not
seen, whichever way it faces."""

_STEPS = np.linspace(-0.8, 0.8, 5)


class BoxSides:
    """What labelled frames show of the four upright sides of a box.

    Get those of a subject's frames by `sides_of`, which keeps them.

    Args:
        thing: An object whose box stands upright (see `upright`).
        frames: Frames with labels, N of them.

    Attributes:
        normals: (4, 2) outward on the floor (x, z), in clockwise order seen from above.
        seen: (N, 4), clearly seen.
        unseen: (N, 4), clearly not seen; where both are false nobody can say.
    """

    def __init__(self, thing: SceneObject, frames: Sequence[Frame]) -> None:
        box = thing.box
        outward = np.array([box.axes[2], box.axes[0], -box.axes[2], -box.axes[0]])
        clockwise = np.argsort(np.arctan2(outward[:, 0], outward[:, 2]))
        outward = outward[clockwise]
        along = np.array([box.axes[0], box.axes[2]] * 2)[clockwise]
        halves = box.lengths / 2
        depths, widths = halves[[2, 0, 2, 0]][clockwise], halves[[0, 2, 0, 2]][clockwise]
        centres = box.center + outward * depths[:, None]
        across, up = np.meshgrid(_STEPS, _STEPS * halves[1])
        points = (
            centres[:, None]
            + across.ravel()[None, :, None] * (along * widths[:, None])[:, None]
            + up.ravel()[None, :, None] * box.axes[1]
        )  # (4, 25, 3)
        self.normals = outward[:, [0, 2]]
        self.seen = np.zeros((len(frames), 4), bool)
        self.unseen = np.ones((len(frames), 4), bool)
        for place, frame in enumerate(frames):
            if thing.id in frame.sightings:
                own, flat = _shown(thing, frame, points, 2 * DEEP * depths)
                ways = frame.camera.position - centres
                cosines = (ways * outward).sum(axis=1) / np.linalg.norm(ways, axis=1)
                self.seen[place] = (cosines > FACING) & (flat >= SEEN)
                self.unseen[place] = (cosines < TURNED_AWAY) | (own <= HIDDEN)


def upright(thing: SceneObject) -> bool:
    """Whether a box is turned about the vertical only."""
    return bool(abs(thing.box.axes[1][1]) > 0.999)


def _shown(
    thing: SceneObject, frame: Frame, points: np.ndarray, deep: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shares (4,) of the points of each side where the frame shows the object.

    First anywhere along the ray, then at most some metres (4,) behind the side.
    """
    labels = frame.labels
    assert labels is not None, "the frame has no labels"
    columns, rows, behind = seen_at(frame, points.reshape(-1, 3))
    own = labels.owners[rows, columns] == labels.names.index(thing.id)
    own = (own & np.isfinite(behind)).reshape(4, -1)
    return own.mean(axis=1), (own & (-behind.reshape(4, -1) <= deep[:, None])).mean(axis=1)


def sides_of(subject: Subject, thing: SceneObject, places: Sequence[int]) -> BoxSides:
    """The sides of an object that some shown frames show.

    Args:
        subject: What is asked about.
        thing: An upright object.
        places: Places of the frames, always the same ones for an object.
    """
    known = _known_sides(subject)
    if thing.id not in known:
        known[thing.id] = BoxSides(thing, [subject.frames[place] for place in places])
    return known[thing.id]


@kept
def _known_sides(subject: Subject) -> dict[str, BoxSides]:
    """What `sides_of` has found so far, by the object's id."""
    return {}
