"""A house, and a walk of 200 actions through it that any of the controllers can take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HOUSE = Path(__file__).parents[1] / "houses" / "data" / "two_rooms.json"
STEPS = 200
OPTIONS: dict[str, Any] = {
    "width": 72,
    "height": 48,
    "rotateStepDegrees": 30,
    "snapToGrid": False,
    "visibilityDistance": 1.5,
    "renderDepthImage": True,
    "renderInstanceSegmentation": True,
    "renderSemanticSegmentation": True,
}


@dataclass
class Taken:
    """One action and what came of it: an event, and the error if one was raised."""

    action: dict[str, Any]
    event: Any
    error: Exception | None


@pytest.fixture(scope="session")
def house() -> dict[str, Any]:
    return json.loads(HOUSE.read_text())


@pytest.fixture(scope="session")
def options() -> dict[str, Any]:
    """Small images that are not square, with everything drawn."""
    return OPTIONS


@pytest.fixture(scope="session")
def play() -> Callable[[Any], list[Taken]]:
    """Takes the walk with a controller."""

    def take(controller: Any) -> list[Taken]:
        taken = []
        for action in _walk(controller):
            error = None
            try:
                controller.step(**action)
            except (ValueError, RuntimeError) as raised:
                error = raised
            taken.append(Taken(action, controller.last_event, error))
            if len(taken) == STEPS:
                break
        return taken

    return take


def _walk(controller: Any) -> Iterator[dict[str, Any]]:
    """Actions that depend on nothing but what the controller says, in all more than `STEPS`."""
    objects = controller.last_event.metadata["objects"]
    yield {"action": "GetReachablePositions"}
    places = controller.last_event.metadata["actionReturn"]
    yield from _faults(places[0])
    yield from _hands(objects)
    yield from _jumps(places)
    near = min(objects, key=lambda thing: (thing["distance"], thing["objectId"]))
    yield {"action": "GetShortestPath", "objectId": near["objectId"]}
    yield {"action": "GetShortestPathToPoint", "position": places[0], "target": places[-1]}
    yield {"action": "GetMapViewCameraProperties"}
    above = controller.last_event.metadata["actionReturn"]
    yield {"action": "AddThirdPartyCamera", "skyboxColor": "white", **above}
    yield from _steps(20, places)
    yield {
        "action": "AddThirdPartyCamera",
        "position": {**places[-1], "y": 1.2},
        "rotation": {"x": 10, "y": 120, "z": 0},
        "fieldOfView": 70,
    }
    yield {"action": "SetObjectFilter", "objectIds": [objects[-1]["objectId"]]}
    yield from _steps(5, places)
    yield {"action": "SetObjectFilter", "objectIds": []}
    yield from _steps(5, places)
    yield {"action": "ResetObjectFilter"}
    yield {
        "action": "UpdateThirdPartyCamera",
        "thirdPartyCameraId": 1,
        "position": {**places[0], "y": 1.0},
        "rotation": {"x": 0, "y": 30, "z": 0},
        "fieldOfView": 50,
    }
    yield from _steps(STEPS, places)


def _steps(count: int, places: list[dict[str, float]]) -> Iterator[dict[str, Any]]:
    around = (
        {"action": "MoveAhead"},
        {"action": "RotateRight"},
        {"action": "MoveAhead", "moveMagnitude": 0.1},
        {"action": "LookDown"},
        {"action": "MoveRight"},
        {"action": "Crouch"},
        {"action": "RotateLeft", "degrees": np.float32(47.5)},
        {"action": "MoveAhead", "renderImage": False},
        {"action": "LookUp"},
        {"action": "MoveLeft", "renderDepthImage": False},
        {"action": "Stand"},
        {"action": "MoveBack"},
        {"action": "RotateRight", "renderInstanceSegmentation": False},
        {"action": "Pass"},
        {"action": "LookUp", "degrees": 20},
        {"action": "Done"},
    )
    for number in range(count):
        turn, index = divmod(number, len(around))
        if index == 0:
            yield {"action": "Teleport", "position": places[(5 * turn) % len(places)]}
        yield dict(around[index])


def _faults(place: dict[str, float]) -> Iterator[dict[str, Any]]:
    yield {"action": "Fly"}
    yield {"action": "MoveAhead", "speed": 3}
    yield {"action": "OpenObject"}
    yield {"action": "LookUp", "degrees": "far"}
    yield {"action": "PickupObject", "objectId": "Nothing|0|0"}
    yield {"action": "Teleport", "position": {"x": 99, "y": place["y"], "z": 99}}
    yield {
        "action": "Teleport",
        "position": {"x": 99, "y": place["y"], "z": 99},
        "raise_for_failure": True,
    }
    for _ in range(4):
        yield {"action": "LookDown"}


def _hands(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    def having(trait: str) -> list[str]:
        return [thing["objectId"] for thing in objects if thing[trait]][:3]

    for name in having("openable"):
        yield {"action": "OpenObject", "objectId": name}
        yield {"action": "OpenObject", "objectId": name, "openness": 0.5, "forceAction": True}
        yield {"action": "CloseObject", "objectId": name, "forceAction": True}
    for name in having("toggleable"):
        yield {"action": "ToggleObjectOff", "objectId": name, "forceAction": True}
        yield {"action": "ToggleObjectOn", "objectId": name, "forceAction": True}
    where = next(iter(having("receptacle")))
    for name in having("pickupable"):
        yield {"action": "PickupObject", "objectId": name, "forceAction": True}
        yield {"action": "RotateRight"}
        yield {"action": "MoveAhead"}
        yield {"action": "PutObject", "objectId": where, "forceAction": True}


def _jumps(places: list[dict[str, float]]) -> Iterator[dict[str, Any]]:
    for number, place in enumerate(places[:: max(1, len(places) // 10)]):
        yield {"action": "Teleport", "position": place, "rotation": np.float64(37.0 * number)}
        yield {
            "action": "TeleportFull",
            **place,
            "rotation": {"x": 0, "y": 90, "z": 0},
            "horizon": np.int64(30),
            "standing": bool(number % 2),
        }
