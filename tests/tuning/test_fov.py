"""One focal length for all images: what changes, what stays, and what the model is told."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.errors import SpatuneError
from spatune.tuning.fov import UNIFIED_FOCAL, unify, unify_camera
from spatune.tuning.scenes.pinhole import Pinhole

SIZES = st.integers(64, 2000)
FOCALS = st.floats(100, 3000)
MULTIPLES = st.sampled_from([1, 14, 28, 32])


def test_unified_focal_is_vst_s():
    """960 pixels over 69.16 degrees are 696.3 pixels."""
    assert UNIFIED_FOCAL == pytest.approx(696.3, abs=0.1)
    same = unify((960, 540), (UNIFIED_FOCAL, UNIFIED_FOCAL), multiple=1)
    assert same.size == (960, 540)
    assert same.hfov == pytest.approx(69.16)


@given(SIZES, SIZES, FOCALS, FOCALS, MULTIPLES)
def test_field_of_view_stays_and_focal_is_effective(width, height, fx, fy, multiple):
    """Rounding to patches moves the focal length, by no more than half a patch, never the angle."""
    view = unify((width, height), (fx, fy), multiple=multiple)
    assert view.hfov == pytest.approx(math.degrees(2 * math.atan(width / 2 / fx)))
    assert view.vfov == pytest.approx(math.degrees(2 * math.atan(height / 2 / fy)))
    for length, before, f, effective in zip(
        view.size, (width, height), (fx, fy), view.focal, strict=True
    ):
        assert length % multiple == 0
        assert effective == pytest.approx(f * length / before)
        wanted = before * UNIFIED_FOCAL / f
        assert abs(length - wanted) <= multiple / 2 + 1e-6 or length == multiple


@given(SIZES, SIZES, FOCALS, FOCALS, MULTIPLES, st.floats(0, 1), st.floats(0, 1))
def test_pixels_map_there_and_back(width, height, fx, fy, multiple, across, down):
    """The mapping of pixels is inverted exactly and keeps the ray that a pixel stands for."""
    view = unify((width, height), (fx, fy), multiple=multiple, centre=(width * 0.4, height * 0.6))
    pixel = np.array([across * width, down * height])
    there = view.to_unified(pixel)
    np.testing.assert_allclose(view.to_source(there), pixel, atol=1e-9)
    ray = (pixel - np.array(view.source_centre)) / np.array([fx, fy])
    projected = view.intrinsics @ np.array([*ray, 1.0])
    np.testing.assert_allclose(projected[:2], there, atol=1e-6)


def test_off_centre_principal_point_adds_up_both_sides():
    """The angle of view is that between the edges, wherever the axis meets the image."""
    view = unify((600, 400), (300.0, 300.0), multiple=1, centre=(0.0, 200.0))
    assert view.hfov == pytest.approx(math.degrees(math.atan(600 / 300)))
    assert view.centre[0] == 0


def test_resized_image_has_the_size_and_shows_the_same():
    """A mark in the source is where the mapping says in the result."""
    camera = Pinhole.looking((0, 0, 0), (0, 0, 0), 59.0, 160, 120)
    view = unify_camera(camera, multiple=28)
    image = np.zeros((120, 160, 3), np.uint8)
    image[30:50, 100:130] = 255
    for method in ("lanczos", "bicubic"):
        large = view.resize(image, method)
        assert large.shape == (view.size[1], view.size[0], 3)
        rows, columns = np.nonzero(large[..., 0] > 127)
        edges = [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]
        np.testing.assert_allclose(view.to_source(np.array(edges)), [[100, 30], [130, 50]], atol=1)
    with pytest.raises(SpatuneError, match="160 x 120"):
        view.resize(image[:100])


def test_text_states_the_effective_camera():
    """The numbers in the prompt are those of the image that the model gets."""
    view = unify_camera(Pinhole.looking((0, 0, 0), (0, 0, 0), 59.0, 668, 384), multiple=32)
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", view.text)]
    expected = [*view.size, *view.focal, view.hfov, view.vfov]
    np.testing.assert_allclose(numbers, expected, atol=0.06)
    assert view.focal[0] != pytest.approx(UNIFIED_FOCAL, abs=0.01)
    assert "X points right, Y points down, Z points forward" in view.text


@pytest.mark.parametrize(("size", "focal"), [((0, 10), (5.0, 5.0)), ((10, 10), (5.0, 0.0))])
def test_impossible_cameras_are_refused(size, focal):
    """An image without pixels or a camera without focal length has no unified view."""
    with pytest.raises(SpatuneError, match="above 0"):
        unify(size, focal)
