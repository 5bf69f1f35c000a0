"""`libero_policy_spec`: the conventions of LIBERO policies of other projects.

LeRobot, OpenVLA and openpi agree on them: the camera images turned by 180 degrees (`rot180`), the
end effector in the `world` frame with an axis-angle and both fingers, and OSC_POSE deltas.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...envs.spec import (
    LIBERO_ACTION_LAYOUT,
    LIBERO_CAMERAS,
    LIBERO_CONTROL_HZ,
    LIBERO_STATE_LAYOUTS,
    CameraSpec,
    Orientation,
    StateFrame,
)
from ..spec import GRIPPER_CLOSE_POSITIVE, PolicySpec

AGENT_VIEW, WRIST_VIEW = LIBERO_CAMERAS


def libero_policy_spec(
    cameras: Sequence[str],
    image_size: int,
    orientation: Orientation,
    state_frame: StateFrame,
    steps: int,
) -> PolicySpec:
    """Specification of a foreign policy; it normalises by itself.

    Args:
        cameras: `AGENT_VIEW` and `WRIST_VIEW`, those that the policy reads.
        image_size: Pixels of the square images that it is shown.
        orientation: Orientation of the images that it was trained on.
        state_frame: Frame of the end effector's position.
        steps: Actions that are executed before the next replan, and length of a chunk.
    """
    size = len(LIBERO_ACTION_LAYOUT)
    return PolicySpec(
        cameras=tuple(
            CameraSpec(key, LIBERO_CAMERAS[key], image_size, image_size, orientation)
            for key in cameras
        ),
        resize="vlm",
        state_layout=LIBERO_STATE_LAYOUTS[state_frame],
        action_layout=LIBERO_ACTION_LAYOUT,
        gripper_convention=GRIPPER_CLOSE_POSITIVE,
        action_low=(-1.0,) * size,
        action_high=(1.0,) * size,
        state_normalisation="identity",
        action_normalisation="identity",
        statistics_sha256="",
        chunk_length=steps,
        execute_steps=steps,
        control_hz=LIBERO_CONTROL_HZ,
    )
