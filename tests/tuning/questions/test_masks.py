"""What the pixels of a frame say: extents, distances, marks, and how much of an object shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spatune.tuning.questions.masks import draw_image, masks_of
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

from .image_scenes import SIZE, camera, subject, thing


def test_extents_are_the_projected_edges():
    """An upright box in front of the camera fills the rectangle that its near face projects to."""
    asked = subject([thing("cup", (0.5, 1.3, 3), (0.6, 0.6, 0.2))])
    extents = masks_of(asked, 0).extents("cup")
    left, top, right, bottom = 0.2 / 2.9, -0.6 / 2.9, 0.8 / 2.9, 0.0
    half = np.tan(np.radians(30))
    expected = [(0.5 + v / half / 2) for v in (left, top, right, bottom)]
    got = [extents.left, extents.top, extents.right, extents.bottom]
    np.testing.assert_allclose(got, expected, atol=1 / SIZE)


def test_distance_is_that_of_the_box():
    """The nearest visible pixel is as far as the box, when its near corner is in sight."""
    item = thing("cup", (-0.9, 1.1, 3), (0.6, 0.6, 0.6))
    nearest, median = masks_of(subject([item]), 0).distances("cup")
    assert nearest == pytest.approx(item.box.distance_to(np.array([0, 1, 0])), rel=0.01)
    assert median > nearest


def test_category_with_a_second_visible_object_names_nothing():
    """`The cup` is one only while no other cup leaves more than a trace."""
    cup, other, hidden = (
        thing("cup1", (-0.6, 1, 3), (0.5,) * 3),
        thing("cup2", (0.6, 1, 5), (0.5,) * 3),
        thing("cup3", (-1.2, 1, 6), (0.1,) * 3),
    )
    assert masks_of(subject([cup, hidden]), 0).clear == {"cup": cup}
    assert masks_of(subject([cup, other]), 0).clear == {}
    assert masks_of(subject([cup, other]), 0).groups == {"cup": (cup, other)}


@pytest.mark.parametrize(
    ("centre", "inside", "open_"),
    [((0, 1, 3), 1.0, 1.0), ((1.732, 1, 3), 0.5, 0.5), ((0.3, 1, 3), 1.0, 1.0)],
)
def test_exposure_without_anything_in_front(centre, inside, open_):
    """A flat box is inside the image as far as its area is."""
    item = thing("cup", centre, (0.8, 0.8, 0.01))
    shown = masks_of(subject([item]), 0).exposure(item)
    assert shown.inside == pytest.approx(inside, abs=0.04)
    assert shown.open == pytest.approx(open_, abs=0.04)
    assert shown.filled == pytest.approx(inside, abs=0.05)


def test_exposure_counts_what_stands_in_front_but_not_what_lies_inside():
    """A screen hides; a thing within the box, or behind it, does not."""
    shelf = thing("shelf", (0, 1, 4), (1.0, 1.0, 0.6))
    screen = thing("screen", (-0.25, 1, 2), (0.5, 2.0, 0.01))
    book = thing("book", (0, 1, 3.9), (0.3, 0.3, 0.3))
    hidden = masks_of(subject([shelf, screen]), 0).exposure(shelf)
    assert hidden.inside == 1.0
    assert hidden.open == pytest.approx(0.5, abs=0.06)
    assert masks_of(subject([shelf, book]), 0).exposure(shelf).open == 1.0


def test_object_behind_the_camera_is_not_exposed():
    """A box that reaches behind the image plane has no outline to compare with."""
    table = thing("table", (0, 0.3, 0.2), (2, 0.4, 2))
    exposure = masks_of(subject([table]), 0).exposure(table)
    assert (exposure.inside, exposure.open, exposure.filled) == (0, 0, 0)


def test_marks_keep_off_the_outline():
    """Points for marks lie in the object, away from its edge; a thin object gets none."""
    cup, pole = thing("cup", (-0.5, 1, 3), (0.8,) * 3), thing("pole", (0.8, 1, 3), (0.05, 1, 0.05))
    masks = masks_of(subject([cup, pole]), 0)
    inner = masks.inner_point("cup")
    assert inner is not None
    owners = masks.labels.owners
    for seed in range(20):
        point = masks.draw_point("cup", np.random.default_rng(seed))
        assert point is not None
        row, column = int(point[1] * SIZE), int(point[0] * SIZE)
        assert (owners[row - 1 : row + 2, column - 1 : column + 2] == 1).all()
        assert masks.owner_at(point) == "cup"
    left, right = masks.extents("cup").left, masks.extents("cup").right
    assert inner[0] == pytest.approx((left + right) / 2, abs=0.1)
    assert masks.share("pole") > 0
    assert masks.inner_point("pole") is None
    assert masks.draw_point("pole", np.random.default_rng(0)) is None


def test_draw_image_finds_the_frame_that_fits():
    """Frames without candidates are passed over; a frame without labels is an error of the draw."""
    cup = thing("cup", (0, 1, 3), (0.5,) * 3)
    asked = subject([cup], [camera(yaw=180), camera(yaw=0), camera(yaw=90)])
    for seed in range(5):
        place, masks, found = draw_image(
            asked, np.random.default_rng(seed), lambda masks: list(masks.clear)
        )
        assert (place, masks.frame_index, found) == (1, 10, ["cup"])
    bare = Trajectory("bare", asked.scene, (replace(asked.frames[0], labels=None),))
    with pytest.raises(Unsuitable, match="no labels"):
        draw_image(Subject(bare), np.random.default_rng(0), lambda masks: [masks])


def test_masks_are_made_once_a_frame():
    """Two subjects that share a frame share its masks."""
    asked = subject([thing("cup", (0, 1, 3), (0.5,) * 3)], [camera(), camera(yaw=10)])
    part = Subject(asked.trajectory.chosen([1]))
    assert masks_of(part, 0) is masks_of(asked, 1)
