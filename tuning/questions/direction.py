"""`object_rel_direction_*`: where an object is for someone who stands by one and faces another."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from ..scenes.box import Box, box_gap
from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .question import Draft
from .skill import Skill, Unsuitable
from .turns import clockwise

MARGIN_DEGREES = 10.0
"""An angle nearer than this to a boundary of its type is not asked about."""

FARTHEST_GAP = 10.0
"""No two of the three boxes are farther apart, metres."""

LEAST_APART = 0.4
"""Centres seen from above are no nearer than this, metres; otherwise a direction means little."""

STANDING_PART = 1.0
"""Nobody says on which side of the first object one stands: wherever on this part of its length and
width one does, the answer is the same."""

MIDDLE_PART = 0.5
"""One faces, and looks for, the middle of an object: wherever on this part of its length and width
that is, the answer is the same."""

_TRIES = 64

_EASY = (
    "If I am standing by the {} and facing the {}, is the {} to the left or the right of the {}?"
)
_MEDIUM = (
    "If I am standing by the {} and facing the {}, is the {} to my left, right, or back?\n"
    "An object is to my back if I would have to turn at least 135 degrees in order to face it."
)
_HARD = (
    "If I am standing by the {} and facing the {}, is the {} to my front-left, front-right, "
    "back-left, or back-right?\n"
    "The directions refer to the quadrants of a Cartesian plane (if I am standing at the origin "
    "and facing along the positive y-axis)."
)


def object_rel_direction_easy(subject: Subject, rng: np.random.Generator) -> Draft:
    """Left or right of the line of sight."""
    return _ask(subject, rng, _EASY, ("left", "right"), (0, 180), _side)


def object_rel_direction_medium(subject: Subject, rng: np.random.Generator) -> Draft:
    """Left, right, or back from 135 degrees on."""
    return _ask(subject, rng, _MEDIUM, ("left", "right", "back"), (0, 135, 180), _side_or_back)


def object_rel_direction_hard(subject: Subject, rng: np.random.Generator) -> Draft:
    """The quadrant."""
    names = ("front-left", "front-right", "back-left", "back-right")
    return _ask(subject, rng, _HARD, names, (0, 90, 180), _quadrant)


def _side(angles: np.ndarray) -> np.ndarray:
    return (angles > 0).astype(int)


def _side_or_back(angles: np.ndarray) -> np.ndarray:
    return np.where(np.abs(angles) >= 135, 2, _side(angles))


def _quadrant(angles: np.ndarray) -> np.ndarray:
    return 2 * (np.abs(angles) > 90) + _side(angles)


def _ask(
    subject: Subject,
    rng: np.random.Generator,
    text: str,
    names: tuple[str, ...],
    boundaries: tuple[int, ...],
    sector: Callable[[np.ndarray], np.ndarray],
) -> Draft:
    """A draft whose answer is drawn first, so that answers are as even as the scene allows."""
    things = list(subject.unique.values())
    if len(things) < 3:
        raise Unsuitable("too few objects")
    triples = rng.permuted(np.tile(np.arange(len(things)), (_TRIES, 1)), axis=1)[:, :3]
    angles = _angles([thing.box for thing in things], triples)  # (N, S), the first of the centres
    sectors = sector(angles)
    clear = np.abs(np.abs(angles[:, :1]) - boundaries).min(axis=1) >= MARGIN_DEGREES
    clear &= (sectors == sectors[:, :1]).all(axis=1)
    for answer in rng.permutation(len(names)):
        for row in np.flatnonzero(clear & (sectors[:, 0] == answer)):
            chosen = [things[place] for place in triples[row]]
            if _apart(chosen):
                return _draft(text, chosen, angles[row], names, int(answer))
    raise Unsuitable("no clear direction")


def _angles(boxes: list[Box], triples: np.ndarray) -> np.ndarray:
    """Degrees (N, 1 + 3 S) clockwise from the faced to the queried object.

    The first is that of the centres; in each of the others, one of the three is off its centre.
    """
    centres = np.stack([box.ground for box in boxes])
    stand, face, query = centres[triples.T][:, :, None]  # (N, 1, 2) each
    near = _around(boxes, STANDING_PART)[triples[:, 0]]
    middles = _around(boxes, MIDDLE_PART)[triples[:, 1:].T]
    return np.concatenate(
        [
            clockwise(face - stand, query - stand),
            clockwise(face - near, query - near),
            clockwise(middles[0] - stand, query - stand),
            clockwise(face - stand, middles[1] - stand),
        ],
        axis=1,
    )


def _around(boxes: list[Box], part: float) -> np.ndarray:
    """Points (boxes, S, 2) on the floor, all over the middle part of each box."""
    return np.stack([box.grid(part) for box in boxes])[..., [0, 2]]


def _apart(things: list[SceneObject]) -> bool:
    """Whether no two of them are too near or too far."""
    return all(
        np.linalg.norm(a.box.ground - b.box.ground) >= LEAST_APART
        and box_gap(a.box, b.box) <= FARTHEST_GAP
        for a, b in combinations(things, 2)
    )


def _draft(
    text: str, things: list[SceneObject], angles: np.ndarray, names: tuple[str, ...], answer: int
) -> Draft:
    stand, face, query = (thing.category for thing in things)
    return Draft(
        # Only the easy text has a fourth place: the faced object once more.
        question=text.format(stand, face, query, face),
        answer=names[answer],
        wrong=tuple(name for name in names if name != names[answer]),
        key=tuple(sorted((stand, face, query))),
        provenance={
            "standing": things[0].id,
            "facing": things[1].id,
            "query": things[2].id,
            "positions": [[round(float(v), 4) for v in thing.box.ground] for thing in things],
            "degrees_clockwise": round(float(angles[0]), 4),
            "farthest_gap": round(
                max(box_gap(a.box, b.box) for a, b in combinations(things, 2)), 4
            ),
        },
    )


SKILLS = tuple(
    Skill(ask.__name__, "SR", "object relation", "video", "choice", ask)
    for ask in (object_rel_direction_easy, object_rel_direction_medium, object_rel_direction_hard)
)
