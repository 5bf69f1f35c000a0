"""Which marked place or object of a second picture is that of the first one.

The mark in the first picture is an X, those in the second are numbers, so that neither is taken for
the letter of an option.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from ..scenes.trajectory import Frame
from .draws import pick
from .frame_pairs import pairs_of
from .masks import Masks, masks_of
from .overlap import is_seen, points_at, seen_at
from .question import Draft
from .skill import Skill, Unsuitable
from .views import different

LEAST_OVERLAP = 0.2
"""Share of each picture that the other one shows too."""

LARGEST_TURN = 100.0
"""Degrees between the two views."""

MARKS_APART = 0.08
"""Share of the picture's width between any two marks in it."""

PLACES_APART = 0.25
"""Metres in the scene from the true place to any wrong one."""

FEWEST_MARKS, MARKS = 3, 4
"""Marks in the second picture."""

CLEARANCE = 2
"""Pixels around the true place in the second picture that show the same object."""

LEAST_COSINE = 0.7
"""Between the surface's normals at one place, each measured in one picture."""

_TRIES = 24

type Point = tuple[float, float]


def point_correspondence(subject: Subject, rng: np.random.Generator) -> Draft:
    """The same place of a surface in two pictures; it passes the depth test in both."""
    first, second, share = _draw_pair(subject, rng)
    before, after = masks_of(subject, first), masks_of(subject, second)
    frames = subject.frames[first], subject.frames[second]
    thing, start, truth = _draw_place(frames, before, after, rng)
    points, places = [truth], [_place(frames[0], start)]
    things = after.seen
    # One wrong point is on the same object where that is large enough.
    owners = [thing] * 4 + [things[k] for k in rng.integers(len(things), size=_TRIES)]
    for owner in owners:
        if len(points) == MARKS:
            break
        point = after.draw_point(owner.id, rng)
        if point is None or not _apart(point, points, after):
            continue
        place = _place(frames[1], point)
        once = owner is not thing or len(points) == 1
        if once and np.linalg.norm(place - places[0]) >= PLACES_APART:
            points.append(point)
            places.append(place)
    if len(points) < FEWEST_MARKS:
        raise Unsuitable("no room for wrong points")
    order = rng.permutation(len(points))
    return _draft(
        "A place is marked X in the first image. Which of the numbered points in the second image "
        "marks the same place?",
        (first, second),
        (str(first), str(second), thing.id),
        (start, [points[k] for k in order]),
        int(np.flatnonzero(order == 0)[0]),
        {
            "frames": [frame.index for frame in frames],
            "object": thing.id,
            "place": [round(float(value), 4) for value in places[0]],
            "metres_off": [round(float(np.linalg.norm(places[k] - places[0])), 4) for k in order],
            "overlap": round(share, 4),
        },
    )


def object_correspondence(subject: Subject, rng: np.random.Generator) -> Draft:
    """The same object in two pictures; wrong ones are of its category where there are any."""
    first, second, share = _draw_pair(subject, rng)
    before, after = masks_of(subject, first), masks_of(subject, second)
    things, shared = after.seen, _shared(before, after)
    twins = {t.id: sum(other.category == t.category for other in things) for t in shared}
    most = max(twins.values())
    (thing,) = pick([t for t in shared if twins[t.id] == most], 1, rng)
    start, truth = before.inner_point(thing.id), after.inner_point(thing.id)
    if start is None or truth is None:
        raise Unsuitable("no room for a mark")
    points, marked = [truth], [thing]
    others = pick([other for other in things if other is not thing], len(things) - 1, rng)
    for other in sorted(others, key=lambda other: other.category != thing.category):
        point = after.inner_point(other.id)
        if len(points) < MARKS and point is not None and _apart(point, points, after):
            points.append(point)
            marked.append(other)
    if len(points) < FEWEST_MARKS:
        raise Unsuitable("too few objects to mark")
    order = rng.permutation(len(points))
    return _draft(
        f"A point on the {thing.category} is marked X in the first image. Which of the numbered "
        f"points in the second image is on the same object?",
        (first, second),
        (str(first), str(second), thing.id),
        (start, [points[k] for k in order]),
        int(np.flatnonzero(order == 0)[0]),
        {
            "frames": [subject.frames[first].index, subject.frames[second].index],
            "object": thing.id,
            "objects": [marked[k].id for k in order],
            "overlap": round(share, 4),
        },
    )


