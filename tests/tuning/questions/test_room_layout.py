"""Rooms put together from views: orders and what is between, against angles and cameras."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from spatune.tuning.questions.masks import TRACE_SHARE
from spatune.tuning.questions.reconstruction import SKILLS
from spatune.tuning.questions.room_layout import ASIDE_ANGLE, BETWEEN_ANGLE, ROUND_ANGLE
from spatune.tuning.scenes.scene import SceneRoom
from spatune.tuning.scenes.subject import Subject

from .image_scenes import camera, drafts, reasons, thing
from .view_scenes import FURNITURE, HALF, in_room, mirrored, places_of, walk

SKILL = {skill.name: skill for skill in SKILLS}
ROOM = SceneRoom("room", "", 100.0, ((-HALF, -HALF), (-HALF, HALF), (HALF, HALF), (HALF, -HALF)))
TABLE = thing("dining table", (-0.3, 0.4, 0.4), (1.0, 0.8, 1.0))


@pytest.fixture(scope="module")
def room() -> Subject:
    return in_room([*FURNITURE, TABLE], walk(), (ROOM,))


def bearing(asked: Subject, category: str) -> float:
    """Degrees clockwise from +z about the middle of the room, which is the origin."""
    (item,) = (item for item in asked.scene.objects if item.category == category)
    return float(np.degrees(np.arctan2(*item.box.ground)) % 360)


def shown_together(asked: Subject, draft, categories) -> bool:
    names = {item.id for item in asked.scene.objects if item.category in categories}
    return any(
        all(n in f.sightings and f.sightings[n].share >= TRACE_SHARE for n in names)
        for f in (asked.frames[place] for place in places_of(draft))
    )


def test_the_order_is_that_of_a_turn_to_the_right(room):
    """Bearings from the middle grow from the first object on; every wrong order breaks that."""
    found = drafts(SKILL["room_round"], room, 60)
    assert len({draft.key for draft in found}) > 10
    assert {len(draft.key) for draft in found} == {3, 4}
    for draft in found:
        first = draft.question.split("facing the ")[1].split(",")[0]
        order = [first, *draft.answer.split(", ")]
        turns = [(bearing(room, name) - bearing(room, first)) % 360 for name in order]
        assert min(np.diff([*turns, 360])) >= ROUND_ANGLE
        assert sorted(order) == list(draft.key)
        assert not shown_together(room, draft, order)
        for wrong in draft.wrong:
            assert wrong.split(", ") in [list(p) for p in permutations(order[1:])]
            assert wrong != draft.answer
        assert "dining table" not in order


def test_what_is_between_is_on_the_line_and_nothing_else_is(room):
    """The angle at the answer is nearly straight, and far from it at every wrong option."""
    found = drafts(SKILL["object_between"], room, 60)
    assert {draft.answer for draft in found} >= {"dining table"}
    place = {item.category: item.box.ground for item in room.scene.objects}
    for draft in found:
        ends = draft.question.split("between the ")[1].rstrip("?").split(" and the ")
        for option in (draft.answer, *draft.wrong):
            ways = [place[end] - place[option] for end in ends]
            cosine = ways[0] @ ways[1] / np.prod([np.linalg.norm(way) for way in ways])
            degrees = np.degrees(np.arccos(cosine))
            assert degrees >= BETWEEN_ANGLE if option == draft.answer else degrees <= ASIDE_ANGLE
        assert not shown_together(room, draft, (draft.answer, *ends))


def test_a_mirrored_room_turns_the_order_around(room):
    flipped = in_room(
        [mirrored(item) for item in (*FURNITURE, TABLE)],
        [camera((-v.position[0], *v.position[1:]), -v.yaw, 12.0) for v in walk()],
        (ROOM,),
    )
    ways = [
        {(d.key, d.question.split("facing the ")[1]): d.answer for d in found}
        for found in (drafts(SKILL["room_round"], asked, 40) for asked in (room, flipped))
    ]
    both = set(ways[0]) & set(ways[1])
    assert both
    for key in both:
        assert ways[1][key].split(", ") == ways[0][key].split(", ")[::-1]


def test_objects_of_different_rooms_are_not_mixed():
    rooms = tuple(
        SceneRoom(name, "", 50.0, ((a, -HALF), (a, HALF), (b, HALF), (b, -HALF)))
        for name, a, b in (("west", -HALF, 0.0), ("east", 0.0, HALF))
    )
    asked = in_room([*FURNITURE, TABLE], walk(), rooms)
    side = {item.category: item.box.center[0] > 0 for item in asked.scene.objects}
    found = drafts(SKILL["room_round"], asked, 60)
    assert found
    for draft in found:
        assert len({side[name] for name in draft.key}) == 1


def test_one_picture_of_all_is_no_question(room):
    """Views that show everything leave nothing to put together."""
    corners = ((-4.6, -4.6, 45), (-4.4, -3.6, 50), (-3.6, -4.4, 40))
    items = [thing(name, (x, 0.4, z), (0.8,) * 3)
             for name, x, z in (("sofa", 0, 3), ("desk", 3, 0), ("bed", 3.5, 3.5))]  # fmt: skip
    asked = in_room(items, [camera((x, 1.8, z), yaw, 8) for x, z, yaw in corners], (ROOM,))
    assert reasons(SKILL["room_round"], asked) == {"no clear order around a room"}


def test_without_a_floor_plan_only_between_is_asked():
    asked = in_room([*FURNITURE, TABLE], walk())
    assert reasons(SKILL["room_round"], asked) == {"no clear order around a room"}
    assert drafts(SKILL["object_between"], asked)
