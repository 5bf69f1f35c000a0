"""How large rooms are, how many there are, and which is the largest.

A walk through a house enters every room, but the shown frames may leave one out: then nothing is
asked about the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...envs.houses.polygon import contains
from ..scenes.scene import SceneRoom
from ..scenes.subject import Subject
from ..scenes.words import words_of
from .draws import near_counts, numeric_distractors, pick
from .question import Draft
from .skill import Skill, Unsuitable

CLEAR_RATIO = 1.15
"""The largest room must have more than this many times the area of any of another kind."""


def room_size_estimation(subject: Subject, rng: np.random.Generator) -> Draft:
    """Square metres of all floors together, one decimal."""
    text = (
        "What is the size of this room (in square meters)? \n"
        "If multiple rooms are shown, estimate the size of the combined space."
    )
    return _area(_shown_rooms(subject, 1), text, rng)


def house_size(subject: Subject, rng: np.random.Generator) -> Draft:
    """Square metres of all floors of a house with several rooms, one decimal."""
    text = "What is the total floor area of all rooms of this house (in square meters)?"
    return _area(_shown_rooms(subject, 2), text, rng)


def room_count(subject: Subject, rng: np.random.Generator) -> Draft:
    """The number of rooms; wrong options lie within 3 of it."""
    rooms = _shown_rooms(subject, 1)
    if not all(room.floor for room in rooms):
        # Known by its area alone, it may be several rooms taken together, as in VSI-Bench.
        raise Unsuitable("no floor plan")
    count = len(rooms)
    return Draft(
        question="How many rooms are shown in this video?",
        answer=str(count),
        wrong=tuple(str(n) for n in pick(near_counts(count), 3, rng)),
        key=("rooms",),
        provenance={"rooms": [room.id for room in rooms]},
    )


def largest_room(subject: Subject, rng: np.random.Generator) -> Draft:
    """Of which kind the room with the largest floor is; there may be several of a kind."""
    rooms = sorted(_shown_rooms(subject, 2), key=lambda room: -room.area)
    largest: dict[str, float] = {}
    for room in rooms:
        largest.setdefault(words_of(room.kind), room.area)
    kinds = list(largest)
    if "" in kinds or len(kinds) < 2:
        raise Unsuitable("no two kinds of rooms")
    if largest[kinds[0]] <= CLEAR_RATIO * largest[kinds[1]]:
        raise Unsuitable("two rooms are about as large")
    named = pick(kinds, len(kinds), rng)
    return Draft(
        question=(
            f"Which kind of room ({', '.join(named)}) is the room with the largest floor area in "
            "this house?"
        ),
        answer=kinds[0],
        wrong=tuple(kinds[1:]),
        key=("rooms",),
        provenance=_areas(rooms) | {"kinds": [words_of(room.kind) for room in rooms]},
    )


def _area(rooms: tuple[SceneRoom, ...], text: str, rng: np.random.Generator) -> Draft:
    answer = f"{sum(room.area for room in rooms):.1f}"
    return Draft(
        question=text,
        answer=answer,
        wrong=numeric_distractors(float(answer), rng, decimals=1),
        key=("rooms",),
        provenance=_areas(rooms),
    )


def _areas(rooms: Sequence[SceneRoom]) -> dict[str, Any]:
    return {
        "rooms": [room.id for room in rooms],
        "areas": [round(room.area, 4) for room in rooms],
    }


def _shown_rooms(subject: Subject, at_least: int) -> tuple[SceneRoom, ...]:
    """All rooms, if a shown frame was taken in each whose floor is known.

    Raises:
        Unsuitable: There are fewer rooms, or one has no frame.
    """
    rooms = subject.scene.rooms
    if len(rooms) < at_least:
        raise Unsuitable("no rooms" if not rooms else "one room only")
    if subject.frames:
        # Each once: a scan takes many frames at one spot.
        spots = dict.fromkeys((frame.agent[0], frame.agent[2]) for frame in subject.frames)
        for room in rooms:
            if room.floor and not any(contains(room.floor, spot) for spot in spots):
                raise Unsuitable("a room is not shown")
    return rooms


SKILLS = (
    Skill("room_size_estimation", "MM", "measurement", "video", "number", room_size_estimation),
    Skill("house_size", "MM", "measurement", "video", "number", house_size),
    Skill("room_count", "MM", "counting", "video", "number", room_count),
    Skill("largest_room", "MM", "measurement", "video", "choice", largest_room),
)
