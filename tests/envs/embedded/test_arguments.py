"""Every action refuses arguments that are unknown, missing or wrong, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from spatune.envs.embedded.actions.registry import ACTIONS

PLACE = {"x": 3.9, "y": 0.901, "z": 4.0}
ZERO = {"x": 0, "y": 0, "z": 0}
BAD_NUMBERS: tuple[Any, ...] = ("far", True, [1], {"x": 1}, float("nan"), float("inf"))
BAD_VECTORS: tuple[Any, ...] = (1, "here", [1, 2, 3], {**ZERO, "y": "up"}, {**ZERO, "x": None})
BAD_BOOLS: tuple[Any, ...] = (1, "yes", [], 0.0)
BAD_TEXTS: tuple[Any, ...] = (1, ["Bed"], {"id": 1}, True)

TELEPORT = {"rotation": ZERO, "horizon": 0, "standing": True, "position": PLACE}
OBJECT = {"objectId": "CounterTop|2|0", "forceAction": True}
CAMERA = {"position": PLACE, "rotation": ZERO}

WRONG: dict[str, tuple[dict[str, Any], dict[str, tuple[Any, ...]]]] = {
    **{f"Move{way}": ({}, {"moveMagnitude": BAD_NUMBERS, "forceAction": BAD_BOOLS})
       for way in ("Ahead", "Back", "Left", "Right")},
    **{name: ({}, {"degrees": BAD_NUMBERS})
       for name in ("RotateLeft", "RotateRight", "LookUp", "LookDown")},
    "Teleport": (
        {},
        {
            "position": BAD_VECTORS,
            "rotation": ("north", True, {"y": "north"}, [90]),
            "horizon": BAD_NUMBERS,
            "standing": BAD_BOOLS,
            "forceAction": BAD_BOOLS,
        },
    ),
    "TeleportFull": (
        TELEPORT,
        {"position": BAD_VECTORS, "horizon": BAD_NUMBERS, "standing": BAD_BOOLS},
    ),
    "OpenObject": (
        {"objectId": "Fridge|2|1", "forceAction": True},
        {"objectId": BAD_TEXTS, "openness": (*BAD_NUMBERS, -0.1, 1.1), "forceAction": BAD_BOOLS},
    ),
    **{name: (OBJECT, {"objectId": BAD_TEXTS, "forceAction": BAD_BOOLS})
       for name in ("CloseObject", "PickupObject", "PutObject",
                    "ToggleObjectOn", "ToggleObjectOff")},
    "GetReachablePositions": ({}, {"gridSize": (*BAD_NUMBERS, 0, -0.25)}),
    "GetShortestPath": (
        {"objectType": "Fridge"},
        {"objectId": BAD_TEXTS, "objectType": BAD_TEXTS, "position": BAD_VECTORS},
    ),
    "GetShortestPathToPoint": (
        {"position": PLACE, "target": PLACE},
        {"position": BAD_VECTORS, "target": BAD_VECTORS},
    ),
    "AddThirdPartyCamera": (
        CAMERA,
        {
            "position": BAD_VECTORS,
            "rotation": BAD_VECTORS,
            "fieldOfView": (*BAD_NUMBERS, 0, 180, -30),
            "orthographic": BAD_BOOLS,
            "orthographicSize": BAD_NUMBERS,
            "skyboxColor": (*BAD_TEXTS, "teal"),
        },
    ),
    "UpdateThirdPartyCamera": ({}, {"thirdPartyCameraId": BAD_NUMBERS}),
    "ChangeResolution": (
        {"x": 32, "y": 24},
        {"x": (*BAD_NUMBERS, 0, -5, 1.5, 10**6), "y": (*BAD_NUMBERS, 0, -5, 1.5, 10**6)},
    ),
    "SetObjectFilter": ({}, {"objectIds": (1, "Bed", [1], {"id": 1})}),
    "CreateHouse": ({}, {"house": (1, "house", [1], True)}),
    "Reset": ({}, {"sceneName": (*BAD_TEXTS, "FloorPlan1")}),
    "Initialize": (
        {},
        {
            **{name: (*BAD_NUMBERS, 0, -1)
               for name in ("gridSize", "visibilityDistance", "rotateStepDegrees")},
            "fieldOfView": (*BAD_NUMBERS, 0, -1, 180),
            "snapToGrid": BAD_BOOLS,
            "renderDepthImage": BAD_BOOLS,
            "renderInstanceSegmentation": BAD_BOOLS,
            "renderSemanticSegmentation": BAD_BOOLS,
            "renderNormalsImage": (True,),
            "renderFlowImage": (True,),
            "agentMode": ("locobot", "arm"),
            "agentCount": (2,),
            "applyNoise": (True,),
        },
    ),
}  # fmt: skip
MISSING = {
    "TeleportFull": (TELEPORT, ("position", "rotation", "horizon", "standing")),
    **{name: (OBJECT, ("objectId",)) for name in (
        "OpenObject", "CloseObject", "PickupObject", "PutObject",
        "ToggleObjectOn", "ToggleObjectOff")},
    "GetShortestPath": ({"objectType": "Fridge"}, ("objectType",)),
    "GetShortestPathToPoint": ({"position": PLACE, "target": PLACE}, ("position", "target")),
    "GetObjectMetadata": ({"objectIds": ["room|2"]}, ("objectIds",)),
    "AddThirdPartyCamera": (CAMERA, ("position", "rotation")),
    "SetObjectFilter": ({"objectIds": []}, ("objectIds",)),
    "CreateHouse": ({"house": {}}, ("house",)),
    "ChangeResolution": ({"x": 10, "y": 10}, ("x", "y")),
}  # fmt: skip
TAKES_ANYTHING = {"Reset", "Initialize", "ChangeQuality", "SetRandomSeed"}
"""Programs send these with arguments that concern Unity alone; Initialize checks its own."""


@pytest.mark.parametrize("action", WRONG)
def test_wrong_values_are_refused_by_the_name_of_their_argument(shared_two, action: str) -> None:
    usual, wrong = WRONG[action]
    for name, values in wrong.items():
        for value in values:
            agent = shared_two.do(action, **{**usual, name: value})
            assert not agent["lastActionSuccess"], (name, value)
            assert agent["errorCode"] in ("InvalidArgument", "MissingArguments"), (name, value)
            said = agent["errorMessage"]
            assert name in said or "teal" in said or action == "Reset", (name, value, said)


@pytest.mark.parametrize("action", MISSING)
def test_missing_arguments_are_named(shared_two, action: str) -> None:
    usual, needed = MISSING[action]
    for name in needed:
        rest = {key: value for key, value in usual.items() if key != name}
        for arguments in (rest, {**rest, name: None}):
            said = shared_two.fails(action, code="MissingArguments", **arguments)
            assert name in said and action in said


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - TAKES_ANYTHING))
def test_unknown_arguments_are_named_with_the_known_ones(shared_two, action: str) -> None:
    known = ACTIONS[action].arguments
    said = shared_two.fails(action, code="InvalidArgument", warp=9)
    assert said.startswith(f"{action} takes no 'warp'; it takes: ")
    assert said.endswith(", ".join(known) or "no arguments")
    said = shared_two.fails(action, code="InvalidArgument", renderNormalsImage=True)
    assert "renderNormalsImage" in said


def test_initialize_names_what_it_takes(shared_two) -> None:
    said = shared_two.fails("Initialize", code="InvalidArgument", gravity=9.8)
    assert said.startswith("Initialize takes no 'gravity'; it takes: fieldOfView, gridSize")


def test_what_programs_pass_without_effect_is_taken(shared_two) -> None:
    shared_two.ok(
        "RotateRight",
        renderImage=True,
        renderDepthImage=False,
        renderObjectImage=False,
        renderClassImage=False,
        agentId=0,
        fastActionEmit=True,
    )


@pytest.mark.parametrize("action", ["Fly", "", None, 7, "moveahead"])
def test_an_unknown_action_names_the_known_ones(shared_two, action) -> None:
    agent = shared_two.simulator.step({"action": action}).agent
    assert not agent["lastActionSuccess"] and agent["errorCode"] == "InvalidAction"
    said = agent["errorMessage"]
    assert said.startswith(f"{str(action)!r} is not an action") and "\n" not in said
    assert all(name in said for name in ACTIONS)


def test_without_a_house_actions_say_what_to_send(play) -> None:
    player = play(None)
    for action in ("MoveAhead", "Pass", "GetReachablePositions", "GetMapViewCameraProperties"):
        said = player.fails(action)
        assert "no house" in said and "CreateHouse" in said
    said = player.fails("AddThirdPartyCamera", position=PLACE, rotation=ZERO)
    assert "no house" in said
    assert player.reply.agent["objects"] == [] and player.reply.view.rgb is None


def test_every_action_is_in_these_tables_or_takes_nothing() -> None:
    none = {name for name, action in ACTIONS.items() if not action.arguments}
    assert set(ACTIONS) <= none | set(WRONG) | set(MISSING)
