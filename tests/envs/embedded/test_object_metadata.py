"""The metadata of objects, against that of the real iTHOR scenes that procthor ships."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.envs.houses.assets import find_asset
from spatune.envs.houses.frames import rotation_matrix
from spatune.envs.houses.library import house_names


@pytest.fixture(scope="module")
def real() -> list[dict[str, Any]]:
    """8,715 objects of 120 scenes."""
    found = importlib.util.find_spec("procthor")
    if found is None or found.origin is None:
        pytest.skip(
            "compares with the metadata that procthor ships: pip install 'spatune[procthor]'"
        )
    file = Path(found.origin).parent / "databases" / "ai2thor-object-metadata.json"
    return [o for group in json.loads(file.read_text()).values() for scene in group for o in scene]


@pytest.fixture(scope="module")
def ours(two_rooms, four_rooms) -> Iterator[list[dict[str, Any]]]:
    """All objects of five houses, some of them open, carried and put down."""
    from spatune.envs.embedded import Simulator

    simulator, found = Simulator(32, 24), []

    def step(action: str, **arguments: Any) -> list[dict[str, Any]]:
        reply = simulator.step({"action": action, **arguments})
        assert reply.agent["lastActionSuccess"], reply.agent["errorMessage"]
        return reply.agent["objects"]

    for name in house_names("test")[:3]:
        step("Reset", sceneName=name)
        found += step("Initialize")
    step("Reset")
    for house in (four_rooms, two_rooms):
        found += step("CreateHouse", house=house)
    step("OpenObject", objectId="Fridge|2|1", forceAction=True)
    found += step("PickupObject", objectId="Egg|small|2|4", forceAction=True)
    found += step("PutObject", objectId="Bowl|small|2|2", forceAction=True)
    yield found
    simulator.close()


def kinds(objects: list[dict[str, Any]], field: str) -> set[str]:
    return {type(thing[field]).__name__ for thing in objects if field in thing}


def test_every_field_of_ai2thor_is_there_with_its_type(real, ours) -> None:
    fields = {field for thing in real for field in thing}
    assert len(fields) > 35
    for field in sorted(fields):
        assert all(field in thing for thing in ours), field
        assert kinds(ours, field) <= kinds(real, field), field
        if field not in ("controlledObjects", "fillLiquid"):
            assert kinds(ours, field) >= kinds(real, field) - {"NoneType"}, field


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths of a nested value with the type there; entries of a list share one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, type(value).__name__


@pytest.mark.parametrize(
    "field",
    [
        "position",
        "rotation",
        "axisAlignedBoundingBox",
        "objectOrientedBoundingBox",
        "salientMaterials",
        "receptacleObjectIds",
        "parentReceptacles",
    ],
)
def test_nested_fields_have_the_same_parts(real, ours, field: str) -> None:
    def parts(objects: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {
            leaf for thing in objects if thing[field] is not None for leaf in leaves(thing[field])
        }

    expected = {leaf for leaf in parts(real[::10]) if leaf[1] != "int"}
    assert parts(ours) == expected


def test_words_are_ai2thors(real, ours) -> None:
    assert {thing["temperature"] for thing in ours} <= {thing["temperature"] for thing in real}
    materials = {m for thing in real for m in thing["salientMaterials"] or ()}
    assert {m for thing in ours for m in thing["salientMaterials"] or ()} <= materials


def test_metadata_can_be_written_as_json(ours) -> None:
    assert json.loads(json.dumps(ours)) == ours


def local_signs(thing: dict[str, Any], order: list[list[float]]) -> np.ndarray:
    """Signs of the oriented corners in the object's own frame (8, 3)."""
    rotation = tuple(thing["rotation"][axis] for axis in "xyz")
    corners = np.array(order)
    return np.sign((corners - corners.mean(axis=0)) @ rotation_matrix(rotation))


def test_oriented_corners_are_in_ai2thors_order(real, ours) -> None:
    """Turned back by our rotation matrix, AI2-THOR's corners come in one order: ours."""

    def order(objects: list[dict[str, Any]]) -> list[bytes]:
        boxes = ((thing, thing["objectOrientedBoundingBox"]) for thing in objects)
        return [local_signs(t, b["cornerPoints"]).tobytes() for t, b in boxes if b is not None]

    (own,) = set(order(ours))
    # A few real boxes are drawn about a frame of their own, which no metadata tells.
    theirs = order(real)
    assert len(theirs) > 4000
    assert sum(signs == own for signs in theirs) / len(theirs) > 0.85


