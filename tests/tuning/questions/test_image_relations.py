"""Relations of objects in one image: answers against geometry, margins, and refusals."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from spatune.tuning.questions.image_relations import SKILLS, bearing
from spatune.tuning.questions.supports import support_of

from .image_scenes import camera, drafts, reasons, subject, thing

SKILL = {skill.name: skill for skill in SKILLS}

CUP = thing("cup", (-0.9, 1.5, 3), (0.4, 0.4, 0.4))
LOW_CUP = thing("cup", (-0.5, 0.55, 2.2), (0.3,) * 3)
FAR_LAMP = thing("lamp", (0.9, 0.5, 7), (0.8, 0.5, 0.5))


def named(draft, things):
    """The objects of a draft's provenance."""
    by_id = {item.id: item for item in things}
    return [by_id[name] for name in draft.provenance["objects"]]


@pytest.mark.parametrize(
    ("name", "axis", "answers"),
    [
        ("left_right_in_image", 0, ("left", "right")),
        # Of two things of about one height below the camera, the nearer one is lower in the image.
        ("above_below_in_image", 2, ("below", "above")),
    ],
)
def test_places_in_the_image(name, axis, answers):
    """Side of the first object, seen from the second; both orders are asked."""
    found = drafts(SKILL[name], subject([LOW_CUP, FAR_LAMP]))
    assert set(Counter(draft.answer for draft in found)) == set(answers)
    for draft in found:
        first, second = named(draft, [LOW_CUP, FAR_LAMP])
        lower = first.box.center[axis] < second.box.center[axis]
        assert draft.answer == answers[0 if lower else 1]
        assert draft.question.index(first.category) < draft.question.index(second.category)
        assert {draft.answer, *draft.wrong} == set(answers)


@pytest.mark.parametrize("name", ["left_right_in_image", "above_below_in_image"])
def test_overlapping_extents_are_not_compared(name):
    """One object in front of a larger one is neither left nor right, above nor below."""
    screen = thing("screen", (0, 1, 5), (3, 3, 0.1))
    (reason,) = reasons(SKILL[name], subject([CUP, screen]))
    assert reason.startswith("no clear pair")


def test_what_is_above_another_thing_in_most_rooms_is_not_asked():
    """A painting high on the wall is above any table, which needs no eyes."""
    painting = thing("painting", (0, 1.9, 4), (0.8, 0.5, 0.1))
    asked = subject([painting, thing("table", (0, 0.3, 4), (0.8, 0.5, 0.5))])
    assert reasons(SKILL["above_below_in_image"], asked) == {"no clear pair of about one height"}


def test_the_higher_thing_is_as_often_lower_in_the_image():
    """Pairs of both kinds are there: each kind is about half of the draws."""
    things = [LOW_CUP, FAR_LAMP, thing("box", (0.4, 0.35, 2.0), (0.3, 0.2, 0.3)),
              thing("bed", (-0.6, 0.85, 4), (0.4, 0.2, 0.3))]  # fmt: skip
    heights = {item.id: item.box.center[1] for item in things}
    found = drafts(SKILL["above_below_in_image"], subject(things), 100)
    as_in_reality = [
        (draft.answer == "above") == (heights[first] > heights[second])
        for draft in found
        for first, second in [draft.provenance["objects"]]
    ]
    assert 0.3 < np.mean(as_in_reality) < 0.7


