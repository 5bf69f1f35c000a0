"""Names, points, counts and presence in one image: true answers and no doubtful ones."""

from __future__ import annotations

from collections import Counter

import pytest

from spatune.agent.answers import parse_point
from spatune.tuning.questions.lookalikes import alike
from spatune.tuning.questions.masks import masks_of
from spatune.tuning.questions.naming import SKILLS

from .image_scenes import camera, drafts, reasons, subject, thing

SKILL = {skill.name: skill for skill in SKILLS}

CHAIR = thing("chair", (-0.9, 1.0, 3), (0.7, 0.7, 0.7))
FRIDGE = thing("fridge", (0.9, 1.0, 3.5), (0.8, 1.2, 0.8))
BEHIND = [
    thing("toilet", (0, 1, -3), (0.6,) * 3),
    thing("sofa", (1, 1, -4), (0.6,) * 3),
    thing("basketball", (-1, 1, -4), (0.6,) * 3),
]


def test_object_at_point_names_the_marked_object():
    """The mark is on the object; wrong names are different things, first those in the image."""
    asked = subject([CHAIR, FRIDGE, *BEHIND])
    found = drafts(SKILL["object_at_point"], asked)
    assert {draft.answer for draft in found} == {"chair", "fridge"}
    for draft in found:
        ((_, x, y),) = draft.marks[0]
        assert masks_of(asked, 0).owner_at((x, y)) == draft.answer
        assert not any(alike(draft.answer, name) for name in draft.wrong)
        assert {"chair": "fridge", "fridge": "chair"}[draft.answer] in draft.wrong
        assert len(draft.wrong) == 3


def test_object_that_is_mostly_cut_off_is_not_named():
    """Nobody can tell what a corner of it belongs to."""
    edge = thing("chair", (2.1, 1.0, 3), (0.9, 0.9, 0.9))
    assert masks_of(subject([edge]), 0).share("chair") > 0.01
    assert reasons(SKILL["object_at_point"], subject([edge, *BEHIND])) == {"nothing to name"}


def test_point_at_object_reads_back_onto_the_object():
    """The answer is what the parser of points accepts, and lies in the object."""
    asked = subject([CHAIR, FRIDGE])
    found = drafts(SKILL["point_at_object"], asked)
    assert {draft.provenance["object"] for draft in found} == {"chair", "fridge"}
    for draft in found:
        point = parse_point(draft.answer)
        assert masks_of(asked, 0).owner_at((point.x, point.y)) == draft.provenance["object"]
        left, top, right, bottom = draft.provenance["extents"]
        assert left < point.x < right
        assert top < point.y < bottom
        assert draft.wrong == ()


def test_point_at_one_of_two_is_not_asked():
    """`The chair` must be one."""
    other = thing("chair2", (0.9, 1.0, 3.5), (0.8, 1.2, 0.8))
    assert reasons(SKILL["point_at_object"], subject([CHAIR, other])) == {"nothing to point at"}


def cups(*centres):
    """Cups at places, numbered from 1."""
    return [thing(f"cup{n + 1}", centre, (0.5,) * 3) for n, centre in enumerate(centres)]


def test_count_is_that_of_visible_objects():
    """Three in sight of the first camera, one of the second; wrong counts are near."""
    things = [
        *cups((-1, 1, 3), (0, 1, 3), (1, 1, 4), (0, 1, -3)),
        thing("bed", (0, 2, 6), (1,) * 3),
    ]
    found = drafts(SKILL["count_in_image"], subject(things, [camera(), camera(yaw=180)]), 80)
    answers = {(draft.frames, draft.provenance["category"]): draft.answer for draft in found}
    expected = {((0,), "cup"): "3", ((0,), "bed"): "1", ((1,), "cup"): "1", ((1,), "bed"): "0"}
    assert answers == expected
    for draft in found:
        assert all(0 < abs(int(wrong) - int(draft.answer)) <= 3 for wrong in draft.wrong)
        assert all(int(wrong) >= 0 for wrong in draft.wrong)
    counts = Counter(draft.answer for draft in found)
    assert min(counts[number] for number in "013") > 15


def test_nothing_that_looks_like_it_is_in_an_image_with_none():
    """A mug is in sight of the camera that sees no cup: nobody can say that there is none."""
    things = [*cups((0, 1, -3)), thing("mug", (0, 1, 3), (0.5,) * 3)]
    found = drafts(SKILL["count_in_image"], subject(things, [camera(), camera(yaw=180)]))
    assert {draft.answer for draft in found} == {"1"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(thing("cup9", (2.5, 1, 9), (0.35,) * 3), id="tiny"),
        pytest.param(thing("cup9", (2.05, 1, 3), (0.8,) * 3), id="cut off"),
        pytest.param(thing("mug", (0.9, 1, 3), (0.5,) * 3), id="look-alike"),
    ],
)
def test_doubtful_counts_are_not_asked(other):
    """A tiny or cut off cup may or may not be counted, and a mug may be counted as a cup."""
    things = cups((-1, 1, 3), (0, 1, 3))
    assert drafts(SKILL["count_in_image"], subject(things))
    asked = subject([*things, other])
    assert other.id in asked.frames[0].sightings
    assert reasons(SKILL["count_in_image"], asked) == {"nothing to count"}


def test_presence_is_asked_both_ways_and_truly():
    """Yes for what is in the frame, no for what only another frame shows."""
    asked = subject([CHAIR, FRIDGE, *BEHIND], [camera(), camera(yaw=180)])
    found = drafts(SKILL["object_present"], asked, 80)
    answers = [draft.answer for draft in found]
    assert 25 < answers.count("yes") < 55
    for draft in found:
        assert draft.frames is not None
        there = draft.provenance["category"] in asked.frames[draft.frames[0]].sightings
        assert draft.answer == ("yes" if there else "no")
    # An armchair is in sight of one camera, a sofa of the other: neither may be called absent.
    absent = {draft.provenance["category"] for draft in found if draft.answer == "no"}
    assert absent == {"fridge", "toilet", "basketball"}


def test_absent_things_where_all_frames_show_the_same():
    """With one frame, `no` is about something common that is nowhere in the scene."""
    asked = subject([CHAIR, FRIDGE, *BEHIND], [camera()])
    absent = {
        draft.provenance["category"]
        for draft in drafts(SKILL["object_present"], asked)
        if draft.answer == "no"
    }
    assert absent
    everywhere = {item.category for item in asked.scene.objects}
    assert not any(alike(name, other) for name in absent for other in everywhere)


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_scene_without_pictures_is_refused(skill):
    """Single-image skills need frames."""
    assert reasons(skill, subject([CHAIR, FRIDGE], [])) == {"no frames"}
