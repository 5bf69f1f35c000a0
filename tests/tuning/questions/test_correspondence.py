"""Correspondence: marks against rays cast at the boxes, and refusals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from spatune.tuning.questions.correspondence import (
    LEAST_OVERLAP,
    MARKS_APART,
    PLACES_APART,
    SKILLS,
)
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

from .image_scenes import camera, drafts, reasons, thing
from .view_scenes import FURNITURE, SHELL, in_room, places_of, walk

POINT, OBJECT = SKILLS
TWINS = tuple(thing(f"chair{n}", (x, 0.5, 3), (0.6, 1, 0.6)) for n, x in enumerate((-1, 0.2, 1.4)))
OTHERS = (
    thing("fridge", (-2.6, 0.9, 3), (0.9, 1.8, 0.8)),
    thing("bed", (3.0, 0.4, 3.4), (1.2, 0.8, 1.5)),
)


def hit(view: Pinhole, mark: Sequence[float], things=FURNITURE) -> tuple[str, np.ndarray]:
    """What a ray through a mark meets first among the room's boxes, and where."""
    column, row = np.array(mark) * [view.width, view.height]
    ray = view.unproject(column, row, np.array(1.0))
    start, best = view.position, ("", np.inf)
    for item in (*things, *SHELL):
        local, way = item.box.axes @ (start - item.box.center), item.box.axes @ (ray - start)
        ends = np.sort(
            [(-item.box.lengths / 2 - local) / way, (item.box.lengths / 2 - local) / way], 0
        )
        near = ends[0].max()
        if 0 < near <= ends[1].min() and near < best[1]:
            best = item.id, float(near)
    return best[0], start + best[1] * (ray - start)


@pytest.fixture(scope="module")
def room() -> Subject:
    return in_room(FURNITURE, walk())


def test_the_right_point_is_where_the_ray_of_the_mark_ends(room):
    """Rays cast through X and through the right number meet at one place, all others elsewhere."""
    found = drafts(POINT, room)
    assert len(found) >= 20
    for draft in found:
        first, second = (room.frames[place].camera for place in places_of(draft))
        ((label, *mark),) = draft.marks[0]
        assert label == "X"
        owner, place = hit(first, mark)
        assert owner == draft.provenance["object"]
        assert {f"point {name}" for name, *_ in draft.marks[1]} == {draft.answer, *draft.wrong}
        for name, *other in draft.marks[1]:
            there = hit(second, other)
            off = float(np.linalg.norm(there[1] - place))
            if f"point {name}" == draft.answer:
                assert there[0] == owner and off < 0.2  # a pixel at 6 m is 7 cm wide
            else:
                assert off > PLACES_APART - 0.02


def test_marks_are_apart_and_views_overlap_but_differ(room):
    for draft in [*drafts(POINT, room), *drafts(OBJECT, room)]:
        points = np.array([mark[1:] for mark in draft.marks[1]])
        gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
        assert gaps[~np.eye(len(points), dtype=bool)].min() >= MARKS_APART - 1e-3
        assert draft.provenance["overlap"] >= LEAST_OVERLAP
        first, second = (room.frames[place].camera for place in places_of(draft))
        assert np.linalg.norm(first.position - second.position) > 0.3 or first.yaw != second.yaw


def test_the_right_number_is_on_the_marked_object():
    """Of the wrong ones, those of the same category come first."""
    things = (*TWINS, *OTHERS)
    places = ((-0.6, 5), (0.6, -5), (1.3, -12), (-1.2, 12))
    asked = in_room(things, [camera((x, 1.4, -2), yaw, 10) for x, yaw in places])
    found = drafts(OBJECT, asked)
    assert len(found) >= 30
    for draft in found:
        first, second = (asked.frames[place].camera for place in places_of(draft))
        owner, _ = hit(first, draft.marks[0][0][1:], things)
        owners = {f"point {name}": hit(second, mark, things)[0] for name, *mark in draft.marks[1]}
        assert [name for name, value in owners.items() if value == owner] == [draft.answer]
        assert sum(name.startswith("chair") for name in owners.values()) == 3


def test_the_two_sides_of_a_thin_plate_are_no_same_place():
    """Their depths agree within the tolerance, yet no picture shows both."""
    plate = thing("painting", (0, 1, 1), (0.01, 1.6, 1.6))
    floor = thing("rug", (0, 0.01, 1.2), (4, 0.02, 3))
    sides = in_room(
        (plate, floor), [camera((x, 1.4, -1), yaw, 10) for x, yaw in ((-1.2, 30), (1.2, -30))]
    )
    assert {draft.provenance["object"] for draft in drafts(POINT, sides)} <= {"rug"}
    same = in_room((plate, floor), [camera((x, 1.4, -1), 30, 10) for x in (-1.2, -1.7)])
    assert "painting" in {draft.provenance["object"] for draft in drafts(POINT, same)}


def test_no_question_without_two_views_of_one_place(room):
    back_to_back = in_room(FURNITURE, [camera((0, 1.3, 0), yaw, 10) for yaw in (0, 180)])
    for skill in SKILLS:
        assert reasons(skill, back_to_back) == {"no two views that overlap"}
        assert reasons(skill, Subject(Trajectory("none", room.scene))) == {"no frames"}
