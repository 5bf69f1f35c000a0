"""Houses are written as schema 1.0.0, so that what is read is what was written."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.envs.houses.assets import all_assets
from spatune.envs.houses.fields import rounded
from spatune.envs.houses.house import (
    AgentPose,
    House,
    HouseObject,
    Light,
    Material,
    Opening,
    Room,
    Wall,
)
from spatune.envs.houses.read import read_house
from spatune.envs.houses.write import house_json, house_sha256, save_house
from spatune.errors import SpatuneError

DATA = Path(__file__).parent / "data"
NAMES = ["two_rooms", "four_rooms"]

numbers = st.floats(-100, 100)
shares = st.floats(0, 1)
vectors = st.tuples(numbers, numbers, numbers)
colours = st.none() | st.tuples(shares, shares, shares)
surfaces = st.builds(Material, st.sampled_from(["Brass", "Holz ü"]), colours)
tints = st.none() | st.builds(Material, st.sampled_from(["", "Brass"]), colours)
layers = st.sampled_from(["", "Procedural1"])
assets = st.sampled_from(sorted(all_assets()))


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Houses that need make no sense but are well formed."""
    room = Room("room|1", "Bedroom", ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0)), draw(surfaces))
    room = replace(room, ceiling_material=draw(st.none() | surfaces), layer=draw(layers))
    end, bottom, height = draw(st.tuples(st.floats(1, 9), st.floats(-1, 1), st.floats(1, 9)))
    empty = draw(st.booleans())
    inner = Wall(
        "wall|1|a", room.id, (0.0, 0.0), (end, end), bottom, bottom + height, draw(surfaces), empty
    )
    outer = replace(inner, id="wall|exterior|a", start=inner.end, end=inner.start)
    opening = Opening(
        id="door|1|1",
        asset_id=draw(assets),
        rooms=(room.id, room.id),
        walls=(inner.id, outer.id),
        left=draw(st.floats(0, 1)),
        right=draw(st.floats(1.1, 2)),
        bottom=draw(st.floats(0, 1)),
        top=draw(st.floats(1.1, 2)),
        asset_position=draw(vectors),
        openable=draw(st.booleans()),
        openness=draw(shares),
        material=draw(tints),
    )
    small, large = (
        HouseObject(
            id=name,
            asset_id=draw(assets),
            position=draw(vectors),
            rotation=draw(vectors),
            kinematic=draw(st.booleans()),
            material=draw(tints),
            openness=draw(shares),
            toggled=draw(st.sampled_from([None, True, False])),
            dirty=draw(st.booleans()),
            layer=draw(layers),
        )
        for name in ("small|1|0", "1|0")
    )
    white = (1.0, 1.0, 1.0)
    lights = (
        Light("sun", "directional", draw(vectors), draw(vectors), draw(shares), None, white),
        Light("lamp", "point", draw(vectors), None, 1.0, draw(shares), white, draw(layers), ("P",)),
    )
    pose = draw(st.builds(AgentPose, vectors, numbers, st.floats(-90, 90), standing=st.booleans()))
    return House(
        rooms=(room,),
        walls=(inner, outer),
        doors=(opening,),
        windows=(replace(opening, id="window|1|1"),),
        objects=(replace(large, children=(small,)),),
        lights=lights,
        ceiling_material=draw(surfaces),
        skybox="SkyAlbany",
        agent=pose,
        room_spec=draw(st.sampled_from(["", "kitchen"])),
    )


