"""Unity's frame and MuJoCo's describe the same places, directions and turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.envs.houses.frames import mujoco_rotation, rotation_matrix, to_mujoco

degrees = st.floats(-720, 720)
rotations = st.tuples(degrees, degrees, degrees)
points = st.tuples(*[st.floats(-50, 50)] * 3)


@given(points)
def test_the_change_of_frame_undoes_itself(point: tuple[float, float, float]) -> None:
    np.testing.assert_array_equal(to_mujoco(to_mujoco(np.array(point))), point)


def test_up_in_unity_is_up_in_mujoco() -> None:
    np.testing.assert_array_equal(
        to_mujoco(np.array([[1, 2, 3], [4, 5, 6]])), [[1, 3, 2], [4, 6, 5]]
    )


@given(rotations)
def test_rotations_are_rotations(rotation: tuple[float, float, float]) -> None:
    for matrix in (rotation_matrix(rotation), mujoco_rotation(rotation_matrix(rotation))):
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(matrix) == pytest.approx(1.0)


@given(rotations, points)
def test_turning_and_changing_the_frame_commute(
    rotation: tuple[float, float, float], point: tuple[float, float, float]
) -> None:
    turn = rotation_matrix(rotation)
    there = mujoco_rotation(turn) @ to_mujoco(np.array(point))
    np.testing.assert_allclose(there, to_mujoco(turn @ np.array(point)), atol=1e-9)


@pytest.mark.parametrize(
    ("rotation", "start", "end"),
    [
        ((0, 90, 0), (0, 0, 1), (1, 0, 0)),  # yaw: clockwise seen from above
        ((90, 0, 0), (0, 0, 1), (0, -1, 0)),  # pitch: positive looks down
        ((0, 0, 90), (1, 0, 0), (0, 1, 0)),  # roll: positive leans to the left
        ((90, 90, 0), (0, 0, 1), (0, -1, 0)),  # yaw is about the world's vertical
        ((90, 90, 0), (0, 1, 0), (1, 0, 0)),
        ((0, 90, 90), (1, 0, 0), (0, 1, 0)),  # roll comes first
    ],
)
def test_turns_are_unitys(rotation, start, end) -> None:
    np.testing.assert_allclose(rotation_matrix(rotation) @ np.array(start), end, atol=1e-12)
