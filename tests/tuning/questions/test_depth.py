"""Depths and distances from the camera: answers against the boxes, margins, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.tuning.questions.depth import (
    FARTHEST,
    LEAST_GAP,
    LEAST_RATIO,
    NEAREST,
    SKILLS,
    clear_extreme,
)
from spatune.tuning.questions.masks import masks_of

from .image_scenes import SIZE, camera, drafts, reasons, subject, thing

SKILL = {skill.name: skill for skill in SKILLS}
EYE = np.array([0, 1, 0])

CUP = thing("cup", (-0.7, 1.0, 3), (0.6, 0.6, 0.6))
LAMP = thing("lamp", (0.6, 1.2, 4), (0.7, 0.9, 0.7))
SOFA = thing("sofa", (1.4, 0.8, 6), (1.2, 1.2, 1.0))
BED = thing("bed", (-2.2, 1.5, 8), (1.8, 1.4, 1.0))
ROOM = (CUP, LAMP, SOFA, BED)


def test_marked_points_lie_on_their_objects_and_compare_as_their_boxes():
    """The answer follows from the boxes' depths; marks are numbered 1, 2, ... on one image."""
    asked = subject(ROOM)
    masks, things = masks_of(asked, 0), asked.scene.by_id
    found = drafts(SKILL["depth_comparison_points"], asked)
    assert len(found) == 40
    for draft in found:
        (marks,) = draft.marks
        ids = draft.provenance["objects"]
        assert [label for label, *_ in marks] == [str(n + 1) for n in range(len(ids))]
        assert {draft.answer, *draft.wrong} == {f"point {label}" for label, *_ in marks}
        assert [masks.owner_at((x, y)) for _, x, y in marks] == ids
        extreme = min if draft.provenance["asked"] == "closest" else max
        best = extreme(range(len(ids)), key=lambda n: things[ids[n]].box.distance_to(EYE))
        assert draft.answer == f"point {best + 1}"
        word = "clos" if draft.provenance["asked"] == "closest" else "far"
        assert word in draft.question
    assert {len(draft.wrong) for draft in found} == {1, 2, 3}
    assert {draft.provenance["asked"] for draft in found} == {"closest", "farthest"}


def test_order_of_objects_is_that_of_their_boxes():
    """Nearest or farthest by the distance of the boxes; options are the listed categories."""
    found = drafts(SKILL["depth_order_objects"], subject(ROOM))
    assert len(found) == 40
    for draft in found:
        names = {draft.answer, *draft.wrong}
        boxes = {item.category: item.box for item in ROOM if item.category in names}
        extreme = min if draft.provenance["asked"] == "closest" else max
        assert draft.answer == extreme(names, key=lambda name: boxes[name].distance_to(EYE))
        assert all(name in draft.question for name in names)


@pytest.mark.parametrize("name", ["depth_comparison_points", "depth_order_objects"])
def test_objects_at_about_one_distance_are_not_compared(name):
    """Two objects side by side give no question."""
    beside = thing("lamp", (0.7, 1.0, 3), (0.6, 0.6, 0.6))
    assert reasons(SKILL[name], subject([CUP, beside])) == {"distances too close"}
    assert reasons(SKILL[name], subject([CUP])) == {"too few objects"}


@pytest.mark.parametrize(
    ("metres", "closest", "best"),
    [
        ([2.0, 2.31], True, 0),
        ([2.0, 2.29], True, None),
        ([0.5, 0.64], True, None),
        ([0.5, 0.66], True, 0),
        ([5.0, 4.0, 4.1], False, 0),
        ([5.0, 4.0, 4.1], True, None),
    ],
)
def test_margins(metres, closest, best):
    """The second distance must differ by the ratio and by the gap."""
    assert (LEAST_RATIO, LEAST_GAP) == (1.15, 0.15)
    assert clear_extreme(metres, closest) == best


def test_camera_distance_is_the_distance_of_the_box():
    """A number in metres, with two decimals, and wrong numbers that read differently."""
    found = drafts(SKILL["object_camera_distance"], subject(ROOM))
    assert {draft.provenance["object"] for draft in found} == {item.id for item in ROOM}
    for draft in found:
        box = next(item.box for item in ROOM if item.id == draft.provenance["object"])
        assert float(draft.answer) == pytest.approx(box.distance_to(EYE), rel=0.02)
        assert len(draft.wrong) == 3


def test_camera_distance_leaves_out_what_is_too_near_or_far_or_not_alone():
    """No question on objects out of range, nor on one of two cups."""
    near = thing("cup", (-0.2, 0.85, NEAREST), (0.2,) * 3)
    far = thing("lamp", (2, 2, FARTHEST + 1), (1.5,) * 3)
    twice = thing("sofa1", (-2, 1.6, 5), (0.7,) * 3), thing("sofa2", (1.5, 0.6, 5), (0.7,) * 3)
    asked = subject([near, far, *twice])
    assert set(asked.frames[0].sightings) == {"cup", "lamp", "sofa1", "sofa2"}
    assert reasons(SKILL["object_camera_distance"], asked) == {"too few objects"}


def test_point_depth_is_measured_along_the_axis():
    """All points of a wall across the view have one depth, though their rays differ in length."""
    wall = thing("wall", (0, 1, 4.05), (20, 20, 0.1))
    found = drafts(SKILL["point_depth"], subject([wall]))
    assert len(found) == 40
    for draft in found:
        assert draft.answer == "4.00"
        ((label, x, y),) = draft.marks[0]
        assert (label, draft.provenance["owner"]) == ("1", "wall")
        assert draft.provenance["pixel"] == [int(x * SIZE), int(y * SIZE)]
    assert len({draft.key for draft in found}) > 30


def test_point_depth_keeps_off_edges_and_steep_surfaces():
    """No mark where a small shift of it would change the depth, nor where there is nothing."""
    step = thing("step", (-2, 1, 3), (4, 20, 0.1)), thing("wall", (0, 1, 5), (20, 20, 0.1))
    for draft in drafts(SKILL["point_depth"], subject(step)):
        assert abs(draft.marks[0][0][1] - 0.5) > 2 / SIZE
    floor = thing("floor", (0, -0.05, 0), (40, 0.1, 40))
    for draft in drafts(SKILL["point_depth"], subject([floor])):
        assert draft.marks[0][0][2] > 0.6
        assert float(draft.answer) <= FARTHEST
    assert reasons(SKILL["point_depth"], subject([floor], [camera(pitch=-60)])) == {
        "no smooth point"
    }


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_scene_without_pictures_is_refused(skill):
    """Single-image skills need frames."""
    assert reasons(skill, subject(ROOM, [])) == {"no frames"}
