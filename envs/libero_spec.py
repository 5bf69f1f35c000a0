"""The conventions of LIBERO environments as an `EnvSpec`, known before a simulator is built."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SpatuneError
from .spec import (
    LIBERO_ACTION_LAYOUT,
    LIBERO_CAMERAS,
    LIBERO_CONTROL_HZ,
    LIBERO_STATE_LAYOUTS,
    CameraSpec,
    EnvSpec,
    Orientation,
    StateFrame,
)


def libero_env_spec(
    image_size: int | tuple[int, int] = 128,
    cameras: Mapping[str, str] = LIBERO_CAMERAS,
    orientation: Orientation = "upright",
    state_frame: StateFrame = "world",
) -> EnvSpec:
    """What a `LiberoEnv` built with the same arguments shows and accepts.

    Raises:
        SpatuneError: Unknown orientation or state frame, or an image without pixels.
    """
    if state_frame not in LIBERO_STATE_LAYOUTS:
        raise SpatuneError(f"state_frame {state_frame!r} is unknown; use 'world' or 'base'")
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if min(height, width) < 1:
        raise SpatuneError(f"image_size is {image_size}; give a number of pixels")
    return EnvSpec(
        name="libero",
        cameras=tuple(
            CameraSpec(key, name, height, width, orientation) for key, name in cameras.items()
        ),
        state_layout=LIBERO_STATE_LAYOUTS[state_frame],
        action_layout=LIBERO_ACTION_LAYOUT,
        action_low=(-1.0,) * len(LIBERO_ACTION_LAYOUT),
        action_high=(1.0,) * len(LIBERO_ACTION_LAYOUT),
        gripper_convention="-1 open, +1 close",
        control_hz=LIBERO_CONTROL_HZ,
    )
