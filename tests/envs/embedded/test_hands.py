"""Opening, picking up, putting down and switching."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.houses.polygon import contains

EGG, BOWL, COUNTER = "Egg|small|2|4", "Bowl|small|2|2", "CounterTop|2|0"
FRIDGE, TOMATO, LAMP, BOX = "Fridge|2|1", "Tomato|small|2|1", "FloorLamp|3|1", "Box|3|2"
DOOR = "door|4|7"
FORCE = {"forceAction": True}


def before_the_counter(player) -> None:
    player.go(4.0, 4.0, 90.0, 30.0)


def test_what_is_not_near_or_not_in_view_is_out_of_reach(two) -> None:
    before_the_counter(two)
    assert two.thing(EGG)["visible"] and not two.thing(LAMP)["visible"]
    for action in ("OpenObject", "CloseObject", "PickupObject", "ToggleObjectOn"):
        said = two.fails(action, objectId=LAMP)
        assert said == (f"{LAMP} is not visible within 1.5 m; go nearer, or use forceAction=True")
        assert "no object 'Egg|0'" in two.fails(action, objectId="Egg|0", **FORCE)


def test_a_thing_is_picked_up_carried_and_put_down(two) -> None:
    before_the_counter(two)
    assert EGG in two.thing(COUNTER)["receptacleObjectIds"]
    two.ok("PickupObject", objectId=EGG)
    egg = two.thing(EGG)
    assert egg["isPickedUp"] and egg["parentReceptacles"] is None and egg["visible"]
    assert two.reply.agent["inventoryObjects"] == [{"objectId": EGG, "objectType": "Egg"}]
    assert EGG not in two.thing(COUNTER)["receptacleObjectIds"]
    hand = egg["position"]
    two.ok("MoveBack")
    moved = two.thing(EGG)["position"]
    assert moved["x"] == pytest.approx(hand["x"] - 0.25) and moved["y"] == hand["y"]
    two.ok("RotateRight", degrees=90)
    assert two.thing(EGG)["rotation"]["y"] == pytest.approx(180)
    x, z, *_ = two.pose
    place = two.thing(EGG)["position"]
    assert np.hypot(place["x"] - x, place["z"] - z) < 0.7 and place["z"] < z
    two.ok("Crouch")
    assert two.thing(EGG)["position"]["y"] < place["y"] - 0.5
    two.ok("Stand")
    assert "holds Egg|small|2|4 already" in two.fails("PickupObject", objectId=BOWL, **FORCE)

    two.ok("PutObject", objectId=COUNTER, **FORCE)
    egg = two.thing(EGG)
    assert not egg["isPickedUp"] and egg["parentReceptacles"] == [COUNTER]
    assert EGG in two.thing(COUNTER)["receptacleObjectIds"]
    assert two.reply.agent["inventoryObjects"] == []
    assert "holds nothing" in two.fails("PutObject", objectId=COUNTER, **FORCE)


def test_a_thing_is_put_on_the_floor_of_a_room_of_any_shape(play) -> None:
    """The middle of this L-shaped room's bounds is in another room."""
    player = play(None)
    player.ok("Reset", sceneName="train-5fa29acc2d99")
    player.ok("Initialize")
    thing = next(o["objectId"] for o in player.reply.agent["objects"] if o["pickupable"])
    player.ok("PickupObject", objectId=thing, **FORCE)
    player.ok("PutObject", objectId="room|3", **FORCE)
    place = player.thing(thing)["position"]
    floor = next(room.floor for room in player.world.house.rooms if room.id == "room|3")
    assert contains(floor, (place["x"], place["z"]))
    assert player.thing(thing)["parentReceptacles"] == ["room|3"]


def spans(box: dict) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array(box["cornerPoints"])
    return corners.min(axis=0), corners.max(axis=0)


@pytest.mark.parametrize("thing", [EGG, "Knife|small|2|6", "SoapBottle|small|2|8"])
def test_a_thing_stands_on_what_it_was_put_on_and_in_nothing(two, thing: str) -> None:
    for where in (COUNTER, "DiningTable|3|0", "Stool|2|2", "room|2", "room|3"):
        assert_stands(two, thing, where)


