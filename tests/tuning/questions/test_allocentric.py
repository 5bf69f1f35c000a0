"""Perspective taking: answers against cameras put where the imagined observer stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.tuning.questions.allocentric import AWAY_FROM, ELSEWHERE, NEXT_TO, SKILLS, TOWARDS
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import SceneObject, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Sighting, Trajectory

from .image_scenes import camera, drafts, reasons, thing
from .view_scenes import FURNITURE, HALF, in_room, mirrored, places_of, walk

SKILL = {skill.name: skill for skill in SKILLS}
NONE = Sighting(0, 0.0, 0.0)


@pytest.fixture(scope="module")
def room() -> Subject:
    return in_room(FURNITURE, walk())


def ahead_and_right(view: Pinhole, item: SceneObject) -> tuple[float, float]:
    """Metres along the floor to an object's middle, ahead of a level camera and to its right."""
    right, _, ahead = view.to_camera(item.box.center)
    return float(ahead), float(right)


def standing(place: np.ndarray, towards: np.ndarray) -> Pinhole:
    """A level camera over a place (x, z) of the floor that looks towards another."""
    x, z = towards - place
    return camera((place[0], 1.0, place[1]), float(np.degrees(np.arctan2(x, z))))


def off_axis(view: Pinhole, item: SceneObject) -> float:
    """Degrees along the floor by which a view misses an object's middle."""
    gap = item.box.ground - view.position[[0, 2]]
    return abs((np.degrees(np.arctan2(*gap)) - view.yaw + 180) % 360 - 180)


def metres_from(view: Pinhole, item: SceneObject) -> float:
    """Metres along the floor to the box around an object."""
    low, high = item.box.low[[0, 2]], item.box.high[[0, 2]]
    eye = view.position[[0, 2]]
    return float(np.linalg.norm(eye - np.clip(eye, low, high)))


def test_three_objects_are_only_seen_together_in_all_views(room):
    """A camera where the asker stands sees the third object on the side that is the answer."""
    found = drafts(SKILL["views_rel_direction"], room)
    assert len({draft.answer for draft in found}) >= 5
    for draft in found:
        names = [draft.provenance[role] for role in ("standing", "facing", "query")]
        shown = [room.frames[place].sightings for place in places_of(draft)]
        assert 2 <= len(shown) <= 4
        assert set(names) <= set().union(*shown)
        assert not any(
            all(n in of and of[n].share >= room.thresholds.faint for n in names) for of in shown
        )
        first, second, third = (room.scene.by_id[name] for name in names)
        ahead, right = ahead_and_right(standing(first.box.ground, second.box.ground), third)
        side = "right" if right > 0 else "left"
        if "front-left" in draft.question:
            assert draft.answer == f"{'front' if ahead > 0 else 'back'}-{side}"
        else:
            assert draft.answer == ("back" if -ahead > abs(right) else side)


def test_exactly_one_view_is_next_to_the_one_and_towards_the_other(room):
    found = drafts(SKILL["which_view"], room)
    assert found
    for draft in found:
        near, faced = (room.scene.by_id[draft.provenance[k]] for k in ("next_to", "towards"))
        views = [room.frames[place].camera for place in places_of(draft)]
        right = int(draft.answer.removeprefix("image ")) - 1
        assert {draft.answer, *draft.wrong} == {f"image {n + 1}" for n in range(len(views))}
        for number, view in enumerate(views):
            gap, off = metres_from(view, near), off_axis(view, faced)
            if number == right:
                assert gap <= NEXT_TO and off <= TOWARDS
            else:
                assert gap >= AWAY_FROM or off >= ELSEWHERE
        assert set(map(str, places_of(draft))) <= set(draft.key)
        elsewhere = [f for n, f in enumerate(places_of(draft)) if n != right]
        assert any(faced.id in room.frames[place].sightings for place in elsewhere)


def test_what_a_view_is_next_to_is_what_its_category_names():
    """Cameras are beside a small plant that few views show; others show a plant far away."""
    near = thing("plant2", (0.6, 0.5, -1.3), (0.4, 1.0, 0.4))
    asked = in_room([*FURNITURE, near], walk())
    found = drafts(SKILL["which_view"], asked, 120)
    assert found
    for draft in found:
        shares = [
            asked.frames[place].sightings.get(draft.provenance["next_to"], NONE).share
            for place in places_of(draft)
        ]
        assert max(shares) >= asked.thresholds.salient


