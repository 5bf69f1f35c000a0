"""What an environment shows and accepts, as data: `CameraSpec` and `EnvSpec`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

from ..errors import SpatuneError

Orientation = Literal["upright", "rot180"]


@dataclass(frozen=True)
class CameraSpec:
    """One camera of an observation.

    Attributes:
        key: Observation key, `observation.images.<camera>`, uint8 (height, width, 3) RGB.
        name: The simulator's own camera name.
        height: Rows in pixels.
        width: Columns in pixels.
        orientation: `upright` is the true view (row 0 on top, left is left). `rot180` turns
            robosuite's bottom-up image by 180 degrees as OpenVLA and LeRobot do, which is the true
            view mirrored left to right.
    """

    key: str
    name: str
    height: int
    width: int
    orientation: Orientation = "upright"

    def __post_init__(self) -> None:
        if self.orientation not in ("upright", "rot180"):
            raise SpatuneError(
                f"camera {self.key!r}: orientation {self.orientation!r} is unknown; "
                "use 'upright' or 'rot180'"
            )


@dataclass(frozen=True)
class EnvSpec:
    """Conventions of an environment, checked against a policy's before any weight is loaded.

    Attributes:
        name: Family of environments, for example `libero`.
        cameras: Cameras in observation order.
        state_layout: Names of the entries of `observation.state`, in order.
        action_layout: Names of the entries of `action`, in order.
        action_low: Lower bound per action entry.
        action_high: Upper bound per action entry.
        gripper_convention: Meaning of the gripper entry, for example `-1 open, +1 close`.
        control_hz: Control steps per second of simulated time.
    """

    name: str
    cameras: tuple[CameraSpec, ...]
    state_layout: tuple[str, ...]
    action_layout: tuple[str, ...]
    action_low: tuple[float, ...]
    action_high: tuple[float, ...]
    gripper_convention: str
    control_hz: float

    @property
    def state_dim(self) -> int:
        """Number of entries of `observation.state`."""
        return len(self.state_layout)

    @property
    def action_dim(self) -> int:
        """Number of entries of `action`."""
        return len(self.action_layout)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> EnvSpec:
        """Inverse of `to_json`."""
        fields = dict(data)
        fields["cameras"] = tuple(CameraSpec(**camera) for camera in data["cameras"])
        for name in ("state_layout", "action_layout", "action_low", "action_high"):
            fields[name] = tuple(data[name])
        return cls(**fields)


StateFrame = Literal["world", "base"]

LIBERO_CAMERAS: Mapping[str, str] = MappingProxyType(
    {
        "observation.images.image": "agentview",
        "observation.images.image2": "robot0_eye_in_hand",
    }
)
"""Observation key of each camera, the agent view first, and its name in the simulator."""

LIBERO_CONTROL_HZ = 20.0

LIBERO_STATE_LAYOUTS: dict[StateFrame, tuple[str, ...]] = {
    frame: (
        *(f"eef_{axis}_{frame}" for axis in "xyz"),
        *("axis_angle_x", "axis_angle_y", "axis_angle_z"),
        *("gripper_qpos_left", "gripper_qpos_right"),
    )
    for frame in ("world", "base")
}
"""End-effector position (m) in the frame named, axis-angle (rad, world), finger positions (m)."""

LIBERO_ACTION_LAYOUT = (
    *("delta_x", "delta_y", "delta_z"),
    *("delta_rx", "delta_ry", "delta_rz"),
    "gripper",
)
"""OSC_POSE deltas: 1.0 is 0.05 m or 0.5 rad a control step; gripper -1 opens and +1 closes."""

ACTION_UNITS = {
    **{f"delta_{axis}": (50.0, "mm") for axis in "xyz"},
    **{f"delta_r{axis}": (math.degrees(0.5), "deg") for axis in "xyz"},
}
"""What 1.0 of an entry of `LIBERO_ACTION_LAYOUT` moves the robot by, and in which unit."""
