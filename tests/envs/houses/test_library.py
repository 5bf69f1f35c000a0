"""The houses that come with the package are complete, sound and as they were."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.embedded.settings import Settings
from spatune.envs.embedded.world import World
from spatune.envs.houses import library
from spatune.envs.houses.assets import find_asset
from spatune.envs.houses.check import check_house
from spatune.envs.houses.floorplan import FloorPlan, is_passable
from spatune.envs.houses.library import house_entries, house_names, house_sha256_of, load_house
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.targets import target_types
from spatune.errors import SpatuneError

SAMPLE = (*house_names("test"), *house_names("val")[::3], *house_names("train")[::8])


def test_there_are_sixty_in_three_splits() -> None:
    assert [len(house_names(split)) for split in ("train", "val", "test")] == [40, 10, 10]
    assert house_names() == (*house_names("train"), *house_names("val"), *house_names("test"))
    assert len(set(house_names())) == 60
    assert len({entry.sha256 for entry in house_entries()}) == 60


def test_names_tell_split_and_hash_and_the_order_is_by_size() -> None:
    for split in ("train", "val", "test"):
        entries = [entry for entry in house_entries() if entry.split == split]
        assert [entry.rooms for entry in entries] == sorted(entry.rooms for entry in entries)
        for entry in entries:
            assert entry.name == f"{split}-{entry.sha256[:12]}"
            assert house_sha256_of(entry.name) == entry.sha256


@pytest.mark.parametrize("name", SAMPLE)
def test_a_house_is_sound_and_of_its_split(name: str) -> None:
    house = load_house(name)
    entry = next(entry for entry in house_entries() if entry.name == name)
    assert len(house.rooms) == entry.rooms
    check_house(house)
    assert target_types(house)
    for thing, _ in house.all_objects():
        assert find_asset(thing.asset_id).split in (None, entry.split)


def test_no_house_is_in_two_splits() -> None:
    plans = {}
    for name in SAMPLE:
        house = load_house(name)
        plans.setdefault(tuple(room.floor for room in house.rooms), set()).add(name.split("-")[0])
    assert all(len(splits) == 1 for splits in plans.values())


@pytest.mark.parametrize("name", SAMPLE[::2])
def test_an_agent_can_get_into_every_room(name: str) -> None:
    house = load_house(name)
    points = World(house, Settings(snap_to_grid=False)).grid.points
    for room in house.rooms:
        assert any(contains(room.floor, (float(x), float(z))) for x, z in points), room.id


@pytest.mark.parametrize("name", SAMPLE)
def test_passages_are_over_a_floor(name: str) -> None:
    house = load_house(name)
    walls = {wall.id: wall for wall in house.walls}
    plan = FloorPlan(house)
    for door in house.doors:
        if not is_passable(door, door.openness):
            continue
        wall = walls[door.walls[0]]
        start = np.array(wall.start)
        along = (np.array(wall.end) - start) / wall.length
        middle = start + along * (door.left + door.right) / 2
        normal = np.array([-along[1], along[0]])
        assert plan.inside(middle + np.linspace(-0.3, 0.3, 13)[:, None] * normal).all(), door.id


def test_an_unknown_house_names_the_known_ones() -> None:
    for ask in (load_house, house_sha256_of):
        with pytest.raises(SpatuneError, match=f"'test-0'.*{house_names()[0]}") as caught:
            ask("test-0")
        assert "\n" not in str(caught.value)


def test_a_changed_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = house_names("test")[0]
    shutil.copytree(library._FOLDER, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / f"{name}.json").read_text()
    data = json.loads(text)
    data["objects"][0]["position"]["x"] += 0.01
    (tmp_path / f"{name}.json").write_text(json.dumps(data))
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    with pytest.raises(SpatuneError, match=re.escape(f"{name!r} was changed")):
        load_house(name)
    (tmp_path / f"{name}.json").write_text(text)
    assert load_house(name).rooms