def test_after_the_turn_only_the_answer_is_ahead(room):
    """A camera turned that way has it near its middle; another view shows it."""
    found = drafts(SKILL["camera_facing"], room)
    assert len({draft.provenance["turn"] for draft in found}) == 3
    for draft in found:
        number = int(draft.question.split("image ")[1].split()[0]) - 1
        view = room.frames[places_of(draft)[number]].camera
        words = {"to my left": -90, "to my right": 90, "around": 180}
        degrees = next(turn for text, turn in words.items() if text in draft.question)
        turned = camera(view.position.tolist(), view.yaw + degrees)
        for item in room.scene.objects:
            if item.category == draft.answer:
                assert off_axis(turned, item) <= TOWARDS
                assert any(item.id in room.frames[place].sightings for place in places_of(draft))
            elif item.category in draft.wrong:
                assert off_axis(turned, item) >= ELSEWHERE


def test_what_is_ahead_is_in_the_room_of_the_camera():
    """With a wall between the camera and everything else nothing is ahead of it."""
    halves = [
        SceneRoom(name, "", 50.0, ((a, -HALF), (a, HALF), (b, HALF), (b, -HALF)))
        for name, a, b in (("west", -HALF, 0.0), ("east", 0.0, HALF))
    ]
    asked = in_room(FURNITURE, walk(), tuple(halves))
    found = drafts(SKILL["camera_facing"], asked)
    assert found
    for draft in found:
        number = int(draft.question.split("image ")[1].split()[0]) - 1
        view = asked.frames[places_of(draft)[number]].camera
        (item,) = (item for item in asked.scene.objects if item.category == draft.answer)
        assert (view.position[0] > 0) == (item.box.center[0] > 0)


PAIR = (thing("vase", (-0.6, 0.5, 2), (0.4, 1, 0.4)), thing("lamp", (0.5, 0.5, 3.2), (0.4, 1, 0.4)))


@settings(max_examples=15, deadline=None)
@given(st.floats(-1.0, 1.0), st.floats(1.5, 3.5), st.floats(-1.0, 1.0), st.floats(1.5, 3.5))
def test_the_imagined_observer_sees_what_a_camera_there_sees(x, z, other_x, other_z):
    """Two objects in any places: a camera on that side has them in the columns of the answer."""
    items = [
        thing("vase", (x, 0.5, z), (0.4, 1, 0.4)),
        thing("lamp", (other_x, 0.5, other_z), (0.4, 1, 0.4)),
    ]
    asked = in_room(items, [camera((0, 1.2, -1.5), 0, 10)])
    for draft in drafts(SKILL["object_from_other_view"], asked, 12):
        middle = (items[0].box.ground + items[1].box.ground) / 2
        direction = middle - np.array([0, -1.5])
        sideways = np.array([-direction[1], direction[0]])
        offset = {
            "far side": direction,
            "to the left of both": sideways,
            "to the right of both": -sideways,
        }
        place = next(v for text, v in offset.items() if text in draft.question)
        view = standing(middle + place, middle)
        first, second = (asked.scene.by_id[name] for name in draft.provenance["objects"])
        columns = [view.project(item.box.center)[0] for item in (first, second)]
        assert draft.question.endswith(
            f"is the {first.category} to the left or to the right of the {second.category}?"
        )
        assert draft.answer == ("left" if columns[0] < columns[1] else "right")


def test_a_mirrored_picture_swaps_left_and_right():
    answers = []
    for things in (PAIR, [mirrored(item) for item in PAIR]):
        asked = in_room(things, [camera((0, 1.2, -1.5), 0, 10)])
        found = drafts(SKILL["object_from_other_view"], asked)
        answers.append(
            {(d.provenance["observer"], *d.provenance["objects"]): d.answer for d in found}
        )
    assert len(answers[0]) == len(answers[1]) == 6
    for (observer, *names), answer in answers[0].items():
        side = observer if observer == 180 else -observer
        assert {answer, answers[1][(side, *names)]} == {"left", "right"}


def test_no_question_without_other_views(room):
    alone = in_room(FURNITURE, walk()[:1])
    none = Subject(Trajectory("none", room.scene))
    for name, skill in SKILL.items():
        assert reasons(skill, none) == {"no frames"}
        if name != "object_from_other_view":
            assert reasons(skill, alone) and not drafts(skill, alone, 5)