def test_aligned_corners_are_in_ai2thors_order(real, ours) -> None:
    def order(thing: dict[str, Any]) -> list[list[float]]:
        box = thing["axisAlignedBoundingBox"]
        centre = np.array([box["center"][axis] for axis in "xyz"])
        return np.sign(np.round(np.array(box["cornerPoints"]) - centre, 6)).tolist()

    expected = order(real[0])
    assert sum(order(thing) == expected for thing in real[::20]) > 0.95 * len(real[::20])
    for thing in ours:
        if thing["objectType"] not in ("Floor", "Wall"):  # these are flat
            assert order(thing) == expected


def test_boxes_agree_with_one_another_and_with_the_asset(ours) -> None:
    oriented = 0
    for thing in ours:
        box = thing["axisAlignedBoundingBox"]
        corners = np.array(box["cornerPoints"])
        centre = np.array([box["center"][axis] for axis in "xyz"])
        size = np.array([box["size"][axis] for axis in "xyz"])
        np.testing.assert_allclose(corners.max(axis=0), centre + size / 2, atol=1e-9)
        np.testing.assert_allclose(corners.min(axis=0), centre - size / 2, atol=1e-9)
        if thing["objectOrientedBoundingBox"] is None:
            assert not (thing["pickupable"] or thing["moveable"])
            continue
        oriented += 1
        assert thing["pickupable"] or thing["moveable"]
        turned = np.array(thing["objectOrientedBoundingBox"]["cornerPoints"])
        np.testing.assert_allclose(turned.max(axis=0), corners.max(axis=0), atol=1e-9)
        np.testing.assert_allclose(turned.min(axis=0), corners.min(axis=0), atol=1e-9)
        rotation = tuple(thing["rotation"][axis] for axis in "xyz")
        own = np.ptp(turned @ rotation_matrix(rotation), axis=0)
        np.testing.assert_allclose(own, find_asset(thing["assetId"]).size, atol=1e-9)
    assert oriented > 100


def test_parents_and_what_they_hold_agree(ours) -> None:
    by_id: dict[str, dict[str, Any]] = {}
    for thing in ours[-2 * len(ours) // 10 :]:
        by_id[thing["objectId"]] = thing
    for name, thing in by_id.items():
        for parent in thing["parentReceptacles"] or ():
            if parent in by_id and by_id[parent]["receptacle"]:
                assert name in by_id[parent]["receptacleObjectIds"]
        assert (thing["receptacleObjectIds"] is None) == (not thing["receptacle"])


def test_ids_begin_with_the_type_and_are_unique_in_a_house(play, four_rooms) -> None:
    things = play(four_rooms).reply.agent["objects"]
    ids = [thing["objectId"] for thing in things]
    assert len(set(ids)) == len(ids)
    for thing in things:
        kind = thing["objectId"].split("|")[0]
        if thing["objectType"] not in ("Floor", "Wall", "Doorway", "Doorframe", "Window"):
            assert kind == thing["objectType"]


def test_distance_is_from_the_agent_to_the_middle(four) -> None:
    four.go(1.75, 1.25)
    for thing in four.reply.agent["objects"]:
        there = np.array([thing["position"][axis] for axis in "xyz"])
        gap = np.linalg.norm(there - [1.75, 0.901, 1.25])
        assert thing["distance"] == pytest.approx(gap)


def test_metadata_follows_what_changes(two) -> None:
    """Entries are kept between replies: none may be out of date."""
    from spatune.envs.embedded.object_metadata import ObjectMetadata

    steps = [
        ("PickupObject", {"objectId": "Egg|small|2|4"}),
        ("MoveAhead", {}),
        ("PutObject", {"objectId": "DiningTable|3|0"}),
        ("OpenObject", {"objectId": "Fridge|2|1"}),
        ("ToggleObjectOff", {"objectId": "FloorLamp|3|1"}),
        ("RotateRight", {}),
    ]
    for action, arguments in steps:
        force = {"forceAction": True} if arguments else {}
        two.ok(action, **arguments, **force)
        fresh = ObjectMetadata(two.world).all(two.simulator.visible())
        assert two.reply.agent["objects"] == fresh