def assert_stands(two, thing: str, where: str) -> None:
    two.ok("PickupObject", objectId=thing, **FORCE)
    two.ok("PutObject", objectId=where, **FORCE)
    low, high = spans(two.thing(thing)["axisAlignedBoundingBox"])
    below_low, below_high = spans(two.thing(where)["axisAlignedBoundingBox"])
    assert (low[[0, 2]] >= below_low[[0, 2]] - 1e-6).all()
    assert (high[[0, 2]] <= below_high[[0, 2]] + 1e-6).all()
    assert below_low[1] <= low[1] <= below_high[1] + 0.02
    for other in two.reply.agent["objects"]:
        names = (thing, where, *(two.thing(where)["parentReceptacles"] or ()))
        if other["objectId"] in names or other["objectType"] in ("Floor", "Wall", "Window"):
            continue
        other_low, other_high = spans(other["axisAlignedBoundingBox"])
        overlap = np.minimum(high, other_high) - np.maximum(low, other_low)
        assert overlap.min() < 1e-3, other["objectId"]


def test_many_things_are_put_side_by_side_until_there_is_no_room(two) -> None:
    placed = []
    names = [o["objectId"] for o in two.reply.agent["objects"] if o["pickupable"]]
    for name in names:
        two.ok("PickupObject", objectId=name, **FORCE)
        agent = two.do("PutObject", objectId="Stool|2|2", **FORCE)
        if not agent["lastActionSuccess"]:
            assert f"no room for {name} on or in Stool|2|2" in agent["errorMessage"]
            assert two.thing(name)["isPickedUp"]
            break
        placed.append(name)
    assert placed and placed == two.thing("Stool|2|2")["receptacleObjectIds"]
    boxes = [spans(two.thing(name)["axisAlignedBoundingBox"]) for name in placed]
    for i, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:i]:
            assert (np.minimum(high, other_high) - np.maximum(low, other_low)).min() < 1e-3


def test_what_a_thing_holds_goes_with_it(two) -> None:
    two.ok("PickupObject", objectId=EGG, **FORCE)
    two.ok("PutObject", objectId=BOX, **FORCE)
    egg, box = (two.thing(name)["position"] for name in (EGG, BOX))
    before = {axis: egg[axis] - box[axis] for axis in "xyz"}
    two.ok("PickupObject", objectId=BOX, **FORCE)
    two.ok("MoveAhead")
    egg, box = (two.thing(name)["position"] for name in (EGG, BOX))
    assert {axis: egg[axis] - box[axis] for axis in "xyz"} == pytest.approx(before)
    assert two.thing(EGG)["parentReceptacles"] == [BOX]


def test_nothing_is_put_into_itself(two) -> None:
    two.ok("PickupObject", objectId=BOWL, **FORCE)
    two.ok("PutObject", objectId=BOX, **FORCE)
    two.ok("PickupObject", objectId=BOX, **FORCE)
    for name in (BOX, BOWL):
        assert f"put on or in {name}" in two.fails("PutObject", objectId=name, **FORCE)


def test_what_cannot_hold_is_no_place_to_put(two) -> None:
    two.ok("PickupObject", objectId=EGG, **FORCE)
    for name in (LAMP, "wall|3|0.00|3.36|0.00|5.04", "door|1|3"):
        assert f"nothing can be put on or in {name}" == two.fails(
            "PutObject", objectId=name, **FORCE
        )


def test_what_is_lifted_is_no_obstacle_any_more_with_what_it_holds(two) -> None:
    pencil = "small|3|14"
    x, _, z = next(thing.position for thing in two.world.house.objects if thing.id == "3|2")
    two.go(3.4, z + 0.12, 270.0)
    agent = two.do("MoveAhead", moveMagnitude=0.5)
    assert agent["errorMessage"] == f"{BOX} is in the way"
    assert {"3|2", pencil} & set(two.world.plan.owners)
    two.ok("PickupObject", objectId=BOX, **FORCE)
    assert not {"3|2", pencil} & set(two.world.plan.owners)
    two.ok("MoveAhead", moveMagnitude=0.5)
    assert two.pose[0] < x + 0.2


def test_what_is_fixed_is_not_picked_up(two) -> None:
    for name in (COUNTER, "DiningTable|3|0", "door|1|3", "room|2"):
        assert two.fails("PickupObject", objectId=name, **FORCE) == f"{name} cannot be picked up"


