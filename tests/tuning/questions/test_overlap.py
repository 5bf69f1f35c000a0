"""Overlap of two pictures: the depth test in a known room."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.tuning.questions.overlap import is_seen, overlap, points_at, seen_at

from .image_scenes import camera, thing
from .view_scenes import in_room

PLATE = thing("screen", (0, 1.5, 1), (10, 3, 0.2))
STRAIGHT = camera((0, 1.4, -2), 0, 10)


def test_a_frame_shows_what_itself_shows():
    (frame,) = in_room([PLATE], [STRAIGHT]).frames
    assert overlap(frame, frame) == 1.0


def test_two_views_apart_share_nothing_and_turned_ones_share_a_part():
    first, turned, away = in_room(
        [PLATE], [STRAIGHT, camera((0, 1.4, -2), 30, 10), camera((0, 1.4, -2), 180, 10)]
    ).frames
    assert overlap(first, away) == 0.0
    assert 0.35 < overlap(first, turned) < 0.6
    assert overlap(first, turned) == overlap(turned, first)


def test_both_sides_of_a_screen_are_no_common_content():
    """Cameras that face each other across it project onto each other's picture, but see no more."""
    front, back = in_room([PLATE], [STRAIGHT, camera((0, 1.4, 4), 180, 10)]).frames
    assert overlap(front, back) < 0.02


@pytest.mark.parametrize(("z", "behind"), [(0.9, 0.0), (3.9, 3.0), (-0.1, -1.0)])
def test_points_lie_as_far_behind_the_picture_as_they_are(z, behind):
    level = camera((0, 1.4, -2), 0)
    (frame,) = in_room([PLATE], [level]).frames
    point = np.array([[0.2, 1.5, z]])
    columns, rows, metres = seen_at(frame, point)
    assert metres[0] == pytest.approx(behind, abs=1e-4)
    assert is_seen(metres, np.array([z + 2]))[0] == (behind == 0)
    if behind == 0:
        assert np.abs(points_at(frame, columns, rows) - point).max() < 0.05


def test_points_outside_the_picture_are_infinitely_behind():
    (frame,) = in_room([PLATE], [camera((0, 1.4, -2), 0)]).frames
    _, _, metres = seen_at(frame, np.array([[0, 1.4, -3], [5, 1.4, 0], [0, 1.4, -2]]))
    assert np.isinf(metres).all()
