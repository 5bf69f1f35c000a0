"""Third-party cameras, and the camera of a map."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.embedded.third_party import SKIES


@pytest.fixture
def two(shared_two):
    """Two rooms without cameras, with everything listed."""
    shared_two.simulator.cameras.clear()
    shared_two.ok("ResetObjectFilter")
    return shared_two


ABOVE = {
    "position": {"x": 2.0, "y": 2.0, "z": 4.2},
    "rotation": {"x": 60, "y": 90, "z": 0},
}


def test_a_camera_where_the_agent_looks_sees_what_it_sees(two) -> None:
    two.go(3.9, 4.0, 60.0, 30.0)
    number = two.ok(
        "AddThirdPartyCamera",
        position=two.reply.agent["cameraPosition"],
        rotation={"x": 30, "y": 60, "z": 0},
        fieldOfView=90,
        renderDepthImage=True,
        renderInstanceSegmentation=True,
        renderSemanticSegmentation=True,
    )
    assert number == 0
    own, (other,) = two.reply.view, two.reply.third_party
    for name in ("rgb", "depth", "instances", "classes"):
        np.testing.assert_array_equal(getattr(own, name), getattr(other, name))


def test_cameras_stay_where_they_are_until_they_are_moved(two) -> None:
    two.go(3.9, 4.0)
    two.ok("AddThirdPartyCamera", **ABOVE)
    two.ok("AddThirdPartyCamera", **{**ABOVE, "rotation": {"x": 0, "y": 0, "z": 0}})
    first, second = (view.rgb for view in two.reply.third_party)
    assert (first != second).any()
    two.ok("RotateRight")
    for before, view in zip((first, second), two.reply.third_party, strict=True):
        np.testing.assert_array_equal(before, view.rgb)
    two.ok("UpdateThirdPartyCamera", thirdPartyCameraId=1, rotation=ABOVE["rotation"])
    np.testing.assert_array_equal(two.reply.third_party[1].rgb, first)
    two.ok("UpdateThirdPartyCamera", thirdPartyCameraId=1, fieldOfView=40)
    assert (two.reply.third_party[1].rgb != first).any()
    told = two.reply.metadata["thirdPartyCameras"]
    assert [camera["thirdPartyCameraId"] for camera in told] == [0, 1]
    assert [camera["fieldOfView"] for camera in told] == [90.0, 40.0]
    assert two.reply.agent["thirdPartyCameras"] == told


def test_without_images_there_is_an_empty_view_a_camera(two) -> None:
    two.ok("AddThirdPartyCamera", **ABOVE)
    for hidden in (["room|2"], []):
        two.ok("SetObjectFilter", objectIds=hidden)
        two.ok("Pass", renderImage=False)
        assert [view.rgb for view in two.reply.third_party] == [None]


def test_a_map_shows_the_whole_house_from_above(two) -> None:
    above = two.ok("GetMapViewCameraProperties")
    assert above["orthographic"] and above["rotation"] == {"x": 90.0, "y": 0.0, "z": 0.0}
    two.ok(
        "AddThirdPartyCamera",
        **above,
        skyboxColor="white",
        renderDepthImage=True,
        renderInstanceSegmentation=True,
    )
    (view,) = two.reply.third_party
    colours = {tuple(c["color"]): c["name"] for c in two.reply.agent["colors"]}
    names = np.array(
        [[colours.get(tuple(map(int, pixel[:3])), "") for pixel in row] for row in view.instances]
    )
    height = 2 * above["orthographicSize"]
    rows, columns = names.shape
    metre = rows / height
    for room in two.world.house.rooms:
        assert (names == room.id).any()
    for thing in two.world.house.objects:
        if thing.id in ("2|0", "3|0", "2|2"):
            column = columns / 2 + (thing.position[0] - above["position"]["x"]) * metre
            row = rows / 2 - (thing.position[2] - above["position"]["z"]) * metre
            name = names[int(row), int(column)]
            on_it = [n for n, s in two.world.states.items() if s.parent and thing.id in s.parent]
            assert thing.id in name or name in on_it
    assert (view.rgb[0, 0] == SKIES["white"]).all() and names[0, 0] == ""
    floor = view.depth[names == "room|3"]
    np.testing.assert_allclose(floor, above["position"]["y"], rtol=1e-3)


@pytest.mark.parametrize("sky", [None, *SKIES])
def test_the_sky_has_the_colour_that_was_asked_for(two, sky: str | None) -> None:
    above = two.ok("GetMapViewCameraProperties")
    asked = {} if sky is None else {"skyboxColor": sky}
    two.ok("AddThirdPartyCamera", **above, **asked)
    assert two.reply.third_party[0].rgb[0, 0].tolist() == list(SKIES[sky or "blue"])
    assert two.reply.third_party[0].rgb.dtype == np.uint8


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"orthographic": True}, "MissingArguments", "orthographicSize"),
        ({"orthographic": True, "orthographicSize": 0}, "MissingArguments", "orthographicSize"),
        ({"skyboxColor": "teal"}, "InvalidArgument", "'teal' is unknown; use one of: white"),
        ({"skyboxColor": ["white"]}, "InvalidArgument", "skyboxColor"),
        ({"fieldOfView": 180}, "InvalidArgument", "fieldOfView"),
        ({"fieldOfView": 0}, "InvalidArgument", "fieldOfView"),
        ({"orthographic": 1}, "InvalidArgument", "orthographic"),
        ({"position": {"x": 0, "y": 1}}, "MissingArguments", "position has no z"),
        ({"rotation": 90}, "InvalidArgument", "rotation must have x, y and z"),
    ],
)
def test_a_wrong_camera_is_not_added(two, arguments, code: str, said: str) -> None:
    assert said in two.fails("AddThirdPartyCamera", code=code, **{**ABOVE, **arguments})
    assert two.simulator.cameras == [] and two.reply.third_party == ()
    two.ok("AddThirdPartyCamera", **ABOVE)
    before = two.simulator.cameras[0]
    assert said in two.fails("UpdateThirdPartyCamera", code=code, thirdPartyCameraId=0, **arguments)
    assert two.simulator.cameras == [before]


@pytest.mark.parametrize("number", [1, -1, 0.5])
def test_a_camera_that_is_not_there_cannot_be_moved(two, number: float) -> None:
    two.ok("AddThirdPartyCamera", **ABOVE)
    said = two.fails("UpdateThirdPartyCamera", thirdPartyCameraId=number, fieldOfView=60)
    assert said == f"there is no third-party camera {number:g}; there are 1"


def test_a_new_house_has_no_cameras(two, two_rooms) -> None:
    two.ok("AddThirdPartyCamera", **ABOVE)
    two.ok("CreateHouse", house=two_rooms)
    assert two.reply.third_party == () and two.simulator.cameras == []
