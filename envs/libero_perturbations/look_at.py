"""`look_at_point`: the middle of the workspace, around which camera and lights are moved."""

from __future__ import annotations

import numpy as np

from ..libero_sim import LiberoSim
from ..mujoco_api import mujoco

AGENT_VIEW = "agentview"


def look_at_point(sim: LiberoSim) -> np.ndarray:
    """Where the agent view's optical axis meets the table top (or floor), (3,), m, world frame."""
    camera = sim.model.camera(AGENT_VIEW).id
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, sim.model.cam_quat[camera])
    forward = -turn.reshape(3, 3)[:, 2]
    position = sim.model.cam_pos[camera]
    height = position[2] - sim.core.workspace_offset[2]
    return position + forward * (height / -forward[2])


def rotated(vectors: np.ndarray, axis: np.ndarray, angle: float) -> np.ndarray:
    """Vectors (..., 3) turned by `angle` (rad) about a unit axis (3,), by Rodrigues' formula."""
    along = (vectors @ axis)[..., None] * axis
    across = np.cross(axis, vectors)
    return vectors * np.cos(angle) + across * np.sin(angle) + along * (1.0 - np.cos(angle))
