"""The controller in process is called as AI2-THOR's is, and says clearly what is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.envs.houses.library import house_names
from spatune.envs.thor_backends import ThorController
from spatune.errors import SpatuneError

HOUSE = Path(__file__).parents[1] / "houses" / "data" / "two_rooms.json"


@pytest.fixture(scope="module")
def controller(house: dict[str, Any], options: dict[str, Any]) -> Iterator[ThorController]:
    with ThorController(scene=house, **options) as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(controller: ThorController, house: dict[str, Any]) -> None:
    controller.reset(house)


def test_images_have_their_size_and_kind(controller: ThorController) -> None:
    event = controller.step("Pass")
    assert event.frame is not None and event.frame.shape == (48, 72, 3)
    assert event.frame.dtype == np.uint8 and event.frame.std() > 5
    assert event.depth_frame is not None and event.depth_frame.shape == (48, 72)
    assert event.instance_segmentation_frame is not None
    assert event.instance_segmentation_frame.shape == (48, 72, 3)
    assert (event.screen_width, event.screen_height) == (72, 48)
    assert np.array_equal(event.cv2img, event.frame[..., ::-1])


def test_an_action_is_a_name_or_a_dict(controller: ThorController) -> None:
    action = {"action": "RotateRight", "degrees": 10}
    assert controller.step(action).metadata["agent"]["rotation"]["y"] == pytest.approx(10)
    assert action == {"action": "RotateRight", "degrees": 10}
    event = controller.step("RotateRight", degrees=25)
    assert event.metadata["agent"]["rotation"]["y"] == pytest.approx(35)
    assert controller.last_event is event and event.events == [event]


def test_a_scalar_rotation_is_about_the_vertical(controller: ThorController) -> None:
    event = controller.step("Teleport", rotation=np.float32(90))
    assert event.metadata["agent"]["rotation"] == {"x": 0.0, "y": 90.0, "z": 0.0}


def test_numpy_values_count_as_what_they_hold(controller: ThorController) -> None:
    place = controller.step("GetReachablePositions").metadata["actionReturn"][-1]
    position = {axis: np.float64(value) for axis, value in place.items()}
    event = controller.step("Teleport", position=position, horizon=np.int64(30))
    assert event.metadata["agent"]["position"] == place
    controller.step("SetObjectFilter", objectIds=np.array(["room|2"]))
    assert [o["objectId"] for o in controller.last_event.metadata["objects"]] == ["room|2"]


def test_a_value_that_json_lacks_is_named(controller: ThorController) -> None:
    with pytest.raises(SpatuneError, match="MoveAhead.*cannot be written as JSON.*set"):
        controller.step("MoveAhead", moveMagnitude={1, 2})


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ({"action": "Fly"}, "Fly.*MoveAhead"),
        ({"action": None}, "None.*MoveAhead"),
        ({"action": "MoveAhead", "speed": 1}, "speed.*moveMagnitude"),
        ({"action": "OpenObject"}, "objectId"),
        ({"action": "MoveAhead", "moveMagnitude": "far"}, "moveMagnitude.*number"),
    ],
)
def test_a_wrong_call_is_a_value_error(
    controller: ThorController, action: dict[str, Any], names: str
) -> None:
    with pytest.raises(ValueError, match=names) as raised:
        controller.step(action)
    assert "\n" not in str(raised.value)
    assert not controller.last_event
    assert controller.step("Pass")


def test_failing_raises_only_where_asked(controller: ThorController) -> None:
    away = {"x": 99.0, "y": 0.9, "z": 99.0}
    event = controller.step("Teleport", position=away)
    assert not event and event.metadata["errorMessage"]
    with pytest.raises(RuntimeError, match="."):
        controller.step("Teleport", position=away, raise_for_failure=True)


def test_rendering_is_asked_for_by_step(controller: ThorController) -> None:
    event = controller.step("Pass", renderImage=False)
    assert event.frame is None and event.depth_frame is None
    assert dict(event.instance_masks) == {} and event.instance_detections2D is None
    with pytest.raises(ValueError, match="renderImage"):
        _ = event.cv2img
    assert controller.step("Pass", renderDepthImage=False).depth_frame is None


def test_reset_keeps_what_it_was_told(controller: ThorController) -> None:
    before = controller.initialization_parameters["rotateStepDegrees"]
    event = controller.reset(width=40, height=56, rotateStepDegrees=15)
    assert event.frame is not None and event.frame.shape == (56, 40, 3)
    assert (controller.width, controller.height) == (40, 56)
    controller.reset()
    event = controller.step("RotateRight")
    assert event.metadata["agent"]["rotation"]["y"] == pytest.approx(15)
    assert event.frame is not None and event.frame.shape == (56, 40, 3)
    controller.reset(width=72, height=48, rotateStepDegrees=before)


def test_events_do_not_change_afterwards(controller: ThorController) -> None:
    first = controller.step("Pass")
    assert first.frame is not None
    pixels, pose = first.frame.copy(), first.pose
    controller.step("RotateRight")
    assert np.array_equal(first.frame, pixels) and first.pose == pose


def test_objects_are_found_by_id_and_type(controller: ThorController) -> None:
    event = controller.last_event
    (fridge,) = event.objects_by_type("Fridge")
    assert event.get_object(fridge["objectId"]) is fridge
    assert event.get_object("Fridge|99|99") is None


def test_an_unknown_scene_names_the_known_ones(controller: ThorController) -> None:
    with pytest.raises(ValueError, match=f"Moon.*{house_names()[0]}"):
        controller.reset("Moon")
    with pytest.raises(ValueError, match="FloorPlan1_physics"):
        controller.reset("FloorPlan1")


def test_a_wrong_initialization_frees_the_simulator(house: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fieldOfView"):
        ThorController(scene=house, fieldOfView=-1)
    with pytest.raises(ValueError, match="gravity"):
        ThorController(scene=house, gravity=9.8)


def test_a_house_that_is_none_is_a_failed_event(house: dict[str, Any]) -> None:
    with ThorController(scene={**house, "rooms": "two"}, width=32, height=32) as controller:
        event = controller.last_event
        assert not event and "rooms" in event.metadata["errorMessage"]


def test_the_first_house_of_the_package_is_the_default() -> None:
    with ThorController(width=32, height=32) as controller:
        assert controller.scene == house_names()[0]
        assert controller.last_event.metadata["sceneName"] == house_names()[0]
        assert controller.last_event.metadata["objects"]


def test_a_stopped_controller_says_so(house: dict[str, Any]) -> None:
    with ThorController(scene=house, width=32, height=32) as controller:
        pass
    controller.stop()
    with pytest.raises(SpatuneError, match="stopped"):
        controller.step("Pass")


def test_it_needs_no_ai2thor() -> None:
    program = (
        "import json, sys; sys.modules.update(ai2thor=None, msgpack=None)\n"
        "from spatune.envs.thor_backends import make_controller\n"
        f"house = json.load(open({str(HOUSE)!r}))\n"
        "controller = make_controller(scene=house, width=32, height=32)\n"
        "print(controller.last_event.frame.shape)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "(32, 32, 3)", done.stderr
    assert done.stderr.count("\n") == 1 and "embedded" in done.stderr
    assert "pip install 'spatune[unity]'" in done.stderr
