"""Mental reconstruction: sides, hidden objects and totals against the boxes."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.tuning.questions.reconstruction import SKILLS
from spatune.tuning.scenes.scene import SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

from .image_scenes import camera, drafts, reasons, thing
from .view_scenes import FURNITURE, HALF, in_room, places_of, walk

SKILL = {skill.name: skill for skill in SKILLS}
BOX = thing("fridge", (0, 0.8, 0), (1.2, 1.6, 1.2), yaw=10)


def around(*degrees: float):
    """Cameras 2.6 m from the middle of the room that look at it; 0 is south, 90 is west."""
    places = [(-2.6 * np.sin(np.radians(d)), -2.6 * np.cos(np.radians(d))) for d in degrees]
    return [camera((x, 1.2, z), d, 8.0) for (x, z), d in zip(places, degrees, strict=True)]


def sides_before(asked: Subject, places) -> tuple[set[str], set[str]]:
    """Sides of the box, named from the first view, that the first and the other views look at."""
    first = asked.frames[places[0]].camera
    names = {}
    for normal in (*BOX.box.axes[[0, 2]], *-BOX.box.axes[[0, 2]]):
        right, _, ahead = first.axes @ normal
        turned = np.degrees(np.arctan2(right, -ahead))
        names[("front", "right side", "back", "left side")[round(turned / 90) % 4]] = normal
    looked_at = [
        {
            name
            for name, normal in names.items()
            if (asked.frames[place].camera.position - BOX.box.center) @ normal > 0.6
        }
        for place in places
    ]
    return looked_at[0], set().union(*looked_at[1:])


@pytest.fixture(scope="module")
def ring() -> Subject:
    return in_room([BOX], around(*range(0, 360, 30)))


def test_the_unseen_side_is_the_one_that_no_camera_is_before(ring):
    found = drafts(SKILL["unseen_side"], ring)
    assert {draft.answer for draft in found} == {"back", "left side", "right side"}
    for draft in found:
        first, others = sides_before(ring, places_of(draft))
        assert "front" in first
        assert {"back", "left side", "right side"} - first - others == {draft.answer}
        assert all(mark[0][0] == "X" for mark in draft.marks)


def test_the_shown_side_is_new_in_the_other_views(ring):
    found = drafts(SKILL["shown_side"], ring)
    assert {"left side", "right side"} <= {draft.answer for draft in found}
    for draft in found:
        first, others = sides_before(ring, places_of(draft))
        assert first == {"front"}
        assert others - {"front"} == {draft.answer}


def test_things_that_do_not_fill_their_box_have_no_sides():
    """A pole is drawn where the scene has a wide box."""
    pole = thing("fridge", (0, 0.8, 0), (0.5, 1.6, 0.5), yaw=10)
    asked = in_room([BOX], around(*range(0, 360, 30)), drawn=[pole])
    for name in ("unseen_side", "shown_side"):
        assert reasons(SKILL[name], asked) == {"no object with one such side"}


CUPBOARD = thing("cupboard", (0, 0.8, 1.0), (1.6, 1.6, 0.5))
BEHIND = thing("teddy bear", (0.1, 0.4, 2.2), (0.8, 0.8, 0.6))
BESIDE = (
    thing("lamp", (-1.8, 0.7, 2.6), (0.5, 1.4, 0.5)),
    thing("bin", (2.2, 0.4, 2.4), (0.6, 0.8, 0.6)),
)
VIEWS = [camera((0, 1.2, -2), 0, 8), camera((3.5, 1.5, -0.5), -50, 12)]


def test_the_hidden_object_is_behind_and_only_the_other_view_shows_it():
    asked = in_room([CUPBOARD, BEHIND, *BESIDE], VIEWS)
    found = drafts(SKILL["hidden_object"], asked)
    assert found
    for draft in found:
        assert places_of(draft) == (0, 1)
        assert "hidden behind the cupboard in the first image" in draft.question
        assert draft.answer == "teddy bear" and set(draft.wrong) == {"lamp", "bin"}
        assert "teddy bear" not in asked.frames[0].sightings


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"things": [CUPBOARD, thing("teddy bear", (0.9, 0.4, 2.2), (0.8, 0.8, 0.6))]},
                     id="it peeks out"),
        pytest.param({"things": [CUPBOARD, thing("teddy bear", (0.1, 0.4, 2.2), (0.8, 0.8, 0.6),
                                                 parents=("cupboard",))]}, id="it is in it"),
        pytest.param({"views": VIEWS[:1]}, id="no other view"),
        pytest.param({"rooms": True}, id="it is in another room"),
    ],
)  # fmt: skip
def test_nothing_is_hidden_when(change):
    rooms = tuple(
        SceneRoom(name, "", 50.0, ((-HALF, a), (-HALF, b), (HALF, b), (HALF, a)))
        for name, a, b in (("south", -HALF, 1.5), ("north", 1.5, HALF))
    )
    things = [*change.get("things", (CUPBOARD, BEHIND)), *BESIDE]
    asked = in_room(things, change.get("views", VIEWS), rooms if "rooms" in change else ())
    assert reasons(SKILL["hidden_object"], asked) == {"nothing hidden that another view shows"}


def test_each_object_counts_once_however_many_views_show_it():
    chairs = [thing(f"chair{n}", (x, 0.5, 3.2), (0.7, 1.0, 0.7)) for n, x in enumerate((-2, 0, 2))]
    views = [camera((x, 1.3, 0.6), 0, 8) for x in (-1.3, -0.8, 0.8, 1.3)]
    asked = in_room([*chairs, *FURNITURE[3:]], views)
    found = drafts(SKILL["objects_total_views"], asked, 60)
    assert {draft.answer for draft in found} == {"2", "3"}
    for draft in found:
        seen = [
            {
                name
                for name, s in asked.frames[place].sightings.items()
                if "chair" in name and s.share > 0.02
            }
            for place in places_of(draft)
        ]
        assert int(draft.answer) == len(set().union(*seen))
        assert str(sum(map(len, seen))) in (draft.answer, *draft.wrong)


def test_few_questions_are_about_single_objects():
    """Seven single objects, each in several views: one question for each number of views."""
    found = drafts(SKILL["objects_total_views"], in_room(FURNITURE, walk()), 60)
    assert {draft.answer for draft in found} == {"1"}
    assert {draft.key for draft in found} == {("one", "2"), ("one", "3"), ("one", "4")}
    for draft in found:
        assert str(len(places_of(draft))) in draft.wrong


def test_no_question_without_views():
    none = Subject(Trajectory("none", in_room(FURNITURE, walk()[:1]).scene))
    for skill in SKILLS:
        assert (
            reasons(skill, none)
            <= {
                "no frames",
                "no object with one such side",
                "no category that several views show",
                "no floor plan",
                "nothing clearly between two objects",
                "no clear order around a room",
            }
            != set()
        )
