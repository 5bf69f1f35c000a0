"""`BirdsEyeView`: what a video showed, as a plan in numbers and words (VST-R's starting point)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...envs.houses.polygon import contains
from ..questions.skill import Unsuitable
from ..scenes.pinhole import Pinhole
from ..scenes.subject import Subject
from ..scenes.words import words_of

FINE_METRES = 3.0
"""A plan no longer or wider than this has two decimals, a larger one has one."""


@dataclass(frozen=True)
class PlanPose:
    """Where a camera is on the plan.

    Attributes:
        x: Metres to the right of the first camera.
        y: Metres ahead of it.
        heading: Degrees clockwise from the first camera's view, -180 to 180.
    """

    x: float
    y: float
    heading: int


@dataclass(frozen=True)
class PlanObject:
    """A clearly seen object on the plan.

    Attributes:
        id: As in the scene.
        category: As in the scene.
        label: The category, with a number where there are several: `chair 2`.
        x: Metres to the right of the first camera to the box's centre, rounded as written.
        y: Metres ahead of the first camera, likewise.
        sides: Lengths of the box's sides in whole centimetres, the level ones first.
        frame: Number of the shown frame, from 1, in which it is first clearly seen.
    """

    id: str
    category: str
    label: str
    x: float
    y: float
    sides: tuple[int, int, int]
    frame: int


@dataclass(frozen=True)
class PlanRoom:
    """A room that a shown frame was taken in.

    Attributes:
        id: As in the scene.
        label: Its kind in words, with a number where there are several.
        area: Hundredths of a square metre.
    """

    id: str
    label: str
    area: int


@dataclass(frozen=True, eq=False)
class BirdsEyeView:
    """What the shown frames hold, seen from above and relative to the first camera.

    The plan's x points to the right of the first camera, its y ahead, both level; its numbers are
    rounded as they are written, so that whatever follows from them follows from the text.

    Attributes:
        origin: The first camera, (3,) in the scene's frame.
        yaw: Its yaw in the scene's frame, degrees.
        decimals: Digits after the point of positions.
        objects: In the order of their first frames.
        rooms: In the order of the scene.
        start: The first camera: 0, 0, 0.
        end: The last camera.
    """

    origin: np.ndarray
    yaw: float
    decimals: int
    objects: tuple[PlanObject, ...]
    rooms: tuple[PlanRoom, ...]
    start: PlanPose
    end: PlanPose

    @classmethod
    def of(cls, subject: Subject) -> BirdsEyeView:
        """The plan of a subject's clearly seen objects; doubtful categories are left out.

        Raises:
            Unsuitable: There are no frames.
        """
        if not subject.frames:
            raise Unsuitable("no frames")
        first, last = subject.frames[0].camera, subject.frames[-1].camera
        things = sorted(
            (thing for group in subject.categories.values() for thing in group),
            key=lambda thing: subject.first_frame[thing.id],
        )
        places = [thing.box.center for thing in things]
        level = to_plan(np.array([first.position, last.position, *places]), first)[:, :2]
        decimals = 2 if np.ptp(level, axis=0).max() <= FINE_METRES else 1
        labels = _labels([thing.category for thing in things])
        objects = tuple(
            PlanObject(
                thing.id,
                thing.category,
                label,
                *_rounded(spot, decimals),
                _centimetres(thing.box.lengths),
                subject.first_frame[thing.id] + 1,
            )
            for thing, label, spot in zip(things, labels, level[2:], strict=True)
        )
        turn = round((last.yaw - first.yaw + 180.0) % 360.0 - 180.0)
        end = PlanPose(*_rounded(level[1], decimals), turn)
        start = PlanPose(0.0, 0.0, 0)
        return cls(first.position, first.yaw, decimals, objects, _rooms(subject), start, end)

    @cached_property
    def by_id(self) -> dict[str, PlanObject]:
        """Objects by their ids in the scene."""
        return {thing.id: thing for thing in self.objects}

    def text(self) -> str:
        """The plan in words: a head line, cameras, rooms, and an object a line."""
        lines = [
            "Bird's-eye view in metres from the first camera: x to its right, y ahead of it.",
            f"Camera at the end: {self.spot(self.end)}, turned {turned(self.end.heading)}.",
        ]
        if self.rooms:
            rooms = ", ".join(f"{room.label} {hundredths(room.area)} m2" for room in self.rooms)
            lines.append(f"Rooms: {rooms}.")
        lines += [
            f"- {thing.label}: center {self.spot(thing)}, "
            f"sides {' x '.join(hundredths(side) for side in thing.sides)}, "
            f"first clearly seen in frame {thing.frame}"
            for thing in self.objects
        ]
        return "\n".join(lines)

    def spot(self, place: PlanObject | PlanPose) -> str:
        """A position as written: `(1.2, -0.4)`."""
        return f"({place.x:.{self.decimals}f}, {place.y:.{self.decimals}f})"


def to_plan(points: np.ndarray, camera: Pinhole) -> np.ndarray:
    """Points (..., 3) of the scene as metres right of a camera, ahead of it, and up from y = 0."""
    x, y, z = np.moveaxis(np.asarray(points, float), -1, 0)
    right, ahead = x - camera.position[0], z - camera.position[2]
    sine, cosine = np.sin(np.radians(camera.yaw)), np.cos(np.radians(camera.yaw))
    return np.stack([cosine * right - sine * ahead, sine * right + cosine * ahead, y], axis=-1)


def hundredths(value: int) -> str:
    """A whole number of hundredths in decimals: -5 is `-0.05`."""
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


def turned(degrees: int) -> str:
    """A turn in words: `30 degrees to the right`."""
    if degrees == 0:
        return "0 degrees"
    return f"{abs(degrees)} degrees to the {'right' if degrees > 0 else 'left'}"


def _labels(names: Sequence[str]) -> list[str]:
    counts, used, labels = Counter(names), Counter[str](), []
    for name in names:
        used[name] += 1
        labels.append(f"{name} {used[name]}" if counts[name] > 1 else name)
    return labels


def _rounded(spot: np.ndarray, decimals: int) -> tuple[float, float]:
    # Adding 0.0 keeps a minus away from zeros.
    return round(float(spot[0]), decimals) + 0.0, round(float(spot[1]), decimals) + 0.0


def _centimetres(lengths: np.ndarray) -> tuple[int, int, int]:
    across, up, along = (round(100 * float(length)) for length in lengths)
    return across, along, up


def _rooms(subject: Subject) -> tuple[PlanRoom, ...]:
    spots = [(frame.agent[0], frame.agent[2]) for frame in subject.frames]
    rooms = [
        room
        for room in subject.scene.rooms
        if not room.floor or any(contains(room.floor, spot) for spot in spots)
    ]
    labels = _labels([words_of(room.kind) or "room" for room in rooms])
    return tuple(
        PlanRoom(room.id, label, round(100 * room.area))
        for room, label in zip(rooms, labels, strict=True)
    )
