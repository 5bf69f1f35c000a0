"""Where the objects of one room are, put together from views of which none shows all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ...envs.houses.polygon import centroid, contains
from ..scenes.scene import SceneObject, SceneRoom
from ..scenes.subject import Subject
from .draws import pick
from .frame_pairs import pairs_of
from .keeping import kept
from .lookalikes import VAGUE, alike
from .masks import CLEAR_SHARE, TRACE_SHARE
from .question import Draft
from .skill import Unsuitable
from .turns import clockwise
from .views import FEWEST, draw_views

ROUND_ANGLE = 20.0
"""Degrees about the middle of the room between two objects that one comes to face, at least."""

MIDDLE_METRES = 0.4
"""The order is the same about every point of the floor that is at most so far from the middle along
x and z."""

OFF_MIDDLE = 0.8
"""Metres from the middle of the room to each of the objects, at least."""

BETWEEN_ANGLE = 155.0
"""Degrees at an object between its ways to two others, from which on it is between them."""

ASIDE_ANGLE = 110.0
"""The same, up to which an object is not between them."""

LEAST_AWAY = 0.5
"""Metres between the middles of what is between two others and each of these, at least."""

_VIEWS_TRIES = 10
_ROUND_TRIES = 5
_OFFSETS = MIDDLE_METRES * np.array([[x, z] for x in (-1, 0, 1) for z in (-1, 0, 1)], float)
_HERE = len(_OFFSETS) // 2


@dataclass(frozen=True, eq=False)
class _Space:
    """One room, or a whole scene without floor plans.

    Attributes:
        room: The room, or None.
        things: Objects whose middle is on its floor.
        frames: Places of the frames that clearly show one of them.
    """

    room: SceneRoom | None
    things: tuple[SceneObject, ...]
    frames: np.ndarray


def room_round(subject: Subject, rng: np.random.Generator) -> Draft:
    """The order in which one faces objects on a turn in the middle of their room."""
    spaces = [space for space in _spaces(subject) if space.room and len(space.things) > 2]
    for space, views, things in _draws(subject, rng, spaces):
        middle = _middle(space.room)
        if middle is None:
            continue
        things = [t for t in things if np.linalg.norm(t.box.ground - middle) >= OFF_MIDDLE]
        for count in (4, 3):
            for _ in range(_ROUND_TRIES if len(things) >= count else 0):
                chosen = pick(things, count, rng)
                order = [] if _together(subject, views, chosen) else _round(middle, chosen)
                if order:
                    return _round_draft(subject, rng, views, order, middle)
    raise Unsuitable("no clear order around a room")


def object_between(subject: Subject, rng: np.random.Generator) -> Draft:
    """What stands between two objects, seen from above."""
    spaces = [space for space in _spaces(subject) if len(space.things) > 4]
    for _, views, things in _draws(subject, rng, spaces):
        if len(things) < 5:
            continue
        places = np.array([thing.box.ground for thing in things])
        ways = places[None] - places[:, None]
        angles = np.abs(clockwise(ways[:, :, None], ways[:, None]))  # at, to, to
        far = np.linalg.norm(ways, axis=-1) >= LEAST_AWAY
        rows = np.argwhere(far[:, :, None] & far[:, None] & (angles >= BETWEEN_ANGLE))
        for at, one, other in rng.permutation(rows[rows[:, 1] < rows[:, 2]]):
            three = things[at], things[one], things[other]
            if _stacked(three) or _together(subject, views, three):
                continue
            wrong = [
                k
                for k, thing in enumerate(things)
                if k not in (at, one, other)
                and far[k, one]
                and far[k, other]
                and angles[k, one, other] <= ASIDE_ANGLE
                and not alike(thing.category, things[at].category)
            ]
            if len(wrong) >= 2:
                chosen = [at, *pick(wrong, min(3, len(wrong)), rng)]
                degrees = {things[k].id: round(float(angles[k, one, other]), 2) for k in chosen}
                options = [things[k].category for k in chosen]
                return _between_draft(subject, rng, views, three[1:], options, degrees)
    raise Unsuitable("nothing clearly between two objects")


def _draws(
    subject: Subject, rng: np.random.Generator, spaces: Sequence[_Space]
) -> Iterator[tuple[_Space, tuple[int, ...], list[SceneObject]]]:
    """Random spaces, views that show something of them, and what their names say in these views."""
    pairs = pairs_of(subject)
    fitting = [space for space in spaces if len(space.frames) >= FEWEST]
    for _ in range(_VIEWS_TRIES if fitting else 0):
        space = fitting[int(rng.integers(len(fitting)))]
        try:
            views = draw_views(pairs, rng, among=space.frames)
        except Unsuitable:
            continue
        named = _named(subject, views)
        yield space, views, [thing for thing in space.things if thing.id in named]


def _named(subject: Subject, views: Sequence[int]) -> set[str]:
    """Ids of what its category names in views: it is clearly seen, and of others is no trace."""
    best: dict[str, float] = {}
    for view in views:
        for name, sighting in subject.frames[view].sightings.items():
            best[name] = max(best.get(name, 0.0), sighting.share)
    groups: dict[str, list[str]] = {}
    for name, share in best.items():
        if share >= TRACE_SHARE:
            groups.setdefault(subject.scene.by_id[name].category, []).append(name)
    return {
        names[0]
        for category, names in groups.items()
        if len(names) == 1 and best[names[0]] >= CLEAR_SHARE and category not in VAGUE
    }


def _stacked(things: Sequence[SceneObject]) -> bool:
    """Whether one of them holds another one."""
    ids = {thing.id for thing in things}
    return any(ids & set(thing.parents) for thing in things)


def _together(subject: Subject, views: Sequence[int], things: Sequence[SceneObject]) -> bool:
    """Whether one of the views shows more than a trace of every object."""
    frames = [subject.frames[view] for view in views]
    return any(min(frame.share(t.id) for t in things) >= TRACE_SHARE for frame in frames)


def _round(middle: np.ndarray, things: Sequence[SceneObject]) -> list[SceneObject]:
    """The first object and the others clockwise from it about the middle; empty if unclear."""
    places = np.array([thing.box.ground for thing in things])
    angles = _clockwise_about(middle + _OFFSETS, places)
    order = np.argsort(angles, axis=1)
    gaps = np.diff(np.append(angles[_HERE][order[_HERE]], 360.0))
    if (order != order[0]).any() or gaps.min() < ROUND_ANGLE:
        return []
    return [things[place] for place in order[0]]


def _clockwise_about(centres: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Degrees (C, N) in [0, 360) clockwise about centres (C, 2) from the first of places (N, 2)."""
    angles = clockwise(places[:1] - centres[:, None], places - centres[:, None]) % 360.0
    angles[:, 0] = 0.0
    return angles


