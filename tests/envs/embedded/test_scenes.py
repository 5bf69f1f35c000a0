"""Scenes, settings and houses: in AI2-THOR's order, and when something is wrong."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from spatune.envs.houses.library import house_names


def test_houses_of_the_package_are_scenes(play) -> None:
    player = play(None)
    assert player.ok("GetScenesInBuild") == [*house_names(), "Procedural"]
    name = house_names("test")[0]
    player.ok("Reset", sceneName=name)
    assert player.simulator.world is None
    planes = player.ok("Initialize", gridSize=0.25)
    assert planes == {"cameraNearPlane": 0.1, "cameraFarPlane": 20.0}
    assert player.reply.agent["sceneName"] == name
    assert player.reply.agent["objects"] and player.reply.view.rgb.shape == (36, 48, 3)


def test_initializing_again_begins_the_house_again(two) -> None:
    start = two.world.digest()
    two.ok("MoveAhead")
    two.ok("OpenObject", objectId="Fridge|2|1", forceAction=True)
    assert two.world.digest() != start
    two.ok("Initialize", snapToGrid=False, rotateStepDegrees=30)
    assert two.world.digest() == start


def test_what_initialize_does_not_name_has_ai2thors_default(two) -> None:
    two.ok("Initialize")
    yaw = two.pose[2]
    two.ok("RotateRight")
    assert (two.pose[2] - yaw) % 360 == 90
    assert two.reply.agent["fov"] == 90.0
    assert two.reply.view.depth is None and two.reply.agent["colors"] is None


def test_initialize_sets_what_it_names(play, two_rooms) -> None:
    player = play(
        two_rooms,
        gridSize=0.1,
        fieldOfView=60,
        rotateStepDegrees=45,
        visibilityDistance=0.5,
        snapToGrid=False,
        renderDepthImage=True,
        renderInstanceSegmentation=True,
        renderSemanticSegmentation=True,
    )
    x, z, yaw, *_ = player.pose
    player.ok("RotateRight")
    assert (player.pose[2] - yaw) % 360 == 45
    player.go(3.9, 4.0)
    player.ok("MoveAhead")
    assert player.pose[1] == pytest.approx(4.1)
    assert player.reply.agent["fov"] == 60.0
    view = player.reply.view
    assert view.depth.dtype == np.float32 and view.depth.shape == (36, 48)
    assert view.instances.shape == view.classes.shape == (36, 48, 4)
    near = [o for o in player.reply.agent["objects"] if o["visible"]]
    wider = play(two_rooms, visibilityDistance=3, snapToGrid=False)
    wider.go(3.9, 4.1, 45.0)
    player.go(3.9, 4.1, 45.0)
    near, far = ({o["objectId"] for o in p.reply.agent["objects"] if o["visible"]}
                 for p in (player, wider))  # fmt: skip
    assert near < far


def test_a_failed_initialize_keeps_the_settings_and_the_house(two) -> None:
    two.fails("Initialize", code="InvalidArgument", gridSize=0.1, fieldOfView=-1)
    two.go(3.9, 4.0)
    two.ok("MoveAhead")
    assert two.pose[1] == pytest.approx(4.25)


def test_images_are_drawn_when_a_step_asks_for_them(two) -> None:
    two.ok("Pass")
    assert two.reply.view.rgb is not None and two.reply.view.depth is None
    two.ok("Pass", renderDepthImage=True, renderInstanceSegmentation=True)
    assert two.reply.view.depth is not None and two.reply.view.instances is not None
    assert two.reply.view.classes is None
    two.ok("Pass", renderObjectImage=True, renderClassImage=True)
    assert two.reply.view.instances is not None and two.reply.view.classes is not None
    two.ok("Pass", renderImage=False, renderDepthImage=True)
    assert two.reply.view.rgb is None and two.reply.view.depth is None


def test_colours_tell_objects_and_types(two) -> None:
    two.go(3.9, 4.0, 60.0, 30.0)
    two.ok("Pass", renderInstanceSegmentation=True, renderSemanticSegmentation=True)
    entries = two.reply.agent["colors"]
    colours = {tuple(entry["color"]): entry["name"] for entry in entries}
    assert len(colours) == len(entries) and (0, 0, 0) not in colours
    view = two.reply.view
    assert (view.instances[..., 3] == 255).all() and (view.classes[..., 3] == 255).all()
    pairs = set()
    for instance, kind in zip(
        view.instances.reshape(-1, 4).tolist(), view.classes.reshape(-1, 4).tolist(), strict=True
    ):
        name, its_kind = colours.get(tuple(instance[:3])), colours.get(tuple(kind[:3]))
        pairs.add((name, its_kind))
        assert name is None or name.split("|")[0] == its_kind
    assert len(pairs) > 5 and "CounterTop|2|0" in {name for name, _ in pairs}


@pytest.mark.parametrize("size", [(1, 1), (30, 50), (200, 40)])
def test_the_resolution_changes_with_the_camera_where_it_was(two, size) -> None:
    pose = two.pose
    two.ok("ChangeResolution", x=size[0], y=size[1])
    agent = two.reply.agent
    assert two.reply.view.rgb.shape == (size[1], size[0], 3)
    assert (agent["screenWidth"], agent["screenHeight"]) == size and two.pose == pose


BAD_HOUSES = {
    "no rooms": lambda house: {**house, "rooms": []},
    "no walls": lambda house: {**house, "walls": []},
    "rooms are missing": lambda house: {k: v for k, v in house.items() if k != "rooms"},
    "empty": lambda house: {},
    "an unknown asset": lambda house: _with_object(house, assetId="Piano_1"),
    "a position that is none": lambda house: _with_object(house, position="here"),
    "two objects of one id": lambda house: {**house, "objects": house["objects"][:1] * 2},
}


def _with_object(house, **changes):
    first, *rest = copy.deepcopy(house["objects"])
    return {**house, "objects": [{**first, **changes}, *rest]}


@pytest.mark.parametrize("kind", BAD_HOUSES)
def test_a_house_that_is_none_is_refused_and_the_old_one_stays(shared_two, two_rooms, kind) -> None:
    said = shared_two.fails("CreateHouse", house=BAD_HOUSES[kind](two_rooms))
    assert len(said) > 10
    shared_two.ok("Pass")
    assert shared_two.reply.view.rgb is not None


def test_a_reset_leaves_the_house(two) -> None:
    two.ok("Reset")
    assert two.simulator.world is None and two.reply.view.rgb is None
    assert two.reply.agent["objects"] == [] and two.reply.agent["sceneBounds"] is None


def test_scene_bounds_are_those_of_the_rooms(two) -> None:
    bounds = two.reply.agent["sceneBounds"]
    corners = np.array(bounds["cornerPoints"])
    floors = np.array([corner for room in two.world.house.rooms for corner in room.floor])
    np.testing.assert_allclose(corners[:, [0, 2]].min(axis=0), floors.min(axis=0))
    np.testing.assert_allclose(corners[:, [0, 2]].max(axis=0), floors.max(axis=0))
    assert corners[:, 1].min() == 0 and corners[:, 1].max() == two.world.house.ceiling_height
    assert bounds["size"]["x"] == pytest.approx(np.ptp(floors[:, 0]))


def test_sequence_ids_are_echoed_or_counted(two) -> None:
    two.do("Pass", sequenceId=41)
    assert two.reply.metadata["sequenceId"] == 41
    two.do("Pass")
    assert two.reply.metadata["sequenceId"] == 42


def test_replies_do_not_change_afterwards(two) -> None:
    two.ok("Pass")
    first = two.reply
    position, image = dict(first.agent["agent"]["position"]), first.view.rgb.copy()
    egg = copy.deepcopy(next(o for o in first.agent["objects"] if o["objectType"] == "Egg"))
    two.ok("PickupObject", objectId=egg["objectId"], forceAction=True)
    two.ok("RotateRight")
    assert first.agent["agent"]["position"] == position
    np.testing.assert_array_equal(first.view.rgb, image)
    assert egg in first.agent["objects"]
