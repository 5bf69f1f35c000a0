"""Oriented boxes: corners, exact overlap against closed forms and Monte Carlo, what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spatune.agent.boxes.corners import EDGES, FACES, box_corners
from spatune.agent.boxes.iou import box_iou, valid_boxes
from spatune.errors import SpatuneError

CUBE = [0.0, 0, 0, 1, 1, 1, 0, 0, 0]

boxes = st.tuples(
    *[st.floats(-2, 2)] * 3, *[st.floats(0.1, 3)] * 3, *[st.floats(-180, 180)] * 3
).map(list)


def overlap(first: list[float], second: list[float]) -> tuple[float, float]:
    volume, iou = box_iou(box_corners([first]), box_corners([second]))
    return volume[0, 0], iou[0, 0]


def inside(points: np.ndarray, box: list[float]) -> np.ndarray:
    """(N,) bool from the nine numbers alone."""
    turn = Rotation.from_euler("xyz", box[6:], degrees=True)
    return (np.abs(turn.inv().apply(points - box[:3])) <= np.array(box[3:6]) / 2).all(axis=1)


def test_corners_of_a_box_that_is_not_turned_are_its_centre_and_half_sizes() -> None:
    corners = box_corners([[1, 2, 3, 2, 4, 6, 0, 0, 0]])[0]
    assert sorted(map(tuple, corners)) == sorted(
        (x, y, z) for x in (0, 2) for y in (0, 4) for z in (0, 6)
    )


def test_angles_turn_about_fixed_axes_pitch_then_yaw_then_roll() -> None:
    # A corner on +x, +y, +z: pitch takes y to z, yaw takes z to x, roll takes x to y.
    corners = box_corners([[0, 0, 0, 2, 4, 6, 90, 90, 90]])[0]
    one = np.array([1.0, 2, 3])
    pitch = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    yaw = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    roll = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert corners[6] == pytest.approx(roll @ yaw @ pitch @ one)


def test_units_of_angles_agree() -> None:
    degrees = box_corners([[0, 0, 0, 1, 2, 3, 30, -45, 120]])
    radians = box_corners([[0, 0, 0, 1, 2, 3, *np.deg2rad([30, -45, 120])]], angles="radians")
    turns = [[0, 0, 0, 1, 2, 3, 30 / 180, -45 / 180, 120 / 180]]
    assert np.allclose(degrees, radians)
    assert np.allclose(degrees, box_corners(turns, angles="half_turns"))


def test_edges_and_faces_are_those_of_a_box() -> None:
    corners = box_corners([[0, 0, 0, 1, 2, 3, 0, 0, 0]])[0]
    lengths = np.linalg.norm(corners[EDGES[:, 0]] - corners[EDGES[:, 1]], axis=1)
    assert sorted(lengths) == pytest.approx([1] * 4 + [2] * 4 + [3] * 4)
    for face in FACES:
        assert (np.ptp(corners[face], axis=0) == 0).sum() == 1


@pytest.mark.parametrize("bad", [[[1.0, 2, 3]], [[0, 0, 0, 1, 1, 1, 0, 0, math.nan]]])
def test_a_box_that_is_not_nine_finite_numbers_is_refused(bad: list[list[float]]) -> None:
    with pytest.raises(SpatuneError, match="nine finite numbers"):
        box_corners(bad)


def test_no_boxes_have_no_corners_and_no_overlap() -> None:
    assert box_corners([]).shape == (0, 8, 3)
    assert box_iou(box_corners([]), box_corners([CUBE]))[1].shape == (0, 1)
    assert box_iou(box_corners([CUBE]), box_corners([]))[1].shape == (1, 0)


@pytest.mark.parametrize(
    ("other", "volume"),
    [
        ([0.5, 0, 0, 1, 1, 1, 0, 0, 0], 0.5),
        ([0.5, 0.25, -0.75, 1, 1, 1, 0, 0, 0], 0.5 * 0.75 * 0.25),
        ([0.1, 0.2, -0.1, 0.4, 0.3, 0.2, 0, 0, 0], 0.024),
        ([0, 0, 0, 4, 4, 0.5, 0, 0, 0], 0.5),
        ([1, 0, 0, 1, 1, 1, 0, 0, 0], 0),  # shares a face
        ([1, 1, 0, 1, 1, 1, 0, 0, 0], 0),  # shares an edge
        ([1, 1, 1, 1, 1, 1, 0, 0, 0], 0),  # shares a corner
        ([5, 0, 0, 1, 1, 1, 0, 0, 0], 0),
        ([0, 0, 0, 1, 1, 1, 90, 0, 0], 1),
        ([0, 0, 0, 1, 1, 1, 180, 90, -90], 1),
        # A square and itself turned by 45 degrees share a regular octagon.
        ([0, 0, 0, 1, 1, 1, 45, 0, 0], 2 * math.sqrt(2) - 2),
        ([0, 0, 0, 1, 1, 1, 0, 45, 0], 2 * math.sqrt(2) - 2),
        ([0, 0, 0, 1, 1, 1, 0, 0, 45], 2 * math.sqrt(2) - 2),
        # The ridge of a turned cube over the face above: a triangle of height sqrt(1/2) - 1/4.
        ([0, 0.75, 0, 1, 1, 1, 0, 0, 45], (math.sqrt(0.5) - 0.25) ** 2),
    ],
)
def test_overlap_of_cubes_is_that_of_the_closed_form(other: list[float], volume: float) -> None:
    found, iou = overlap(CUBE, other)
    assert found == pytest.approx(volume, abs=1e-12)
    both = 1 + math.prod(other[3:6]) - volume
    assert iou == pytest.approx(volume / both, abs=1e-12)


@pytest.mark.parametrize("angle", [1, 10, 30, 44.9, 60, 89])
def test_squares_turned_by_any_angle_share_the_analytic_area(angle: float) -> None:
    # Four corner triangles are cut off; the area is 1 over half (1 + sin + cos) of unit squares.
    turn = math.radians(angle)
    expected = 2 / (1 + math.sin(turn) + math.cos(turn))
    assert overlap(CUBE, [0, 0, 0, 1, 1, 1, 0, angle, 0])[0] == pytest.approx(expected, abs=1e-12)


def test_a_cube_cut_by_its_diagonal_plane_loses_half() -> None:
    # A huge box whose face passes through the centre of the cube, at a right angle to (1, 1, 1).
    normal = np.ones(3) / math.sqrt(3)
    sideways = np.array([1, -1, 0]) / math.sqrt(2)
    turn = Rotation.from_matrix(np.stack([normal, sideways, np.cross(normal, sideways)], axis=1))
    big = [*(5 * normal), 10, 10, 10, *turn.as_euler("xyz", degrees=True)]
    assert overlap(CUBE, big)[0] == pytest.approx(0.5, abs=1e-12)
    # Moved out by a sixth of the diagonal it cuts off one corner: a tetrahedron with edges 1.
    corner = [*((5 + math.sqrt(3) / 6) * normal), 10, 10, 10, *big[6:]]
    assert overlap(CUBE, corner)[0] == pytest.approx(1 / 6, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(boxes, boxes)
def test_overlap_is_symmetric_and_bounded(first: list[float], second: list[float]) -> None:
    volume, iou = overlap(first, second)
    back, iou_back = overlap(second, first)
    assert volume == pytest.approx(back, abs=1e-8)
    assert iou == pytest.approx(iou_back, abs=1e-8)
    assert 0 <= iou <= 1
    assert volume <= min(math.prod(first[3:6]), math.prod(second[3:6])) + 1e-8


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_a_box_covers_itself(box: list[float]) -> None:
    volume, iou = overlap(box, box)
    assert volume == pytest.approx(math.prod(box[3:6]), rel=1e-9)
    assert iou == pytest.approx(1, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(boxes, boxes, st.tuples(*[st.floats(-180, 180)] * 3), st.tuples(*[st.floats(-99, 99)] * 3))
def test_overlap_does_not_change_when_both_boxes_move(
    first: list[float],
    second: list[float],
    angles: tuple[float, float, float],
    shift: tuple[float, float, float],
) -> None:
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    corners = [box_corners([box]) for box in (first, second)]
    moved = [c @ turn.T + np.array(shift) for c in corners]
    assert box_iou(*moved)[0] == pytest.approx(box_iou(*corners)[0], abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(boxes, boxes, st.integers(0, 2**32 - 1))
def test_overlap_is_that_of_random_points(
    first: list[float], second: list[float], seed: int
) -> None:
    count = 20_000
    local = np.random.default_rng(seed).uniform(-0.5, 0.5, (count, 3)) * first[3:6]
    points = Rotation.from_euler("xyz", first[6:], degrees=True).apply(local) + first[:3]
    share = min(1.0, overlap(first, second)[0] / math.prod(first[3:6]))
    hits = inside(points, second).mean()
    # Six standard errors, and a few points where the share is next to none.
    assert hits == pytest.approx(share, abs=6 * math.sqrt(share * (1 - share) / count) + 1e-3)


def test_many_pairs_are_the_pairs_one_by_one() -> None:
    rng = np.random.default_rng(0)
    some = np.column_stack(
        [rng.uniform(-2, 2, (7, 3)), rng.uniform(0.2, 3, (7, 3)), rng.uniform(-180, 180, (7, 3))]
    )
    table = box_iou(box_corners(some[:3]), box_corners(some[3:]))[1]
    alone = [[overlap(list(a), list(b))[1] for b in some[3:]] for a in some[:3]]
    assert table == pytest.approx(np.array(alone), abs=1e-12)
    assert (table > 0).any() and (table == 0).any()


def test_a_box_with_a_negative_size_is_its_mirror_image() -> None:
    assert overlap(CUBE, [0, 0, 0, -1, 1, 1, 0, 30, 0]) == pytest.approx(
        overlap(CUBE, [0, 0, 0, 1, 1, 1, 0, 30, 0])
    )


@pytest.mark.parametrize(
    ("size", "valid"), [((1, 1, 1), True), ((1e-3, 1e-3, 1e-3), True), ((1, 1, 1e-9), False)]
)
def test_faces_without_area_make_a_box_invalid(
    size: tuple[float, float, float], valid: bool
) -> None:
    corners = box_corners([[0, 0, 0, *size, 10, 20, 30]])
    assert valid_boxes(corners).tolist() == [valid]
    assert box_iou(corners, corners)[1][0, 0] == pytest.approx(float(valid))


@pytest.mark.parametrize(("lift", "valid"), [(5e-5, True), (2e-4, False)])
def test_a_face_that_is_not_flat_makes_a_box_invalid(lift: float, valid: bool) -> None:
    corners = box_corners([CUBE])
    corners[0, 0, 2] -= lift
    assert valid_boxes(corners).tolist() == [valid]
    assert (box_iou(corners, box_corners([CUBE]))[1][0, 0] > 0.99) == valid


def test_a_box_that_is_not_finite_overlaps_nothing() -> None:
    corners = box_corners([CUBE, CUBE])
    corners[0, 0, 0] = math.nan
    assert box_iou(corners, box_corners([CUBE]))[1].tolist() == [[0.0], [1.0]]
