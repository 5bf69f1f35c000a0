"""`route_planning`: fill in the turns of a walk from landmark to landmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...envs.houses.polygon import contains
from ..scenes.box import Box
from ..scenes.scene import Scene
from ..scenes.subject import Subject
from .draws import pick
from .question import Draft
from .skill import Skill, Unsuitable
from .turns import clockwise
from .walkable import floor_of, rectangle_gap

MARGIN_DEGREES = 10.0
"""A turn nearer than this to 45 or 135 degrees is not asked about."""

STRAIGHT_DEGREES = 45.0
"""Smaller turns go straight on; VSI-Bench's routes have none of them."""

BACK_DEGREES = 135.0
"""Greater turns go back."""

BESIDE = 1.0
"""Whoever is in the room of an object and at most so far from its sides is at it, metres."""

STOP = 0.5
"""The robot stops so far from the sides of a landmark, or at an obstacle `BESIDE` it, metres."""

LEAST_WALK = 0.8
"""No way between two landmarks is shorter, metres."""

FACED = (0.6, 5.0)
"""How far from the robot the centre of an object of its room is that it may face at the start."""

MOST_LEGS = 3
"""Ways between landmarks in one route."""

_TRIES = 6
_TURNS = ("Turn Back", "Turn Left", "Turn Right")


def route_planning(subject: Subject, rng: np.random.Generator) -> Draft:
    """The turns of a robot that starts at one object, faces another and goes to a third.

    The robot walks straight to each landmark, over walkable places alone. Its turns are those
    between its ways; those between the objects' centres, which is what someone draws on a map, have
    the same names.
    """
    if not subject.scene.walkable:
        raise Unsuitable("no walkable points")
    things = list(subject.unique.values())
    if len(things) < 3:
        raise Unsuitable("too few objects")
    map_ = _Map(subject.scene, [thing.box for thing in things])
    legs = int(rng.integers(1, MOST_LEGS + 1))
    # With one leg the only turn is the one before it.
    turns_first = legs == 1 or bool(rng.random() < 0.5)
    for _ in range(_TRIES):
        route = map_.route(legs, turns_first, rng)
        if route is not None:
            break
    else:
        raise Unsuitable("no clear route")
    start, *landmarks = (things[stop.number] for stop in route.stops)
    facing = things[route.facing]
    names = [thing.category for thing in (start, facing, *landmarks)]
    answer = ", ".join(turn.name for turn in route.turns)
    others = [", ".join(turns) for turns in product(_TURNS, repeat=len(route.turns))]
    others.remove(answer)
    return Draft(
        question=_question(names, turns_first),
        answer=answer,
        wrong=tuple(pick(others, min(3, len(others)), rng)),
        key=tuple(names),
        provenance={
            "start": start.id,
            "facing": facing.id,
            "landmarks": [thing.id for thing in landmarks],
            "places": [[round(float(v), 4) for v in stop.place] for stop in route.stops],
            "degrees_clockwise": [round(turn.walked, 4) for turn in route.turns],
            "degrees_between_centres": [round(turn.mapped, 4) for turn in route.turns],
        },
    )


def _question(names: list[str], turns_first: bool) -> str:
    start, facing, *landmarks = names
    steps = []
    for number, name in enumerate(landmarks):
        if number or turns_first:
            steps.append("[please fill in]")
        steps.append(f"Go forward until the {name}")
    actions = " ".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
    return (
        f"You are a robot beginning at the {start} facing the {facing}. You want to navigate to "
        f"the {landmarks[-1]}. You will perform the following actions (Note: for each "
        "[please fill in], choose either 'turn back,' 'turn left,' or 'turn right.'): "
        f"{actions}. You have reached the final destination."
    )


@dataclass(frozen=True)
class _Turn:
    """A turn: its name, the robot's degrees and those between centres, positive to the right."""

    name: str
    walked: float
    mapped: float


@dataclass(frozen=True, eq=False)
class _Stop:
    """Where the robot is: the number of the object and the place (2,) beside it."""

    number: int
    place: np.ndarray


@dataclass(frozen=True, eq=False)
class _Route:
    """The start and the landmarks, the number of the object first faced, the asked turns."""

    stops: tuple[_Stop, ...]
    facing: int
    turns: tuple[_Turn, ...]


