"""Gaps of boxes: what must hold for any two, and the exact distance from an optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from spatune.envs.houses.frames import rotation_matrix
from spatune.tuning.scenes.box import Box, box_gap
from spatune.tuning.scenes.solid_gap import solid_gap

coordinates = st.floats(-4, 4)
sides = st.floats(0.02, 3)
points = st.tuples(coordinates, coordinates, coordinates).map(np.array)
sizes = st.tuples(sides, sides, sides).map(np.array)
angles = st.integers(0, 3600).map(lambda tenths: tenths / 10)


def turned(center: np.ndarray, lengths: np.ndarray, rotation: tuple[float, float, float]) -> Box:
    return Box(center, rotation_matrix(rotation).T, lengths)


straight = st.builds(turned, points, sizes, st.just((0.0, 0.0, 0.0)))
upright = st.builds(turned, points, sizes, st.tuples(st.just(0.0), angles, st.just(0.0)))
tilted = st.builds(turned, points, sizes, st.tuples(angles, angles, angles))


def exact_gap(first: Box, second: Box) -> float:
    """Distance of two boxes as the least-squares problem over a point in each."""
    matrix = np.hstack([first.axes.T, -second.axes.T])
    half = np.concatenate([first.lengths, second.lengths]) / 2
    # BVLS ends at the exact solution, where interior methods stop a little short of it.
    found = lsq_linear(matrix, second.center - first.center, (-half, half), method="bvls")
    return float(np.linalg.norm(found.fun))


@given(tilted, tilted, points)
def test_gaps_are_symmetric_and_do_not_move_with_the_scene(a: Box, b: Box, by: np.ndarray) -> None:
    for gap in (box_gap, solid_gap):
        moved = [Box(box.center + by, box.axes, box.lengths) for box in (a, b)]
        assert gap(b, a) == pytest.approx(gap(a, b), abs=1e-9)
        assert gap(*moved) == pytest.approx(gap(a, b), abs=1e-9)


@given(tilted, tilted)
def test_gaps_lie_between_zero_and_the_distance_of_the_centres(a: Box, b: Box) -> None:
    between = float(np.linalg.norm(a.center - b.center))
    assert 0 <= box_gap(a, b) <= solid_gap(a, b) + 1e-9 <= between + 2e-9


@given(tilted, tilted, st.tuples(*[st.floats(-0.5, 0.5)] * 6))
def test_boxes_with_a_common_point_have_no_gap(a: Box, b: Box, parts: tuple[float, ...]) -> None:
    inside_a = a.center + (np.array(parts[:3]) * a.lengths) @ a.axes
    inside_b = b.center + (np.array(parts[3:]) * b.lengths) @ b.axes
    b = Box(b.center + inside_a - inside_b, b.axes, b.lengths)
    assert box_gap(a, b) == solid_gap(a, b) == pytest.approx(0, abs=1e-9)


@given(straight, straight)
def test_gaps_of_straight_boxes_are_their_distance(a: Box, b: Box) -> None:
    assert box_gap(a, b) == pytest.approx(exact_gap(a, b), abs=1e-6)
    assert solid_gap(a, b) == pytest.approx(box_gap(a, b), abs=1e-9)


@settings(max_examples=300)
@given(upright, upright)
def test_solid_gap_of_upright_boxes_is_their_distance(a: Box, b: Box) -> None:
    assert solid_gap(a, b) == pytest.approx(exact_gap(a, b), abs=1e-6)


@given(tilted, tilted)
def test_solid_gap_of_tilted_boxes_is_never_too_long(a: Box, b: Box) -> None:
    assert solid_gap(a, b) <= exact_gap(a, b) + 1e-6


@given(upright, upright, angles)
def test_solid_gap_does_not_change_when_the_scene_is_turned(a: Box, b: Box, yaw: float) -> None:
    turn = rotation_matrix((0.0, yaw, 0.0))
    spun = [Box(turn @ box.center, box.axes @ turn.T, box.lengths) for box in (a, b)]
    assert solid_gap(*spun) == pytest.approx(solid_gap(a, b), abs=1e-9)


@given(upright, upright)
def test_no_sampled_pair_of_points_is_nearer_than_the_solid_gap(a: Box, b: Box) -> None:
    steps = np.linspace(-0.5, 0.5, 6)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    ours, theirs = (box.center + (grid * box.lengths) @ box.axes for box in (a, b))
    sampled = np.linalg.norm(ours[:, None] - theirs, axis=2).min()
    cells = sum(float(np.linalg.norm(box.lengths)) / 5 / 2 for box in (a, b))
    assert sampled - cells <= solid_gap(a, b) <= sampled + 1e-9


def test_a_corner_pointing_at_a_wall_is_farther_than_the_box_around_it() -> None:
    # A 2 x 2 m square turned by 45 degrees; the other box lies beyond a corner of its bounds.
    diamond = turned(np.zeros(3), np.array([2.0, 1.0, 2.0]), (0.0, 45.0, 0.0))
    other = Box.from_bounds((1.5, -0.5, 1.5), (2.5, 0.5, 2.5))
    assert box_gap(diamond, other) == pytest.approx(np.hypot(*[1.5 - np.sqrt(2)] * 2))
    assert solid_gap(diamond, other) == pytest.approx(1.5 * np.sqrt(2) - 1)


def test_a_gap_above_and_beside_is_the_diagonal() -> None:
    low = Box.from_bounds((0, 0, 0), (1, 1, 1))
    high = Box.from_bounds((1, 5, 4), (2, 6, 5))
    assert box_gap(low, high) == solid_gap(low, high) == pytest.approx(5)


@given(tilted, points)
def test_distance_to_a_point_is_that_of_the_nearest_point(box: Box, point: np.ndarray) -> None:
    half = box.lengths / 2
    found = lsq_linear(box.axes.T, point - box.center, (-half, half), method="bvls")
    assert box.distance_to(point) == pytest.approx(float(np.linalg.norm(found.fun)), abs=1e-6)


@given(tilted)
def test_bounds_are_those_of_the_corners(box: Box) -> None:
    assert box.low == pytest.approx(box.corners.min(axis=0), abs=1e-9)
    assert box.high == pytest.approx(box.corners.max(axis=0), abs=1e-9)
    for corner in box.corners:
        assert box.distance_to(corner) == pytest.approx(0, abs=1e-9)


@given(tilted, st.floats(0, 1))
def test_a_grid_fills_the_middle_part_of_a_box(box: Box, part: float) -> None:
    inner, grid = Box(box.center, box.axes, part * box.lengths), box.grid(part)
    assert grid.shape == (27, 3)
    assert max(inner.distance_to(point) for point in grid) < 1e-9
    for corner in (*inner.corners, box.center):
        assert np.linalg.norm(grid - corner, axis=1).min() < 1e-9
