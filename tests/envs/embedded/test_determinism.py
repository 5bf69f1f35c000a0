"""The same actions give the same bits, whatever was done before."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from spatune.envs.embedded import Simulator
from spatune.envs.houses.library import house_names

SETTINGS = {
    "snapToGrid": False,
    "rotateStepDegrees": 30,
    "renderDepthImage": True,
    "renderInstanceSegmentation": True,
}


def walk(house: dict[str, Any]) -> list[dict[str, Any]]:
    """A house and 37 actions in it, of every kind that changes something."""
    random = np.random.default_rng(3)
    ways = ("MoveAhead", "MoveAhead", "RotateLeft", "RotateRight", "LookUp", "LookDown", "MoveLeft")
    steps: list[dict[str, Any]] = [{"action": str(way)} for way in random.choice(ways, 30)]
    steps[10:10] = [
        {"action": "PickupObject", "objectId": "Apple|small|6|10", "forceAction": True},
        {"action": "CloseObject", "objectId": "door|4|7", "forceAction": True},
        {"action": "Crouch"},
    ]
    steps[20:20] = [
        {"action": "PutObject", "objectId": "Bed|4|0", "forceAction": True},
        {"action": "ToggleObjectOn", "objectId": "Television|4|4", "forceAction": True},
        {"action": "Stand"},
        {"action": "GetShortestPath", "objectType": "Fridge"},
    ]
    return [
        {"action": "Reset"},
        {"action": "Initialize", **SETTINGS},
        {"action": "CreateHouse", "house": house},
        *steps,
    ]


def told(simulator: Simulator, action: dict[str, Any]) -> str:
    """Hash of a reply to an action: state, metadata and pixels."""
    reply = simulator.step({**action, "sequenceId": 1})
    digest = hashlib.sha256(repr(reply.metadata).encode())
    for image in (reply.view.rgb, reply.view.depth, reply.view.instances):
        digest.update(b"" if image is None else np.ascontiguousarray(image).tobytes())
    if simulator.world is not None:
        digest.update(simulator.world.digest().encode())
    return digest.hexdigest()


def test_the_same_actions_give_the_same_bits(four_rooms) -> None:
    simulator = Simulator(48, 36)
    first = [told(simulator, action) for action in walk(four_rooms)]
    assert len(set(first)) > 25
    assert [told(simulator, action) for action in walk(four_rooms)] == first
    simulator.close()


def test_other_houses_and_simulators_leave_no_trace(four_rooms, two_rooms) -> None:
    alone = Simulator(48, 36)
    first = [told(alone, action) for action in walk(four_rooms)]
    alone.close()
    simulator, other = Simulator(30, 30), Simulator(64, 64)
    simulator.step({"action": "Reset", "sceneName": house_names("val")[0]})
    simulator.step({"action": "Initialize", "gridSize": 0.1, "fieldOfView": 40})
    simulator.step({"action": "GetMapViewCameraProperties"})
    simulator.step({"action": "SetObjectFilter", "objectIds": []})
    simulator.step({"action": "ChangeResolution", "x": 48, "y": 36})
    other.step({"action": "CreateHouse", "house": two_rooms})
    found = []
    for action in walk(four_rooms):
        other.step({"action": "RotateRight", "degrees": 10})
        found.append(told(simulator, action))
    assert found == first
    simulator.close()
    other.close()


def test_the_digest_tells_states_apart(four) -> None:
    digests = {four.world.digest()}
    for action, arguments in (
        ("MoveAhead", {"moveMagnitude": 0.01}),
        ("RotateRight", {"degrees": 1}),
        ("LookDown", {"degrees": 1}),
        ("Crouch", {}),
        ("OpenObject", {"objectId": "Fridge|6|1", "openness": 0.1, "forceAction": True}),
        ("ToggleObjectOn", {"objectId": "Television|4|4", "forceAction": True}),
        ("PickupObject", {"objectId": "Apple|small|6|10", "forceAction": True}),
        ("PutObject", {"objectId": "Bed|4|0", "forceAction": True}),
    ):
        four.ok(action, **arguments)
        digests.add(four.world.digest())
    assert len(digests) == 9