@pytest.mark.parametrize(
    ("offset", "angle"), [((0, 1), 0), ((1, 0), 90), ((0, -1), 180), ((-1, 0), -90), ((1, 1), 45)]
)
@pytest.mark.parametrize("yaw", [0, 35, 90, 200])
def test_bearing_is_clockwise_from_the_view(offset, angle, yaw):
    """0 is behind, 90 to the right, for any camera; its pitch does not matter."""
    seen = camera(yaw=yaw, pitch=20)
    turn = np.radians(yaw)
    right, ahead = np.array([np.cos(turn), -np.sin(turn)]), np.array([np.sin(turn), np.cos(turn)])
    x, z = offset[0] * right + offset[1] * ahead
    first, second = thing("a", (3 + x, 0, 1 + z), (1,) * 3), thing("b", (3, 0, 1), (1,) * 3)
    assert (bearing(seen, first, second) - angle + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("yaw", [0, 120])
def test_relations_in_space_follow_the_camera(yaw):
    """Four objects around a fifth, as the camera sees them, whichever way it looks."""
    turn = np.radians(yaw)
    right = np.array([np.cos(turn), 0, -np.sin(turn)])
    ahead = np.array([np.sin(turn), 0, np.cos(turn)])
    places = {"stool": (0, 4), "cup": (-1.2, 4), "lamp": (1.2, 4), "box": (0, 2.9), "bed": (0, 6)}
    heights = {"stool": 0.6, "cup": 0.6, "lamp": 0.6, "box": 0.1, "bed": 2}
    things = [
        thing(name, x * right + z * ahead + [0, heights[name], 0], (0.6,) * 3, yaw=yaw)
        for name, (x, z) in places.items()
    ]
    asked = subject(things, [camera((0, 1, 0), yaw=yaw)])
    seen = {}
    for draft in drafts(SKILL["object_relation_3d"], asked, 120):
        first, second = draft.provenance["objects"]
        seen[first, second] = draft.answer.split(" (")[0]
        assert len(draft.wrong) == 3
    expected = {
        ("cup", "stool"): "to its left",
        ("lamp", "stool"): "to its right",
        ("stool", "cup"): "to its right",
        ("box", "stool"): "in front of it",
        ("bed", "stool"): "behind it",
        ("stool", "bed"): "in front of it",
    }
    assert {pair: seen.get(pair) for pair in expected} == expected


def test_oblique_pairs_have_no_relation():
    """An object as much to the right as behind is neither."""
    things = [thing("cup", (-0.5, 1, 3), (0.4,) * 3), thing("lamp", (0.5, 1, 4), (0.4,) * 3)]
    assert reasons(SKILL["object_relation_3d"], subject(things), 20) == {"no clear pair"}


def test_sides_in_space_must_show_in_the_image():
    """Near the edge of a view, what is clearly to the right in space may not look so."""
    low, high = thing("cup", (0.8, 0.75, 2), (0.4, 0.3, 0.4)), (1.25, 1.45, 2.26)
    over = thing("lamp", high, (0.2, 0.5, 0.2))
    assert reasons(SKILL["object_relation_3d"], subject([low, over]), 20) == {"no clear pair"}
    beside = thing("lamp", (1.25 - 1.5, 1.45, 2.26), (0.2, 0.5, 0.2))
    found = drafts(SKILL["object_relation_3d"], subject([low, beside]))
    assert {draft.answer for draft in found} == {"to its left", "to its right"}


TABLE = thing("table", (0, 0.5, 3.5), (1.6, 0.6, 0.8))
BOOK = thing("book", (0.3, 0.95, 3.3), (0.4, 0.3, 0.3), parents=("table",))
STOOL = thing("stool", (-1.3, 0.4, 3), (0.5, 0.5, 0.5))
VASE = thing("vase", (-1.3, 0.85, 3), (0.3, 0.4, 0.3), parents=("stool",))


def test_on_top_of_names_the_carrier_and_offers_other_carriers():
    """The scene says what holds it and the boxes touch; what carries the like is wrong."""
    found = drafts(SKILL["on_top_of"], subject([TABLE, BOOK, STOOL, VASE]))
    answers = {draft.provenance["object"]: (draft.answer, draft.wrong) for draft in found}
    assert answers == {"book": ("table", ("stool",)), "vase": ("stool", ("table",))}


def test_on_top_of_is_not_asked_where_words_tell():
    """A fork is always in the kitchen, a television on its stand; a bed carries nothing here."""
    fork = thing("fork", (0.3, 0.95, 3.3), (0.4, 0.3, 0.3), parents=("table",))
    found = drafts(SKILL["on_top_of"], subject([TABLE, fork, STOOL, VASE]))
    assert {draft.provenance["object"] for draft in found} <= {"vase"}
    stand = thing("TV stand", (0, 0.5, 3.5), (1.6, 0.6, 0.8))
    screen = thing("television", (0.3, 0.95, 3.3), (0.4, 0.3, 0.3), parents=("TV stand",))
    assert drafts(SKILL["on_top_of"], subject([stand, screen, STOOL, VASE])) == []
    bed = thing("bed", (1.6, 0.4, 4), (0.7, 0.7, 0.7))
    assert drafts(SKILL["on_top_of"], subject([TABLE, BOOK, bed])) == []


def test_carriers_are_drawn_alike():
    """Of three things on the table and one on the stool, half of the questions are on the stool."""
    more = [thing(name, (x, 0.95, 3.3), (0.3, 0.3, 0.3), parents=("table",))
            for name, x in (("pen", -0.55), ("mug", -0.15))]  # fmt: skip
    found = drafts(SKILL["on_top_of"], subject([TABLE, BOOK, STOOL, VASE, *more]), 100)
    assert len({draft.provenance["object"] for draft in found}) == 4
    assert 35 < Counter(draft.answer for draft in found)["stool"] < 65


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(thing("book", (0.3, 1.2, 3.3), (0.4, 0.3, 0.3), parents=("table",)), id="air"),
        pytest.param(
            thing("book", (0.3, 0.7, 3.3), (0.4, 0.3, 0.3), parents=("table",)), id="inside"
        ),
        pytest.param(thing("book", (1.0, 0.95, 3), (0.4, 0.3, 0.3), parents=("table",)), id="edge"),
        pytest.param(thing("book", (0.3, 0.95, 3.3), (0.4, 0.3, 0.3)), id="nothing holds it"),
        pytest.param(thing("book", (0.3, 0.95, 3), (0.4, 0.3, 0.3), parents=("room",)), id="floor"),
    ],
)
def test_doubtful_supports_are_none(item):
    """Floating, sunk in, beside, or held by something that is no object."""
    asked = subject([TABLE, item, STOOL, VASE])
    assert support_of(asked.scene, item) is None
    assert support_of(asked.scene, VASE) is STOOL