def _draw_pair(subject: Subject, rng: np.random.Generator) -> tuple[int, int, float]:
    pairs = pairs_of(subject)
    mask = different(pairs) & (np.abs(pairs.turn) <= LARGEST_TURN)
    return pairs.draw(mask, rng, LEAST_OVERLAP)


def _shared(before: Masks, after: Masks) -> list[SceneObject]:
    """What anybody sees in both pictures.

    Raises:
        Unsuitable: Nothing.
    """
    shared = [thing for thing in after.seen if thing in before.seen]
    if not shared:
        raise Unsuitable("no object in both images")
    return shared


def _draw_place(
    frames: tuple[Frame, Frame], before: Masks, after: Masks, rng: np.random.Generator
) -> tuple[SceneObject, Point, Point]:
    """An object, and a point on it that both pictures show."""
    shared = _shared(before, after)
    width, height = after.size
    for which in rng.integers(len(shared), size=_TRIES):
        thing = shared[which]
        start = before.draw_point(thing.id, rng)
        if start is None:
            continue
        place = _place(frames[0], start)
        (column,), (row,), behind = seen_at(frames[1], place[None])
        away = np.linalg.norm(place - frames[1].camera.position)
        patch = after.labels.owners[
            max(row - CLEARANCE, 0) : row + CLEARANCE + 1,
            max(column - CLEARANCE, 0) : column + CLEARANCE + 1,
        ]
        names = {after.labels.names[number] for number in np.unique(patch)}
        if not is_seen(behind, np.array([away]))[0] or names != {thing.id}:
            continue
        # Both sides of a laptop's lid pass the depth test, but face opposite ways.
        seen = float(column + 0.5) / width, float(row + 0.5) / height
        normals = _normal(frames[0], start), _normal(frames[1], seen)
        if normals[0] @ normals[1] > LEAST_COSINE:
            return thing, start, seen
    raise Unsuitable("no place in both images")


def _place(frame: Frame, point: Point) -> np.ndarray:
    """The point (3,) of the scene that a pixel shows."""
    column, row = int(point[0] * frame.camera.width), int(point[1] * frame.camera.height)
    return points_at(frame, np.array([column]), np.array([row]))[0]


def _normal(frame: Frame, point: Point) -> np.ndarray:
    """Unit normal (3,) of the surface around a pixel away from the edges."""
    column, row = int(point[0] * frame.camera.width), int(point[1] * frame.camera.height)
    columns = np.clip(column + np.array([-1, 1, 0, 0]), 0, frame.camera.width - 1)
    rows = np.clip(row + np.array([0, 0, -1, 1]), 0, frame.camera.height - 1)
    left, right, above, below = points_at(frame, columns, rows)
    normal = np.cross(right - left, below - above)
    return normal / max(float(np.linalg.norm(normal)), 1e-9)


def _apart(point: Point, points: Sequence[Point], masks: Masks) -> bool:
    width, height = masks.size
    offsets = (np.array(points) - point) * [1.0, height / width]
    return bool((np.linalg.norm(offsets, axis=1) >= MARKS_APART).all())


def _draft(
    question: str,
    frames: tuple[int, int],
    key: tuple[str, ...],
    marks: tuple[Point, list[Point]],
    truth: int,
    provenance: dict[str, Any],
) -> Draft:
    start, points = marks
    names = [f"point {number}" for number in range(1, len(points) + 1)]
    return Draft(
        question=question,
        answer=names[truth],
        wrong=tuple(name for name in names if name != names[truth]),
        key=key,
        frames=frames,
        marks=(
            (("X", round(start[0], 4), round(start[1], 4)),),
            tuple((str(k + 1), round(x, 4), round(y, 4)) for k, (x, y) in enumerate(points)),
        ),
        provenance=provenance,
    )


SKILLS = tuple(
    Skill(ask.__name__, "PT", "correspondence", "pair", "choice", ask, needs_labels=True)
    for ask in (point_correspondence, object_correspondence)
)
