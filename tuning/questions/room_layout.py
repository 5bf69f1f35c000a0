"""Where the objects of one room are, put together from views of which none shows all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from weakref import WeakKeyDictionary

import numpy as np

from ...envs.houses.polygon import contains
from ..scenes.scene import Scene, SceneObject, SceneRoom
from ..scenes.subject import Subject
from .draws import pick
from .frame_pairs import pairs_of
from .lookalikes import alike
from .question import Draft
from .skill import Unsuitable
from .turns import clockwise
from .views import draw_views, of_views

ROUND_ANGLE = 25.0
"""Degrees about the middle of the room between two objects that one comes past, at least."""

MIDDLE_METRES = 0.5
"""The order is the same about every point of the floor that is at most so far from the middle along
x and z, and about the middle of the objects themselves."""

OFF_MIDDLE = 0.8
"""Metres from the middle of the room to each of the objects, at least."""

BETWEEN_ANGLE = 155.0
"""Degrees at an object between its ways to two others, from which on it is between them."""

ASIDE_ANGLE = 110.0
"""The same, up to which an object is not between them."""

LEAST_AWAY = 0.5
"""Metres between the middles of what is between two others and each of these, at least."""

_ROUND = 4
_VIEWS_TRIES = 8
_ROUND_TRIES = 12
_OFFSETS = MIDDLE_METRES * np.array([[x, z] for x in (-1, 0, 1) for z in (-1, 0, 1)], float)


def room_round(subject: Subject, rng: np.random.Generator) -> Draft:
    """The order in which one comes past three objects on a round through their room."""
    known = _rooms(subject.scene)
    if not any(room.floor for room in subject.scene.rooms):
        raise Unsuitable("no floor plan")
    for views, part in _views(subject, rng):
        groups: dict[str, list[SceneObject]] = {}
        for thing in part.unique.values():
            if known[thing.id] is not None:
                groups.setdefault(known[thing.id].id, []).append(thing)
        rooms = [name for name, group in groups.items() if len(group) >= _ROUND]
        for name in pick(rooms, len(rooms), rng):
            middle = _middle(known[groups[name][0].id])
            for _ in range(_ROUND_TRIES if middle is not None else 0):
                things = pick(groups[name], _ROUND, rng)
                order = _round(middle, things)
                if order and not _together(subject, views, things):
                    return _round_draft(subject, rng, views, order, middle)
    raise Unsuitable("no clear round through a room")


def object_between(subject: Subject, rng: np.random.Generator) -> Draft:
    """What stands between two objects, seen from above."""
    known = _rooms(subject.scene)
    for views, part in _views(subject, rng):
        things = list(part.unique.values())
        if len(things) < 5:
            continue
        places = np.array([thing.box.ground for thing in things])
        ways = places[None] - places[:, None]
        angles = np.abs(clockwise(ways[:, :, None], ways[:, None]))  # at, to, to
        metres = np.linalg.norm(ways, axis=-1)
        far = (metres >= LEAST_AWAY)[:, :, None] & (metres >= LEAST_AWAY)[:, None]
        rows = np.argwhere(far & (angles >= BETWEEN_ANGLE))
        for at, one, other in rng.permutation(rows[rows[:, 1] < rows[:, 2]]):
            ends = things[one], things[other]
            inside = {id(known[thing.id]) for thing in (things[at], *ends)}
            if len(inside) > 1 or _together(subject, views, (things[at], *ends)):
                continue
            wrong = [
                k
                for k, thing in enumerate(things)
                if k not in (at, one, other)
                and id(known[thing.id]) in inside
                and angles[k, one, other] <= ASIDE_ANGLE
                and not alike(thing.category, things[at].category)
            ]
            if len(wrong) < 2:
                continue
            chosen = [at, *pick(wrong, min(3, len(wrong)), rng)]
            options = {things[k].category: round(float(angles[k, one, other]), 2) for k in chosen}
            return _between_draft(subject, rng, views, ends, things[at], options)
    raise Unsuitable("nothing clearly between two objects")


def _views(subject: Subject, rng: np.random.Generator) -> Iterator[tuple[tuple[int, ...], Subject]]:
    pairs = pairs_of(subject)
    for _ in range(_VIEWS_TRIES):
        try:
            views = draw_views(pairs, rng)
        except Unsuitable:
            continue
        yield views, of_views(subject, views)


def _together(subject: Subject, views: Sequence[int], things: Sequence[SceneObject]) -> bool:
    """Whether one of the views shows a trace of every object."""
    for view in views:
        sightings = subject.frames[view].sightings
        shares = [sightings[t.id].share if t.id in sightings else 0.0 for t in things]
        if min(shares) >= subject.thresholds.faint:
            return True
    return False


def _round(middle: np.ndarray, things: Sequence[SceneObject]) -> list[SceneObject]:
    """The first object and the others clockwise from it about the middle; empty if unclear."""
    places = np.array([thing.box.ground for thing in things])
    if np.linalg.norm(places - middle, axis=1).min() < OFF_MIDDLE:
        return []
    centres = np.concatenate([middle + _OFFSETS, [places.mean(axis=0)]])[:, None]
    angles = clockwise(places[:1] - centres, places - centres) % 360.0
    angles[:, 0] = 0.0
    order = np.argsort(angles, axis=1)
    main = np.sort(angles[len(_OFFSETS) // 2])
    gaps = np.diff(np.append(main, 360.0))
    if (order != order[0]).any() or gaps.min() < ROUND_ANGLE:
        return []
    return [things[place] for place in order[0]]


def _round_draft(
    subject: Subject,
    rng: np.random.Generator,
    views: tuple[int, ...],
    order: Sequence[SceneObject],
    middle: np.ndarray,
) -> Draft:
    first, *rest = (thing.category for thing in order)
    others = [", ".join(other) for other in permutations(rest) if list(other) != rest]
    places = np.array([thing.box.ground for thing in order])
    angles = clockwise(places[:1] - middle, places - middle) % 360.0
    return Draft(
        question=f"The {', the '.join(pick(rest, 3, rng))} and the {first} are in the same room. "
        "Imagine walking one round along the walls of that room, clockwise as seen from above, "
        f"starting at the {first}. In which order do you come past the other three?",
        answer=", ".join(rest),
        wrong=tuple(pick(others, 3, rng)),
        key=tuple(sorted((first, *rest))),
        frames=views,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "objects": [thing.id for thing in order],
            "middle": [round(float(v), 4) for v in middle],
            "degrees_clockwise": [round(float(v), 2) for v in angles],
        },
    )


def _between_draft(
    subject: Subject,
    rng: np.random.Generator,
    views: tuple[int, ...],
    ends: tuple[SceneObject, SceneObject],
    thing: SceneObject,
    options: dict[str, float],
) -> Draft:
    first, second = pick([end.category for end in ends], 2, rng)
    answer, *wrong = options
    return Draft(
        question=f"Imagine seeing the place of these images from above. Which of these objects is "
        f"between the {first} and the {second}?",
        answer=answer,
        wrong=tuple(wrong),
        key=(thing.category, *sorted((first, second))),
        frames=views,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "object": thing.id,
            "ends": [end.id for end in ends],
            "angles": options,
        },
    )


_KEPT: WeakKeyDictionary[Scene, dict[str, SceneRoom | None]] = WeakKeyDictionary()


def _rooms(scene: Scene) -> dict[str, SceneRoom | None]:
    """The room on whose floor each object's middle is, by id; None where there is none."""
    if scene not in _KEPT:
        _KEPT[scene] = {
            thing.id: next(
                (r for r in scene.rooms if r.floor and contains(r.floor, _point(thing))), None
            )
            for thing in scene.objects
        }
    return _KEPT[scene]


def _point(thing: SceneObject) -> tuple[float, float]:
    x, z = thing.box.ground
    return float(x), float(z)


def _middle(room: SceneRoom | None) -> np.ndarray | None:
    """Centre of mass (2,) of a room's floor; None where it is not on the floor."""
    assert room is not None, "the object has a room"
    floor = np.array(room.floor)
    after = np.roll(floor, -1, axis=0)
    cross = floor[:, 0] * after[:, 1] - after[:, 0] * floor[:, 1]
    middle = ((floor + after) * cross[:, None]).sum(axis=0) / (3 * cross.sum())
    return middle if contains(room.floor, (float(middle[0]), float(middle[1]))) else None
