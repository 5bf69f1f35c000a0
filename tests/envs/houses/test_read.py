"""Houses of both schemas are read; what is wrong with one is said with its path."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from spatune.envs.houses.assets import find_asset
from spatune.envs.houses.house import Material
from spatune.envs.houses.read import read_house
from spatune.errors import SpatuneError

DATA = Path(__file__).parent / "data"


def generated(name: str = "two_rooms") -> dict[str, Any]:
    """A house of schema 0.0.1 as the generator made it."""
    return json.loads((DATA / f"{name}.json").read_text())


def upgraded(name: str = "two_rooms") -> dict[str, Any]:
    """The same house in schema 1.0.0, by the rules of ProcTHOR's own upgrade."""
    house = generated(name)
    house["metadata"]["schema"] = "1.0.0"
    procedural = house["proceduralParameters"]
    procedural["ceilingMaterial"] = {"name": procedural["ceilingMaterial"]}
    if "ceilingColor" in procedural:
        procedural["ceilingMaterial"]["color"] = procedural.pop("ceilingColor")
    for room in house["rooms"]:
        room["floorMaterial"] = {"name": room["floorMaterial"]}
    for wall in house["walls"]:
        wall["material"] = {"name": wall["material"]}
        if "color" in wall:
            wall["material"]["color"] = wall.pop("color")
        if wall["id"].split("|")[1] == "exterior":
            wall["roomId"] = "exterior"
    for hole in house["doors"] + house["windows"]:
        low, high, offset = (
            hole["boundingBox"]["min"],
            hole["boundingBox"]["max"],
            hole["assetOffset"],
        )
        size = find_asset(hole["assetId"]).size
        hole["holePolygon"] = [low, high]
        hole["assetPosition"] = {
            "x": low["x"] + offset["x"] + size[0] / 2,
            "y": low["y"] + offset["y"] + size[1] / 2,
            "z": 0,
        }
        del hole["boundingBox"], hole["assetOffset"]
    return house


@pytest.mark.parametrize("name", ["two_rooms", "four_rooms"])
def test_a_generated_house_is_read(name: str) -> None:
    source = generated(name)
    house = read_house(source)
    assert [room.id for room in house.rooms] == [room["id"] for room in source["rooms"]]
    assert len(house.walls) == len(source["walls"])
    assert len(house.doors) == len(source["doors"])
    assert [thing.asset_id for thing in house.objects] == [o["assetId"] for o in source["objects"]]
    assert house.agent.position[1] == 0.95 and house.agent.horizon == 30
    assert house.room_spec == source["metadata"]["roomSpecId"]


def test_the_parts_of_a_house_are_what_the_file_says() -> None:
    house = read_house(generated())
    kitchen, living_room = house.rooms
    assert kitchen.room_type == "Kitchen" and kitchen.floor_material.name == "DarkWoodSmooth"
    assert living_room.floor == ((0.0, 3.361), (0.0, 5.042), (3.361, 5.042), (3.361, 3.361))
    wall = house.walls[0]
    assert (wall.start, wall.end) == ((3.361, 6.722), (5.042, 6.722))
    assert (wall.bottom, wall.top) == (0.0, 2.553867)
    assert wall.material.colour == (0.164706, 0.337255, 0.356863)
    assert [w.id for w in house.walls if w.empty] == [
        "wall|2|3.36|3.36|3.36|5.04",
        "wall|3|3.36|3.36|3.36|5.04",
    ]
    assert [light.kind for light in house.lights] == ["directional", "point", "point"]
    assert house.lights[0].rotation == (6.0, -166.0, 0.0) and house.lights[1].reach == 15
    counter = house.objects[0]
    assert counter.kinematic and counter.yaw == 270 and len(counter.children) == 10
    assert counter.children[0].asset_id == "Lettuce_14"


