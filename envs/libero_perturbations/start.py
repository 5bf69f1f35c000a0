"""`moved_start`: the arm begins in another pose, in free space."""

from __future__ import annotations

import numpy as np

from ...errors import SpatuneError
from ..libero_sim import LiberoSim
from ..mujoco_api import mujoco

RADIANS = 0.3
"""Length of the change of the seven joint angles at magnitude 1: hand about 0.1 m elsewhere."""

_TRIES = 100
_ROBOT = ("robot0_", "gripper0_")


def moved_start(
    sim: LiberoSim, state: np.ndarray, magnitude: float, rng: np.random.Generator
) -> np.ndarray:
    """Turn the arm's joints by `RADIANS` times the magnitude in a drawn direction.

    A direction is drawn again, from the same generator, until the joints are within their limits
    and no part of the robot touches anything.

    Args:
        sim: The simulator, whose fixtures are in place already; its own state stays as it is.
        state: Flattened state (time, qpos, qvel) with the usual start.
        magnitude: Multiple of `RADIANS`.
        rng: Draws the direction, uniform on the sphere in joint space.

    Returns:
        A copy of the state with other arm joints.

    Raises:
        SpatuneError: No draw is free of contact.
    """
    joints = [sim.model.joint(name) for name in sim.core.robots[0].robot_joints]
    places = np.array([1 + joint.qposadr[0] for joint in joints])
    low, high = np.array([joint.range for joint in joints]).T
    trial = mujoco.MjData(sim.model)
    for _ in range(_TRIES):
        direction = rng.standard_normal(len(places))
        moved = state.copy()
        moved[places] += RADIANS * magnitude * direction / np.linalg.norm(direction)
        within = (low <= moved[places]) & (moved[places] <= high)
        if within.all() and not _touches(sim, trial, moved):
            return moved
    raise SpatuneError(
        f"start:{magnitude:g}: none of {_TRIES} drawn start poses is free of contact; "
        "give a smaller magnitude"
    )


def _touches(sim: LiberoSim, data: object, state: np.ndarray) -> bool:
    """Whether the robot touches anything, itself included, in a flattened state."""
    model = sim.model
    data.qpos[:] = state[1 : 1 + model.nq]  # pyright: ignore[reportAttributeAccessIssue]
    mujoco.mj_fwdPosition(model, data)
    pairs = data.contact.geom  # pyright: ignore[reportAttributeAccessIssue]
    bodies = set(model.geom_bodyid[pairs].ravel().tolist())
    return any(model.body(body).name.startswith(_ROBOT) for body in bodies)