def row(*gaps):
    """A stool, then boxes to its right at these gaps, across the view."""
    names = ("cup", "lamp", "bed")
    items = [thing("stool", (-1.6, 1, 4), (0.4, 0.6, 0.4))]
    for name, gap in zip(names, gaps, strict=False):
        items.append(thing(name, (-1.4 + gap + 0.15, 1, 4), (0.3, 0.6, 0.4)))
    return items


def test_nearest_object_by_the_gap_of_boxes():
    """The answer has the smallest gap to the reference of all options."""
    items = row(0.3, 1.2, 2.2)
    centres = {item.category: item.box.center[0] for item in items}
    found = drafts(SKILL["nearest_object_in_image"], subject(items))
    assert found
    for draft in found:
        reference = centres[draft.provenance["reference"]]
        options = {draft.answer, *draft.wrong}
        assert draft.answer == min(options, key=lambda name: abs(centres[name] - reference))
        assert draft.question.endswith(f"closest to the {draft.provenance['reference']}?")


def test_nearest_object_needs_a_margin_and_other_things_than_its_holder():
    """Two objects about as near give no question; neither does what lies on the reference."""
    same = [
        thing("stool", (0, 1, 4), (0.4, 0.6, 0.4)),
        thing("cup", (-1, 1, 4), (0.3, 0.6, 0.4)),
        thing("lamp", (1.05, 1, 4), (0.3, 0.6, 0.4)),
    ]
    found = drafts(SKILL["nearest_object_in_image"], subject(same))
    assert {draft.provenance["reference"] for draft in found} == {"cup", "lamp"}
    bed = thing("bed", (1.6, 0.4, 4), (0.7, 0.7, 0.7))
    found = drafts(SKILL["nearest_object_in_image"], subject([TABLE, BOOK, STOOL, bed]))
    assert {draft.provenance["reference"] for draft in found} >= {"table", "book"}
    for draft in found:
        assert {draft.provenance["reference"], draft.answer} != {"table", "book"}


def test_distance_between_objects_is_the_gap_of_their_boxes():
    """Two decimals, in metres; touching objects and boxes that stand askew give no question."""
    items = row(0.72)
    (draft, *_) = drafts(SKILL["objects_distance_in_image"], subject(items))
    assert draft.answer == "0.72"
    assert draft.provenance["distance"] == pytest.approx(0.72)
    assert "what is the distance between the" in draft.question
    assert reasons(SKILL["objects_distance_in_image"], subject(row(0.1))) == {"objects touch"}
    askew = thing("lamp", (1, 1, 4), (0.2, 0.6, 0.9), yaw=40)
    assert reasons(SKILL["objects_distance_in_image"], subject([items[0], askew])) == {
        "too few objects"
    }


def test_taller_object_is_taller_in_reality_not_in_the_image():
    """A small near object may look taller; heights within the margin give no question."""
    near, far = thing("cup", (-0.5, 1, 2), (0.3, 0.5, 0.3)), thing("bed", (1, 1, 7), (1, 1.0, 1))
    found = drafts(SKILL["taller_in_image"], subject([near, far]))
    assert {draft.answer for draft in found} == {"bed"}
    assert {tuple(draft.provenance["objects"]) for draft in found} == {
        ("cup", "bed"),
        ("bed", "cup"),
    }
    like = thing("lamp", (0.6, 1, 3), (0.3, 0.55, 0.3))
    assert reasons(SKILL["taller_in_image"], subject([near, like])) == {"heights too close"}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_scene_without_pictures_is_refused(skill):
    """Single-image skills need frames."""
    assert reasons(skill, subject([LOW_CUP, FAR_LAMP], [])) == {"no frames"}