def _round_draft(
    subject: Subject,
    rng: np.random.Generator,
    views: tuple[int, ...],
    order: Sequence[SceneObject],
    middle: np.ndarray,
) -> Draft:
    first, *rest = (thing.category for thing in order)
    listed = [f"the {name}" for name in pick([first, *rest], len(order), rng)]
    others = [", ".join(other) for other in permutations(rest) if list(other) != rest]
    degrees = _clockwise_about(middle[None], np.array([thing.box.ground for thing in order]))[0]
    return Draft(
        question=f"In the room with {', '.join(listed[:-1])} and {listed[-1]}: imagine standing in "
        f"the middle of that room, facing the {first}, and turning once around to the right. In "
        "which order do you come to face the others?",
        answer=", ".join(rest),
        wrong=tuple(pick(others, min(3, len(others)), rng)),
        key=tuple(sorted((first, *rest))),
        frames=views,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "objects": [thing.id for thing in order],
            "middle": [round(float(v), 4) for v in middle],
            "degrees_clockwise": [round(float(v), 2) for v in degrees],
        },
    )


def _between_draft(
    subject: Subject,
    rng: np.random.Generator,
    views: tuple[int, ...],
    ends: Sequence[SceneObject],
    options: Sequence[str],
    degrees: dict[str, float],
) -> Draft:
    first, second = pick([end.category for end in ends], 2, rng)
    return Draft(
        question="Imagine seeing the place of these images from above. Which of these objects is "
        f"between the {first} and the {second}?",
        answer=options[0],
        wrong=tuple(options[1:]),
        key=(options[0], *sorted((first, second))),
        frames=views,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "ends": [end.id for end in ends],
            "degrees": degrees,
        },
    )


@kept
def _spaces(subject: Subject) -> tuple[_Space, ...]:
    """The rooms of a scene with what is in them."""
    rooms = [room for room in subject.scene.rooms if room.floor]
    things = [t for t in subject.scene.objects if subject.best_share[t.id] >= CLEAR_SHARE]
    groups = [
        (room, tuple(t for t in things if contains(room.floor, _point(t)))) for room in rooms
    ] or [(None, tuple(things))]
    return tuple(_Space(room, group, _showing(subject, group)) for room, group in groups)


def _showing(subject: Subject, things: Sequence[SceneObject]) -> np.ndarray:
    return np.array(
        [
            view
            for view, frame in enumerate(subject.frames)
            if any(frame.share(thing.id) >= CLEAR_SHARE for thing in things)
        ],
        int,
    )


def _point(thing: SceneObject) -> tuple[float, float]:
    x, z = thing.box.ground
    return float(x), float(z)


def _middle(room: SceneRoom | None) -> np.ndarray | None:
    """Centre of mass (2,) of a room's floor; None where it is not on the floor."""
    assert room is not None, "rooms without a floor plan have no middle"
    middle = centroid(room.floor)
    return np.array(middle) if contains(room.floor, middle) else None