class _Map:
    """Objects by number on a walkable floor."""

    def __init__(self, scene: Scene, boxes: list[Box]) -> None:
        self._floor = floor_of(scene)
        self._rooms = [room.floor for room in scene.rooms if room.floor]
        self._centres = np.stack([box.ground for box in boxes])
        self._low = np.stack([box.low[[0, 2]] for box in boxes])
        self._high = np.stack([box.high[[0, 2]] for box in boxes])

    def route(self, legs: int, turns_first: bool, rng: np.random.Generator) -> _Route | None:
        """One random route, or None if this draw leads nowhere.

        Kinds of turns are preferred in random order, so that rare ones come up too.
        """
        order = [int(number) for number in rng.permutation(len(self._centres))]
        start = self._start(order[0])
        if start is None:
            return None
        stops, turns = [start], []
        for leg in range(legs):
            here = stops[-1]
            left = [number for number in order if all(number != stop.number for stop in stops)]
            if leg:
                before = self._towards(stops[-2], here.number)
                choices = _preferred(
                    [(_turn(before, self._towards(here, number)), number) for number in left], rng
                )
            else:
                choices = [(None, number) for number in left]
            for turn, number in choices:
                stop = self._walk(here, number)
                if stop is not None:
                    stops.append(stop)
                    turns += [turn] if turn else []
                    break
            else:
                return None
        facing = stops[1].number
        if turns_first:
            after = self._towards(stops[0], facing)
            near = [number for number in order[1:] if self._can_face(stops[0], number)]
            choices = _preferred(
                [(_turn(self._towards(stops[0], number), after), number) for number in near], rng
            )
            if not choices:
                return None
            turns.insert(0, choices[0][0])
            facing = choices[0][1]
        return _Route(tuple(stops), facing, tuple(turns))

    def _start(self, number: int) -> _Stop | None:
        """The nearest place to an object where the robot is at it, or None."""
        places = self._floor.beside(self._low[number], self._high[number], BESIDE)
        here = (_Stop(number, place) for place in places)
        return next((stop for stop in here if self._same_room(stop)), None)

    def _same_room(self, stop: _Stop) -> bool:
        """Whether no wall is between the robot and its object, as far as rooms are known."""
        x, z = stop.place
        a, b = self._centres[stop.number]
        both = (contains(floor, (x, z)) and contains(floor, (a, b)) for floor in self._rooms)
        return not self._rooms or any(both)

    def _towards(self, stop: _Stop, number: int) -> np.ndarray:
        """Directions (2, 2) to an object's centre: from the robot, and from its object's centre."""
        return self._centres[number] - np.stack([stop.place, self._centres[stop.number]])

    def _can_face(self, stop: _Stop, number: int) -> bool:
        distances = np.linalg.norm(self._towards(stop, number), axis=1)
        near = distances.min() >= FACED[0] and distances.max() <= FACED[1]
        return bool(near) and self._same_room(_Stop(number, stop.place))

    def _walk(self, start: _Stop, number: int) -> _Stop | None:
        """Straight on to an object, or None if something is in the way or it is too near."""
        way = self._floor.ahead(start.place, self._centres[number])
        gaps = rectangle_gap(way, self._low[number], self._high[number])
        near = np.flatnonzero(gaps <= STOP)
        last = int(near[0]) if len(near) else len(way) - 1
        walked = np.linalg.norm(way[last] - start.place)
        if gaps[last] > BESIDE or walked < LEAST_WALK:
            return None
        stop = _Stop(number, way[last])
        return stop if self._same_room(stop) else None


def _turn(before: np.ndarray, after: np.ndarray) -> _Turn | None:
    """The turn between directions (2, 2), or None if it has no clear name or two different ones."""
    walked, mapped = (float(angle) for angle in clockwise(before, after))
    name = _name(walked)
    return _Turn(name, walked, mapped) if name and name == _name(mapped) else None


def _name(degrees: float) -> str:
    """What a clear turn is called; empty for one that is straight on or not clear."""
    size = abs(degrees)
    if size >= BACK_DEGREES + MARGIN_DEGREES:
        return "Turn Back"
    if STRAIGHT_DEGREES + MARGIN_DEGREES <= size <= BACK_DEGREES - MARGIN_DEGREES:
        return "Turn Right" if degrees > 0 else "Turn Left"
    return ""


def _preferred(
    turns: Sequence[tuple[_Turn | None, int]], rng: np.random.Generator
) -> list[tuple[_Turn, int]]:
    """Those that are clear turns, one kind of turn after the other."""
    rank = {name: int(place) for name, place in zip(_TURNS, rng.permutation(3), strict=True)}
    clear = [(turn, number) for turn, number in turns if turn is not None]
    return sorted(clear, key=lambda choice: rank[choice[0].name])


SKILLS = (Skill("route_planning", "CR", "perspective", "video", "choice", route_planning),)
