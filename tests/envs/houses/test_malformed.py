"""What is wrong with a house is said with the path of the field, for every field there is."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spatune.envs.houses.read import read_house
from spatune.errors import SpatuneError

DATA = Path(__file__).parent / "data"

HOUSE = (DATA / "two_rooms.json").read_text()

# Every field of the two schemas, by its path without the indices.
REQUIRED = """
doors doors[].assetId doors[].id doors[].room0 doors[].room1 doors[].wall0 doors[].wall1
metadata metadata.agent metadata.agent.horizon
metadata.agent.position metadata.agent.position.x metadata.agent.position.y
metadata.agent.position.z metadata.agent.rotation metadata.agent.rotation.x
metadata.agent.rotation.y metadata.agent.rotation.z
objects objects[].assetId objects[].id objects[].kinematic
objects[].position objects[].position.x objects[].position.y objects[].position.z
objects[].rotation objects[].rotation.x objects[].rotation.y objects[].rotation.z
objects[].children[].assetId objects[].children[].id objects[].children[].kinematic
objects[].children[].position objects[].children[].position.x objects[].children[].position.y
objects[].children[].position.z objects[].children[].rotation objects[].children[].rotation.x
objects[].children[].rotation.y objects[].children[].rotation.z
proceduralParameters proceduralParameters.ceilingMaterial proceduralParameters.lights
proceduralParameters.skyboxId
proceduralParameters.lights[].id proceduralParameters.lights[].intensity
proceduralParameters.lights[].position proceduralParameters.lights[].position.x
proceduralParameters.lights[].position.y proceduralParameters.lights[].position.z
proceduralParameters.lights[].range proceduralParameters.lights[].rgb
proceduralParameters.lights[].rgb.r proceduralParameters.lights[].rgb.g
proceduralParameters.lights[].rgb.b proceduralParameters.lights[].rotation
proceduralParameters.lights[].rotation.x proceduralParameters.lights[].rotation.y
proceduralParameters.lights[].rotation.z proceduralParameters.lights[].type
rooms rooms[].floorMaterial rooms[].floorPolygon rooms[].floorPolygon[].x
rooms[].floorPolygon[].y rooms[].floorPolygon[].z rooms[].id rooms[].roomType
walls walls[].id walls[].material walls[].polygon walls[].polygon[].x walls[].polygon[].y
walls[].polygon[].z walls[].roomId
windows windows[].assetId windows[].id windows[].room0 windows[].room1 windows[].wall0
windows[].wall1
""".split()

REQUIRED_OF_SCHEMA = {
    "0.0.1": [
        f"{kind}[].{field}"
        for kind in ("doors", "windows")
        for field in (
            "boundingBox boundingBox.min boundingBox.min.x boundingBox.min.y boundingBox.min.z "
            "boundingBox.max boundingBox.max.x boundingBox.max.y boundingBox.max.z "
            "assetOffset assetOffset.x assetOffset.y assetOffset.z"
        ).split()
    ],
    "1.0.0": [
        f"{kind}[].{field}"
        for kind in ("doors", "windows")
        for field in (
            "holePolygon holePolygon[].x holePolygon[].y holePolygon[].z "
            "assetPosition assetPosition.x assetPosition.y assetPosition.z"
        ).split()
    ]
    + ["rooms[].floorMaterial.name", "walls[].material.name", "rooms[].ceilings[].material.name"]
    + ["proceduralParameters.ceilingMaterial.name"],
}

OPTIONAL = """
doors[].material doors[].material.name doors[].material.color doors[].color
doors[].openable doors[].openness metadata.roomSpecId metadata.schema metadata.agent.standing
objects[].children objects[].color objects[].isDirty objects[].isOn objects[].layer
objects[].material objects[].material.name objects[].material.color objects[].openness
proceduralParameters.ceilingColor proceduralParameters.ceilingMaterial.color
proceduralParameters.lights[].cullingMaskOff proceduralParameters.lights[].layer
rooms[].ceilings rooms[].ceilings[].material rooms[].layer
walls[].color walls[].empty walls[].layer walls[].material.color
""".split()

# What a `House` does not hold: it is the same in every house of ProcTHOR.
UNUSED = (
    "rooms[].children",
    "proceduralParameters.floorColliderThickness",
    "proceduralParameters.receptacleHeight",
    "proceduralParameters.reflections",
    "proceduralParameters.lights[].indirectMultiplier",
    "proceduralParameters.lights[].shadow",
)

SOURCES = {
    schema: json.loads((DATA / f"every_field_{schema}.json").read_text())
    for schema in ("0.0.1", "1.0.0")
}


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all members of a document, for example `walls[3].id`."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield f"{path}.{key}".removeprefix(".")
            yield from fields(member, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from fields(item, f"{path}[{index}]")


def shape(path: str) -> str:
    """The path without its indices."""
    return re.sub(r"\[\d+\]", "[]", path)


def examples(schema: str) -> dict[str, str]:
    """For each shape of a path the last one that has it in the house."""
    return {
        shape(path): path for path in fields(SOURCES[schema]) if not shape(path).startswith(UNUSED)
    }


def parent_of(source: dict[str, Any], path: str) -> tuple[Any, str]:
    *way, last = re.findall(r"[^.\[\]]+", path)
    value: Any = source
    for step in way:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value, last


def required(schema: str) -> set[str]:
    """Shapes of the paths that must be there; a colour has all its channels."""
    channels = {path for path in examples(schema) if re.search(r"[cC]olor\.[rgb]$", path)}
    return {*REQUIRED, *REQUIRED_OF_SCHEMA[schema], *channels}


@pytest.mark.parametrize("schema", SOURCES)
def test_the_tables_below_know_every_field(schema: str) -> None:
    assert required(schema) <= set(examples(schema))
    assert set(examples(schema)) - required(schema) <= set(OPTIONAL)


@pytest.mark.parametrize(
    ("schema", "path"),
    [(schema, examples(schema)[path]) for schema in SOURCES for path in sorted(required(schema))],
)
def test_a_missing_field_is_named(schema: str, path: str) -> None:
    source = copy.deepcopy(SOURCES[schema])
    parent, key = parent_of(source, path)
    del parent[key]
    with pytest.raises(SpatuneError, match=rf"^house\.{re.escape(path)}: missing$"):
        read_house(source, check=False)


@pytest.mark.parametrize(
    ("schema", "path"), [(schema, path) for schema in SOURCES for path in examples(schema).values()]
)
def test_a_field_of_the_wrong_type_is_named(schema: str, path: str) -> None:
    source = copy.deepcopy(SOURCES[schema])
    parent, key = parent_of(source, path)
    parent[key] = 7 if isinstance(parent[key], str) else "seven"
    with pytest.raises(
        SpatuneError, match=rf"^house\.{re.escape(path)}: expected .*, got ('seven'|7)$"
    ):
        read_house(source, check=False)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("walls[3].polygon[2].x", "abc", "expected a number, got 'abc'"),
        ("walls[3].polygon[2].x", True, "expected a number, got true"),
        ("walls[3].polygon[2].x", None, "expected a number, got null"),
        ("walls[3].polygon[2].x", float("nan"), "expected a finite number, got nan"),
        ("walls[3].polygon[2].x", float("-inf"), "expected a finite number, got -inf"),
        ("walls[3].polygon[2].x", 10**400, "expected a finite number, got a huge integer"),
        ("walls[0].polygon", [{}] * 3, "expected a list of 4, got a list of 3"),
        ("walls[1].id", "wall|2|3.36|6.72|5.04|6.72", "'.*' is also the id of house.walls[0]"),
        ("walls[0].roomId", "room|9", "no room 'room|9'"),
        ("walls[0].roomId", "exterior", "but the id does not begin with wall|exterior"),
        ("rooms[1].id", "room|2", "'room|2' is also the id of house.rooms[0]"),
        ("rooms[0].roomType", "Attic", "expected one of .*Kitchen, LivingRoom, got 'Attic'"),
        ("rooms[0].floorPolygon[1].y", 3, "floors are at height 0, got 3"),
        ("doors[0].wall0", "wall|9|0", "no wall 'wall|9|0'"),
        ("doors[0].room1", "room|9", "no room 'room|9'"),
        ("doors[0].assetId", "Doorway_44", "unknown asset 'Doorway_44'; near it: Doorway_4"),
        ("doors[0].openness", 1.5, "expected a number from 0 to 1, got 1.5"),
        ("doors[0].boundingBox.max.x", 0.2, "must be more than 0.339852 of .*min, got 0.2"),
        ("doors[0].boundingBox.max.y", 0, "must be more than 0 of .*min, got 0"),
        ("windows[1].boundingBox.max.y", -1, "must be more than 0.820265 of .*min, got -1"),
        ("windows[1].id", "door|1|3", "'door|1|3' is also the id of house.doors[0]"),
        ("objects[1].assetId", "Frige_1", "unknown asset 'Frige_1'; near it: Fridge_1"),
        (
            "objects[0].children[1].assetId",
            "Bowl_140",
            "unknown asset 'Bowl_140'; near it: Bowl_14",
        ),
        ("objects[0].children[1].id", "2|0", "'2|0' is also the id of house.objects[0]"),
        ("proceduralParameters.lights[1].id", "DirectionalLight", "also the id of .*lights[0]"),
        ("proceduralParameters.lights[1].type", "disco", "expected one of directional, point"),
        ("proceduralParameters.lights[1].range", -1, "expected a number at least 0, got -1"),
        ("proceduralParameters.lights[1].rgb.g", 255, "expected a number from 0 to 1, got 255"),
        ("metadata.agent.horizon", 100, "expected a number from -90 to 90, got 100"),
        ("metadata.schema", "2.0.0", "expected one of 0.0.1, 1.0.0, got '2.0.0'"),
    ],
)
def test_a_wrong_value_is_named(path: str, value: Any, message: str) -> None:
    source = json.loads(HOUSE)
    parent, key = parent_of(source, path)
    parent[key] = value
    expected = re.escape(message).replace(re.escape(".*"), ".*")
    with pytest.raises(SpatuneError, match=rf"^house\.{re.escape(path)}: .*{expected}") as error:
        read_house(source, check=False)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("corner", "moved", "problem"),
    [
        (2, {"x": 9.0}, "expected two lower corners and two upper ones above them"),
        (2, {"y": 0}, "expected two lower corners and two upper ones above them"),
        (1, {"y": 0.5}, "expected two lower corners and two upper ones above them"),
        (slice(4), {"y": 0}, "expected two lower corners and two upper ones above them"),
        (slice(4), {"x": 0, "z": 0}, "the wall has no length"),
    ],
)
def test_a_wall_is_an_upright_rectangle(
    corner: int | slice, moved: dict[str, float], problem: str
) -> None:
    source = json.loads(HOUSE)
    corners = source["walls"][3]["polygon"][corner]
    for point in corners if isinstance(corners, list) else [corners]:
        point |= moved
    with pytest.raises(SpatuneError, match=rf"^house\.walls\[3\]\.polygon: {problem}$"):
        read_house(source, check=False)


def test_a_hole_has_two_corners() -> None:
    source = copy.deepcopy(SOURCES["1.0.0"])
    source["doors"][0]["holePolygon"].pop()
    with pytest.raises(
        SpatuneError, match=r"^house\.doors\[0\]\.holePolygon: expected a list of 2"
    ):
        read_house(source, check=False)


def test_an_outer_wall_with_nothing_behind_it_is_refused() -> None:
    source = copy.deepcopy(SOURCES["1.0.0"])
    source["walls"] = [wall for wall in source["walls"] if wall["roomId"] == "exterior"]
    with pytest.raises(SpatuneError, match=r"^house\.walls\[0\]\.roomId: 'exterior', but behind"):
        read_house(source, check=False)
