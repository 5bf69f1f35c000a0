"""3D boxes in camera coordinates: the nine numbers, and which objects are asked for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spatune.agent.answers import parse_boxes3d
from spatune.tuning.questions.boxes3d import SKILLS, Numbers, box_to_numbers, boxes_text
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole

from .image_scenes import camera, drafts, reasons, subject, thing

(SKILL,) = SKILLS
ANGLES = st.floats(-180, 180)
LENGTHS = st.floats(0.01, 3)


def box_of(numbers: Numbers, camera: Pinhole) -> Box:
    """The box in the scene's frame that nine numbers mean."""
    turn = Rotation.from_euler("xyz", np.array(numbers[6:]) * 180, degrees=True).as_matrix()
    centre = camera.to_scene(np.array(numbers[:3]))
    return Box(centre, turn.T @ camera.axes, np.array(numbers[3:6]))


def same_corners(first: Box, second: Box) -> None:
    """The eight corners are the same set of points."""
    for corner in first.corners:
        assert np.linalg.norm(second.corners - corner, axis=1).min() < 1e-6


@given(
    st.tuples(ANGLES, ANGLES, ANGLES),
    st.tuples(LENGTHS, LENGTHS, LENGTHS),
    st.tuples(*[st.floats(-5, 5)] * 3),
    st.tuples(ANGLES, ANGLES, ANGLES),
    st.booleans(),
)
def test_numbers_mean_the_same_box(turn, lengths, centre, view, mirrored):
    """Any box and any camera: the numbers lead back to the same corners in the scene."""
    axes = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    if mirrored:
        axes = axes * np.array([[1.0], [1.0], [-1.0]])
    box = Box(np.array(centre), axes, np.array(lengths))
    seen = Pinhole.looking((0.3, 1.2, -0.7), view, 60.0, 100, 80)
    numbers = box_to_numbers(box, seen)
    same_corners(box, box_of(numbers, seen))
    assert all(abs(angle) <= 1 for angle in numbers[6:])
    assert abs(numbers[7]) * 180 < 60


@given(
    st.tuples(ANGLES, ANGLES, ANGLES),
    st.tuples(LENGTHS, LENGTHS, LENGTHS),
    st.tuples(st.floats(-2, 2), st.floats(-1, 2), st.floats(1, 5)),
)
def test_numbers_are_right_handed_camera_coordinates(turn, lengths, centre):
    """Corners made from the numbers by the stated convention project where the scene's do."""
    box = Box(
        np.array(centre),
        Rotation.from_euler("xyz", turn, degrees=True).as_matrix(),
        np.array(lengths),
    )
    seen = camera(position=(0.2, 1.4, -6.0), yaw=20, pitch=15)
    x, y, z, sx, sy, sz, pitch, yaw, roll = box_to_numbers(box, seen)
    about_x, about_y, about_z = (
        Rotation.from_rotvec(np.pi * angle * np.eye(3)[axis]).as_matrix()
        for axis, angle in enumerate((pitch, yaw, roll))
    )
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    local = signs * np.array([sx, sy, sz]) / 2
    corners = local @ (about_z @ about_y @ about_x).T + np.array([x, y, z])
    pixels = seen.focal * corners[:, :2] / corners[:, 2:] + np.array([48.0, 48.0])
    expected = seen.project(box.corners)[:, :2]
    for pixel in expected:
        assert np.linalg.norm(pixels - pixel, axis=1).min() < 1e-5


def test_upright_box_reads_as_width_height_depth():
    """An unturned box right of a level camera: X right, Y down, Z forward, no angles."""
    box = thing("box", (0.5, 0.7, 3), (0.4, 0.6, 0.8)).box
    np.testing.assert_allclose(
        box_to_numbers(box, camera()), (0.5, 0.3, 3, 0.4, 0.6, 0.8, 0, 0, 0), atol=1e-12
    )


def test_positive_yaw_turns_the_near_side_to_the_right():
    """Yaw about Y (down) is clockwise from above: the box's own Z then points right of the view."""
    box = thing("box", (0, 1, 3), (0.4, 0.6, 0.8), yaw=20).box
    numbers = box_to_numbers(box, camera())
    assert numbers[7] * 180 == pytest.approx(20)
    assert numbers[6] == pytest.approx(0, abs=1e-12)
    assert numbers[8] == pytest.approx(0, abs=1e-12)


def test_camera_that_looks_down_pitches_the_box():
    """A level box, seen by a camera that looks 30 degrees down, is pitched by 30 degrees."""
    box = thing("box", (0, 0, 3), (0.4, 0.6, 0.8)).box
    numbers = box_to_numbers(box, camera(pitch=30))
    assert numbers[6] * 180 == pytest.approx(30)


def test_answer_lists_every_box_of_the_category_nearest_first():
    """The answer is a fenced JSON list that the answer parser reads back."""
    far, near = thing("cup2", (0.8, 1, 4), (0.5, 0.5, 0.5)), thing("cup1", (-0.5, 1, 3), (0.5,) * 3)
    asked = subject([far, near])
    (draft, *_) = drafts(SKILL, asked)
    assert draft.answer.startswith("```json\n[")
    assert draft.answer.endswith("]\n```")
    boxes = parse_boxes3d(draft.answer).boxes
    assert [box.label for box in boxes] == ["cup", "cup"]
    assert boxes[0].center == pytest.approx((-0.5, 0, 3))
    assert boxes[1].center == pytest.approx((0.8, 0, 4))
    assert draft.provenance["objects"] == ["cup1", "cup2"]
    assert draft.frames == (0,)


def test_text_keeps_labels_and_has_no_negative_zero():
    """Labels with quotes survive, and a tiny negative angle reads as 0."""
    text = boxes_text([((0, 0, 1, 1, 1, 1, -1e-6, 0, 0), 'a "b"')])
    (item,) = json.loads(text.removeprefix("```json\n").removesuffix("\n```"))
    assert item["label"] == 'a "b"'
    assert "-0.0" not in text


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(thing("cup2", (1.9, 1, 3), (0.6,) * 3), id="cut off by the edge"),
        pytest.param(thing("cup2", (-1.0, 1, 5), (0.9,) * 3), id="mostly hidden"),
        pytest.param(thing("cup2", (0.9, 1, 8), (0.3,) * 3), id="too small"),
    ],
)
def test_category_with_a_doubtful_object_is_not_asked(other):
    """One bad instance rules its whole category out, as the list would not be complete."""
    near = thing("cup1", (-0.4, 1, 3), (0.6,) * 3)
    assert drafts(SKILL, subject([near]))
    assert other.id in subject([near, other]).frames[0].sightings
    assert reasons(SKILL, subject([near, other])) == {"no whole object"}


def test_scene_without_pictures_gives_no_boxes():
    """There is nothing to draw boxes in."""
    assert reasons(SKILL, subject([thing("cup", (0, 1, 3), (0.5,) * 3)], [])) == {"no frames"}
