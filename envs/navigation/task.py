"""`NavTask`: the navigation tasks, and the conventions that they share."""

from __future__ import annotations

from typing import Literal

from ..spec import CameraSpec, EnvSpec

NavTask = Literal["objectnav", "pointnav", "roomvisit"]
"""ObjectNav: find an object of a type. PointNav: go to a place. RoomVisit: enter every room."""

NAV_TASKS: tuple[NavTask, ...] = ("objectnav", "pointnav", "roomvisit")

NAV_ACTIONS = ("MoveAhead", "RotateLeft", "RotateRight", "LookUp", "LookDown", "Done")
"""What an agent can do, in the order of the action's numbers."""

DONE = NAV_ACTIONS.index("Done")

STEP_METRES = 0.25
TURN_DEGREES = 30.0
MAX_STEPS = 500
VISIBILITY_METRES = 1.0
"""RoboTHOR's rules."""
FIELD_OF_VIEW = 63.453048374758716
"""Vertical, degrees: RoboTHOR's camera (79 degrees across at 4:3)."""
GOAL_METRES = 0.2
"""PointNav: how near the goal the agent must stop, metres along the way."""
SHORTEST_METRES = 1.0
"""Episodes begin at least this far from their goal, along the way."""

STATE_LAYOUT = ("goal_distance", "goal_sin", "goal_cos", "horizon", "blocked")
"""`observation.state`: metres to the goal in a straight line, sine and cosine of its direction from
straight ahead (positive to the right), the camera's horizon (degrees down / 30), and 1 if the last
move was blocked. What is known of the goal is 0 but in PointNav."""

IMAGE_KEY = "observation.images.image"
DEPTH_KEY = "observation.depth.image"


def nav_env_spec(image_size: int | tuple[int, int] = 224) -> EnvSpec:
    """The conventions of every navigation environment with images of that size."""
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    return EnvSpec(
        name="thor",
        cameras=(CameraSpec(IMAGE_KEY, "agent", height, width),),
        state_layout=STATE_LAYOUT,
        action_layout=("nav_action",),
        action_low=(0.0,),
        action_high=(float(len(NAV_ACTIONS) - 1),),
        gripper_convention="none",
        control_hz=5.0,
    )