def test_a_fridge_opens_and_closes(two) -> None:
    assert not two.thing(FRIDGE)["isOpen"]
    assert two.fails("CloseObject", objectId=FRIDGE, **FORCE) == f"{FRIDGE} is closed already"
    two.ok("OpenObject", objectId=FRIDGE, openness=0.3, **FORCE)
    assert two.thing(FRIDGE)["isOpen"] and two.thing(FRIDGE)["openness"] == 0.3
    two.ok("OpenObject", objectId=FRIDGE, **FORCE)
    assert two.thing(FRIDGE)["openness"] == 1.0
    assert "open by 1 already" in two.fails("OpenObject", objectId=FRIDGE, **FORCE)
    two.ok("CloseObject", objectId=FRIDGE, **FORCE)
    assert not two.thing(FRIDGE)["isOpen"] and two.thing(FRIDGE)["openness"] == 0.0
    for action, word in (("OpenObject", "opened"), ("CloseObject", "closed")):
        assert two.fails(action, objectId=COUNTER, **FORCE) == f"{COUNTER} cannot be {word}"


def test_what_is_closed_takes_nothing_unless_forced(two) -> None:
    two.ok("OpenObject", objectId=FRIDGE, **FORCE)
    two.ok("PickupObject", objectId=TOMATO, **FORCE)
    two.go(3.74, 5.2, 0.0, 0.0)
    assert two.thing(FRIDGE)["visible"]
    two.ok("CloseObject", objectId=FRIDGE)
    assert two.fails("PutObject", objectId=FRIDGE) == f"{FRIDGE} is closed"
    two.ok("OpenObject", objectId=FRIDGE)
    two.ok("PutObject", objectId=FRIDGE)
    assert two.thing(TOMATO)["parentReceptacles"] == [FRIDGE]


def test_a_lamp_is_switched_off_and_on(two) -> None:
    assert two.thing(LAMP)["isToggled"]
    assert two.fails("ToggleObjectOn", objectId=LAMP, **FORCE) == f"{LAMP} is on already"
    two.ok("ToggleObjectOff", objectId=LAMP, **FORCE)
    assert not two.thing(LAMP)["isToggled"]
    assert two.fails("ToggleObjectOff", objectId=LAMP, **FORCE) == f"{LAMP} is off already"
    two.ok("ToggleObjectOn", objectId=LAMP, **FORCE)
    assert two.thing(LAMP)["isToggled"]
    assert "cannot be switched" in two.fails("ToggleObjectOn", objectId=FRIDGE, **FORCE)


def test_a_door_that_is_closed_blocks_the_way_and_the_view(four) -> None:
    four.go(4.2, 5.1, 270.0)
    way = {"position": {"x": 4.2, "y": 0.9, "z": 5.1}, "target": {"x": 2.8, "y": 0.9, "z": 5.1}}
    there = len(four.ok("GetReachablePositions"))
    open_view = four.reply.view.rgb
    assert len(four.ok("GetShortestPathToPoint", **way)["corners"]) == 2
    assert four.thing(DOOR)["isOpen"]
    four.ok("CloseObject", objectId=DOOR, **FORCE)
    assert not four.thing(DOOR)["isOpen"]
    assert (four.reply.view.rgb != open_view).any()
    four.ok("MoveAhead")
    agent = four.do("MoveAhead", moveMagnitude=0.5)
    assert agent["collidedObjects"][0].startswith("wall|")
    assert len(four.ok("GetReachablePositions")) < there
    assert "no way" in four.fails("GetShortestPathToPoint", **way)
    four.ok("OpenObject", objectId=DOOR, **FORCE)
    assert four.ok("GetShortestPathToPoint", **way)
    four.go(4.2, 5.1, 270.0)
    np.testing.assert_array_equal(four.reply.view.rgb, open_view)
    for _ in range(5):
        four.ok("MoveAhead")


def test_a_door_does_not_close_on_the_agent(four) -> None:
    four.go(3.49, 5.1, 270.0)
    for action in ({"action": "CloseObject"}, {"action": "OpenObject", "openness": 0.2}):
        said = four.fails(**action, objectId=DOOR, **FORCE)
        assert said == f"the agent is in the way of {DOOR}"
    assert four.thing(DOOR)["openness"] == 1.0
    four.ok("MoveAhead")