def as_rounded(value: Any) -> Any:
    """The numbers of a `House` with the decimals that files keep."""
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, tuple):
        return tuple(as_rounded(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        members = {name: as_rounded(getattr(value, name)) for name in value.__dataclass_fields__}
        return type(value)(**members)
    return value


@given(houses())
def test_what_is_read_is_what_was_written_up_to_the_rounding(house: House) -> None:
    again = read_house(house_json(house), check=False)
    assert again == as_rounded(house)
    assert read_house(house_json(again), check=False) == again
    assert house_sha256(again) == house_sha256(house)


@pytest.mark.parametrize("name", NAMES)
def test_a_generated_house_survives_the_upgrade(name: str) -> None:
    house = read_house(DATA / f"{name}.json")
    assert read_house(house_json(house)) == house


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_canonical(name: str, tmp_path: Path) -> None:
    house = read_house(DATA / f"{name}.json")
    path, again, packed = (tmp_path / "new" / f for f in ("a.json", "b.json", "c.json.gz"))
    save_house(house, path)
    save_house(read_house(path), again)
    save_house(house, packed)
    assert path.read_bytes() == again.read_bytes() == gzip.decompress(packed.read_bytes())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == house_sha256(house)
    assert read_house(packed) == house
    assert sorted(file.name for file in path.parent.iterdir()) == ["a.json", "b.json", "c.json.gz"]
    # Smaller than the compact original, although it names more.
    assert path.stat().st_size < (DATA / f"{name}.json").stat().st_size


def test_a_packed_file_depends_on_the_house_alone(tmp_path: Path) -> None:
    house = read_house(DATA / "two_rooms.json")
    save_house(house, tmp_path / "a.json.gz")
    save_house(house, tmp_path / "b.json.gz")
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()


def test_the_hash_is_the_same_in_every_process() -> None:
    expected = house_sha256(read_house(DATA / "two_rooms.json"))
    code = (
        "import sys; from spatune.envs.houses.read import read_house; "
        "from spatune.envs.houses.write import house_sha256; "
        "print(house_sha256(read_house(sys.argv[1])))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(DATA / "two_rooms.json")],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == expected


def test_the_hash_knows_every_part_and_no_rounding_error() -> None:
    house = read_house(DATA / "two_rooms.json")
    x, y, z = house.objects[0].position
    dust = replace(house.objects[0], position=(x + 1e-9, y, z))
    nudge = replace(house.objects[0], position=(x + 1e-5, y, z))
    assert house_sha256(replace(house, objects=(dust, *house.objects[1:]))) == house_sha256(house)
    variants = [
        replace(house, objects=(nudge, *house.objects[1:])),
        replace(house, skybox="SkyAlbany"),
        replace(house, room_spec=""),
        replace(house, agent=replace(house.agent, yaw=90.0)),
        replace(house, windows=house.windows[:-1]),
        replace(house, lights=house.lights[::-1]),
    ]
    assert len({house_sha256(one) for one in (house, *variants)}) == 7


@pytest.mark.parametrize("name", NAMES)
def test_ai2thor_finds_what_it_needs(name: str) -> None:
    source = json.loads((DATA / f"{name}.json").read_text())
    written = house_json(read_house(source))
    assert written["metadata"]["schema"] == "1.0.0"
    assert written["metadata"]["agentPoses"]["default"] == written["metadata"]["agent"]
    assert written["metadata"]["agent"] == source["metadata"]["agent"]
    procedural, before = written["proceduralParameters"], source["proceduralParameters"]
    for key in ("floorColliderThickness", "receptacleHeight", "reflections", "skyboxId"):
        assert procedural[key] == before[key]
    assert procedural["ceilingMaterial"]["name"] == before["ceilingMaterial"]
    for light, original in zip(procedural["lights"], before["lights"], strict=True):
        assert {**light, "position": 0} == {**original, "position": 0}
    for key in ("rooms", "walls", "doors", "windows", "objects"):
        assert [record["id"] for record in written[key]] == [r["id"] for r in source[key]]
    for wall in written["walls"]:
        # The lower edge comes first: AI2-THOR takes the wall's direction from it.
        heights = [corner["y"] for corner in wall["polygon"]]
        assert heights[0] == heights[1] == 0 and heights[2] == heights[3] > 2
        assert (wall["roomId"] == "exterior") == wall["id"].startswith("wall|exterior")
    for opening in written["doors"] + written["windows"]:
        assert set(opening) >= {"holePolygon", "assetPosition", "openable", "openness"}
    for room in written["rooms"]:
        assert room["children"] == room["ceilings"] == []
        assert set(room["floorMaterial"]) == {"name"}


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    house = read_house(DATA / "two_rooms.json")
    (tmp_path / "file").write_text("old")
    path = tmp_path / "file" / "house.json"
    with pytest.raises(SpatuneError, match=f"^{path}: cannot be written: "):
        save_house(house, path)
