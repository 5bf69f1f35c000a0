"""Captions: every sentence is checked against the boxes and the cameras."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spatune.tuning.questions.captions import SKILLS
from spatune.tuning.scenes.scene import SceneRoom

from .image_scenes import camera, drafts, reasons, subject, thing

IMAGE, VIEWS = SKILLS
EYE = np.array([0, 1, 0])

TABLE = thing("table", (1.0, 0.5, 3.5), (0.8, 0.6, 0.8))
BOOK = thing("book", (1.0, 0.95, 3.3), (0.4, 0.3, 0.3), parents=("table",))
BED = thing("bed", (-1.6, 1.0, 5), (1.4, 0.8, 1.0))
CHAIR = thing("chair", (0, 1.6, 7), (0.9, 0.9, 0.9))
THINGS = [TABLE, BOOK, BED, CHAIR]
ROOM = SceneRoom("r", "LivingRoom", 100.0, ((-5, -5), (-5, 5), (5, 5), (5, -5)))


def test_scene_caption_says_what_where_how_far_and_on_what():
    """One image with four objects in a living room."""
    (draft, *_) = drafts(IMAGE, subject(THINGS, rooms=(ROOM,)))
    text = draft.answer
    assert text.startswith("The image shows a bed, a book, a chair and a table.")
    assert "The camera stands in a living room." in text
    assert "The bed is on the left of the image, about" in text
    assert "The table is on the right of the image, about" in text
    assert "The chair is in the middle of the image, about" in text
    assert re.search(r"The book is [^.]*\d\.\d meters from the camera\. It is on top of the", text)
    assert text.count("on top of") == 1
    assert "Of these, the chair is farthest from the camera." in text
    assert "closest" not in text
    for name, metres in re.findall(r"The (\w+) is[^.]*about (\d\.\d) meters", text):
        box = next(item.box for item in THINGS if item.category == name)
        assert float(metres) == pytest.approx(box.distance_to(EYE), abs=0.1)


def test_scene_caption_leaves_out_what_is_doubtful():
    """A second bed that is hardly seen: no statement on beds. No room is known: none is named."""
    hint = thing("bed2", (2.0, 1.9, 6.5), (0.35, 0.35, 0.2))
    asked = subject([*THINGS, hint])
    assert 0 < asked.frames[0].sightings["bed2"].share < 0.006
    (draft, *_) = drafts(IMAGE, asked)
    assert "bed" not in draft.answer
    assert "camera stands" not in draft.answer
    assert reasons(IMAGE, subject([CHAIR])) == {"too few objects"}


def test_scene_caption_counts_several_of_a_kind():
    """Two clear chairs are counted, and neither is `the chair`."""
    (draft, *_) = drafts(
        IMAGE, subject([TABLE, BED, CHAIR, thing("chair2", (0, 0, 5), (0.7,) * 3)])
    )
    assert "two chairs" in draft.answer
    assert "The chair" not in draft.answer


@pytest.mark.parametrize(
    ("second", "motion"),
    [
        (((0, 1, 0), 25.0), "turns right by about 25 degrees and stays where it is"),
        (((0, 1, 0), -25.0), "turns left by about 25 degrees and stays where it is"),
        (
            ((0, 1, 1), 0.0),
            "moves forward, as seen in image 1, by about 1.0 meters and does not turn",
        ),
        (
            ((0.8, 1, 0), -15.0),
            "moves to the right, as seen in image 1, by about 0.8 meters and turns left by about "
            "15 degrees",
        ),
        (
            ((0, 1, -2), 0.0),
            "moves backward, as seen in image 1, by about 2.0 meters and does not turn",
        ),
    ],
)
@pytest.mark.parametrize("turned", [0.0, 130.0])
def test_views_caption_says_how_the_camera_moves(second, motion, turned):
    """The first image's own axes give the directions, wherever it looks."""
    angle = np.radians(turned)

    def turn(point):
        x, y, z = point
        return (
            x * np.cos(angle) + z * np.sin(angle),
            y,
            -x * np.sin(angle) + z * np.cos(angle),
        )

    bed = thing("bed", turn((0, 1, 5)), (1.0, 1.0, 1.0), yaw=turned)
    position, yaw = second
    views = [camera(yaw=turned), camera(turn(position), yaw=turned + yaw)]
    (draft, *_) = drafts(VIEWS, subject([bed], views))
    assert draft.answer == f"Both images show the bed. From image 1 to image 2 the camera {motion}."
    assert draft.frames == (0, 1)


def test_views_caption_says_what_is_new_and_gone():
    """New and gone only if the other image has no pixel of such an object."""
    things = [
        thing("bed", (0, 1, 5), (1.0, 1.0, 1.0)),
        thing("lamp", (2.9, 1, 3.5), (0.7, 0.9, 0.7)),
        thing("chair", (-2.2, 1, 4.2), (0.7, 0.9, 0.7)),
    ]
    asked = subject(things, [camera(), camera(yaw=20)])
    (draft, *_) = drafts(VIEWS, asked)
    assert "Both images show the bed." in draft.answer
    assert "New in image 2: the lamp." in draft.answer
    assert "No longer in image 2: the chair." in draft.answer
    second = thing("lamp2", (-2.0, 2.2, 6), (0.7, 0.9, 0.7))
    (draft, *_) = drafts(VIEWS, subject([*things, second], [camera(), camera(yaw=20)]))
    assert "lamp" not in draft.answer


def test_views_caption_of_three_images():
    """Three views are compared one after the other, in order of time."""
    bed = thing("bed", (0, 1, 6), (1.0, 1.0, 1.0))
    views = [camera(), camera((0, 1, 1)), camera((0, 1, 1), yaw=12)]
    found = drafts(VIEWS, subject([bed], views))
    three = [draft for draft in found if draft.frames == (0, 1, 2)]
    assert three
    for draft in three:
        assert draft.answer.startswith("All 3 images show the bed.")
        assert "From image 2 to image 3 the camera turns right by about 10 degrees" in draft.answer
        assert draft.provenance["frames"] == [0, 10, 20]


def test_unclear_motion_gives_no_caption():
    """A turn of 5 degrees, a move of 0.1 m, or a diagonal move is not described."""
    bed = thing("bed", (0, 1, 5), (1.0, 1.0, 1.0))
    for second in (camera(yaw=5), camera((0, 1, 0.1)), camera((0.7, 1, 0.7))):
        asked = subject([bed], [camera(), second])
        assert reasons(VIEWS, asked) == {"no views with a clear motion"}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_scene_without_pictures_is_refused(skill):
    """Captions need frames."""
    assert reasons(skill, subject(THINGS, [])) == {"no frames"}
