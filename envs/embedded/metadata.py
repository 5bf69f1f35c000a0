"""The metadata of AI2-THOR 5, made from a `World`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .object_metadata import ALIGNED_CORNERS
from .values import xyz
from .world import World

NEAR_PLANE, FAR_PLANE = 0.1, 20.0
"""What AI2-THOR reports for its cameras, metres."""


@dataclass(frozen=True)
class Outcome:
    """How the last action went.

    Attributes:
        action: Its name.
        success: Whether it happened.
        message: `errorMessage`.
        code: `errorCode`.
        value: `actionReturn`.
        blocked: Ids of what the agent ran into.
    """

    action: str = ""
    success: bool = True
    message: str = ""
    code: str = ""
    value: Any = None
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Screen:
    """The images' size, and the name of the scene."""

    width: int
    height: int
    scene: str
    third_party: tuple[dict[str, Any], ...] = field(default=())


def agent_metadata(
    world: World | None,
    screen: Screen,
    outcome: Outcome,
    *,
    objects: list[dict[str, Any]] | None = None,
    colours: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """One agent's metadata; every container in it is new.

    Args:
        world: The house, or None before one is made.
        screen: Size of the images.
        outcome: How the last action went.
        objects: Metadata of the objects.
        colours: AI2-THOR's `colors`, if there are segmentation images.
    """
    agent = None if world is None else world.agent
    eye = (0.0, 0.0, 0.0) if agent is None else agent.eye
    held = [] if world is None or world.held is None else [world.held]
    return {
        "objects": objects or [],
        "isSceneAtRest": True,
        "agent": {
            "name": "agent",
            "position": xyz((0.0, 0.0, 0.0) if agent is None else agent.position),
            "rotation": xyz((0.0, 0.0 if agent is None else agent.yaw, 0.0)),
            "cameraHorizon": 0.0 if agent is None else agent.horizon,
            "isStanding": True if agent is None else agent.standing,
            "inHighFrictionArea": False,
        },
        "heldObjectPose": None,
        "arm": None,
        "fov": 90.0 if world is None else world.settings.field_of_view,
        "cameraPosition": xyz(eye),
        "cameraOrthSize": 0.0,
        "thirdPartyCameras": [_copy(camera) for camera in screen.third_party],
        "collided": bool(outcome.blocked),
        "collidedObjects": list(outcome.blocked),
        "inventoryObjects": [
            {"objectId": name, "objectType": world.entities[name].object_type}
            for name in held
            if world is not None
        ],
        "sceneName": screen.scene,
        "screenWidth": screen.width,
        "screenHeight": screen.height,
        "agentId": 0,
        "colors": colours,
        "colorBounds": None,
        "depthFormat": "Meters",
        "currentTime": 0.0,
        "sceneBounds": None if world is None else _scene_bounds(world),
        "lastAction": outcome.action,
        "lastActionSuccess": outcome.success,
        "errorMessage": outcome.message,
        "errorCode": outcome.code,
        "actionReturn": outcome.value,
    }


def colours_of(world: World) -> dict[str, tuple[int, int, int]]:
    """A colour for each object and each class, none twice and none black.

    A colour depends on the name alone, but for the rare name whose colour another has taken.
    """
    found: dict[str, tuple[int, int, int]] = {}
    taken = {(0, 0, 0)}
    classes = dict.fromkeys(name.split("|")[0] for name in world.entities)
    for name in (*world.entities, *classes):
        colour, salt = (0, 0, 0), 0
        while colour in taken:
            red, green, blue = hashlib.sha256(f"{name}#{salt}".encode()).digest()[:3]
            colour, salt = (red, green, blue), salt + 1
        taken.add(colour)
        found[name] = colour
    return found


def _scene_bounds(world: World) -> dict[str, Any]:
    low, high = world.plan.bounds
    top = world.house.ceiling_height
    centre = np.array([(low[0] + high[0]) / 2, top / 2, (low[1] + high[1]) / 2])
    size = np.array([high[0] - low[0], top, high[1] - low[1]])
    return {
        "cornerPoints": (centre + ALIGNED_CORNERS * size).tolist(),
        "center": xyz((centre[0], centre[1], centre[2])),
        "size": xyz((size[0], size[1], size[2])),
    }


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return value
