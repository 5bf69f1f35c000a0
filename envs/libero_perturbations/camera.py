"""`move_camera`: the agent view from another place, looking at the same point."""

from __future__ import annotations

import numpy as np

from ..mujoco_api import mujoco
from .look_at import AGENT_VIEW, look_at_point, rotated
from .scene_edits import SceneEdits

DEGREES = 15.0
"""Angle at magnitude 1, seen from the look-at point: about 0.3 m for LIBERO's cameras."""

_ELEVATIONS = (15.0, 75.0)
"""Degrees above the table in which the camera stays."""


def move_camera(edits: SceneEdits, magnitude: float, rng: np.random.Generator) -> None:
    """Move the agent view by `DEGREES` times the magnitude on the sphere around what it looks at.

    The direction is drawn; where it would lead below or above the scene, the camera goes the
    opposite way. Distance, field of view and level horizon are kept, and so is the wrist camera.

    Args:
        edits: Where the change is written.
        magnitude: Multiple of `DEGREES`.
        rng: Draws the direction.
    """
    model = edits.sim.model
    camera = model.camera(AGENT_VIEW).id
    target = look_at_point(edits.sim)
    arm = model.cam_pos[camera] - target
    distance = float(np.linalg.norm(arm))
    right, up, _ = _frame(arm)
    direction = rng.uniform(0.0, 2.0 * np.pi)
    axis = np.cos(direction) * right + np.sin(direction) * up
    angle = np.deg2rad(DEGREES * magnitude)
    moved = rotated(arm, axis, angle)
    low, high = np.sin(np.deg2rad(_ELEVATIONS))
    if not low <= moved[2] / distance <= high:
        moved = rotated(arm, axis, -angle)
    turn = np.zeros(4)
    mujoco.mju_mat2Quat(turn, np.stack(_frame(moved), axis=1).ravel())
    edits.write(model.cam_pos[camera], target + moved)
    edits.write(model.cam_quat[camera], turn)


def _frame(arm: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, up and backward axes of a level camera at `arm` from what it looks at."""
    backward = arm / np.linalg.norm(arm)
    right = np.cross([0.0, 0.0, 1.0], backward)
    right /= np.linalg.norm(right)
    return right, np.cross(backward, right), backward