def test_a_wall_runs_along_its_lower_edge() -> None:
    walls = {wall.id: wall for wall in read_house(generated()).walls}
    inner = walls["wall|3|0.00|3.36|3.36|3.36"]
    outer = walls["wall|exterior|0.00|3.36|3.36|3.36"]
    assert outer.exterior and not inner.exterior
    assert (outer.start, outer.end) == (inner.end, inner.start) == ((0.0, 3.361), (3.361, 3.361))


@pytest.mark.parametrize("name", ["two_rooms", "four_rooms"])
def test_both_schemas_of_a_house_are_the_same_house(name: str) -> None:
    house = read_house(generated(name))
    assert read_house(upgraded(name)) == house
    for source in (generated(name), upgraded(name)):
        del source["metadata"]["schema"]
        assert read_house(source) == house


def test_optional_fields_are_read_from_both_schemas() -> None:
    house = read_house(DATA / "every_field_0.0.1.json", check=False)
    assert read_house(DATA / "every_field_1.0.0.json", check=False) == house
    colour = (0.25, 0.5, 1.0)
    assert house.rooms[0].layer == "Procedural0"
    assert house.rooms[0].ceiling_material == Material("Brass")
    assert house.doors[0].material == house.objects[0].material == Material("Brass", colour)
    assert house.doors[0].openable and house.doors[0].openness == 0.5
    thing = house.objects[0]
    assert thing.openness == 0.5 and thing.toggled and thing.dirty and thing.layer
    assert house.lights[1].dark_layers == ("Procedural1",)
    assert read_house(generated()).objects[0].toggled is None


def test_a_tint_needs_no_name() -> None:
    old, new = generated(), upgraded()
    old["objects"][0]["color"] = {"r": 0, "g": 0.5, "b": 1}
    new["objects"][0]["material"] = {"color": {"r": 0, "g": 0.5, "b": 1}}
    for source in (old, new):
        assert read_house(source).objects[0].material == Material("", (0.0, 0.5, 1.0))


def test_the_default_pose_stands_in_for_the_agent() -> None:
    source = upgraded()
    expected = read_house(source).agent
    source["metadata"]["agentPoses"] = {"default": source["metadata"].pop("agent")}
    assert read_house(source).agent == expected


def test_numbers_are_rounded_so_that_reading_is_stable() -> None:
    source = generated()
    source["metadata"]["agent"]["position"]["x"] = 0.12345649
    source["objects"][0]["position"]["x"] = -1e-9
    house = read_house(source)
    assert house.agent.position[0] == 0.123456
    assert str(house.objects[0].position[0]) == "0.0"


def test_a_house_is_read_from_a_file(tmp_path: Path) -> None:
    packed = tmp_path / "house.json.gz"
    packed.write_bytes(gzip.compress((DATA / "two_rooms.json").read_bytes()))
    expected = read_house(generated())
    assert read_house(packed) == read_house(str(DATA / "two_rooms.json")) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("house.json", None, "no such file"),
        ("house.json", b"{", "not JSON: Expecting property name"),
        ("house.json", b"\xff\xfe{", "not JSON: 'utf-8' codec can't decode"),
        ("house.json", b"[" * 100_000, "not JSON: "),
        ("house.json", b"[]", "house: expected an object, got a list of 0"),
        ("house.json", b"{}", "house.proceduralParameters: missing"),
        ("house.json.gz", b"{}", "cannot be read: Not a gzipped file"),
        ("house.json.gz", gzip.compress(b"{}" * 99, mtime=0)[:-12], "cannot be read: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpatuneError) as error:
        read_house(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


def test_a_folder_is_no_house(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="cannot be read: .*Is a directory"):
        read_house(tmp_path)


def test_the_geometry_is_checked_unless_it_shall_not_be(tmp_path: Path) -> None:
    source = generated()
    source["metadata"]["agent"]["position"]["x"] = 99
    with pytest.raises(SpatuneError, match="outside of every room"):
        read_house(source)
    assert read_house(source, check=False).agent.position[0] == 99
    path = tmp_path / "house.json"
    path.write_text(json.dumps(source))
    with pytest.raises(SpatuneError, match=f"{path}: house.metadata.agent.position: "):
        read_house(path)
