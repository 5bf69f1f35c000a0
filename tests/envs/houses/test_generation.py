"""Generated houses: our own generator, ProcTHOR's without Unity, and folders of houses."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.envs.houses.assets import Asset, find_asset
from spatune.envs.houses.generation import procthor
from spatune.envs.houses.generation.config import GenerateHousesConfig
from spatune.envs.houses.generation.faults import house_fault
from spatune.envs.houses.generation.generate import generate_houses
from spatune.envs.houses.generation.index import (
    FAILURES_FILE,
    INDEX_FILE,
    HouseIndex,
    HouseRow,
)
from spatune.envs.houses.generation.procthor_repairs import join_rectangles
from spatune.envs.houses.generation.seed_house import SeedTask, make_house, with_free_start
from spatune.envs.houses.generation.seed_workers import SeedWorkers
from spatune.envs.houses.generation.simple import simple_house
from spatune.envs.houses.generation.simple_plan import ROOM_CHAINS
from spatune.envs.houses.house import House
from spatune.envs.houses.openings import opening_span
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.read import read_house
from spatune.envs.houses.supports import supports
from spatune.envs.houses.targets import target_types
from spatune.envs.houses.write import house_json, house_sha256
from spatune.envs.houses.yaw_box import YawBox, object_box
from spatune.errors import SpatuneError

GOLDEN = {
    (0, 1, "train"): "4633eb42f28a367a745589af51075e54ae965157575c6d499a96d25ef662307d",
    (7, 2, "val"): "13495da56af0883b2f6a3d167ad5eb27b549b07cf7ad617b7f92dee57725ae85",
    (42, 3, "test"): "b6e92f92aef90b4eb4634ec353d5d9c1a38ba2707b2ac13911cbb8ea5e9d2614",
}


def resting_gap(box: YawBox, furniture: Asset, where: YawBox) -> float:
    """Metres from a box to the nearest support of a piece of furniture."""
    heights = [where.bottom + area.height for area in supports(furniture)]
    return min((box.bottom - height for height in heights), key=abs)


# Our own generator


@pytest.mark.parametrize(("arguments", "digest"), GOLDEN.items())
def test_simple_house_is_the_same_everywhere(arguments: tuple, digest: str) -> None:
    assert house_sha256(simple_house(*arguments)) == digest


@pytest.mark.parametrize("rooms", [1, 2, 3])
def test_simple_houses_are_valid_and_furnished(rooms: int) -> None:
    for seed in range(50):
        house = simple_house(seed, rooms)
        assert read_house(house_json(house)).rooms == house.rooms
        assert tuple(room.room_type for room in house.rooms) in ROOM_CHAINS[rooms]
        assert target_types(house) and house.windows
        assert sum(not door.outside for door in house.doors) == rooms - 1
        openings = [face for one in (*house.doors, *house.windows) for face in one.walls]
        assert len(openings) == len(set(openings)), "AI2-THOR wants one opening a wall"
        boxes = [(thing, object_box(thing)) for thing in house.objects]
        for thing, box in boxes:
            (room,) = [r for r in house.rooms if r.id == f"room|{thing.id.split('|')[0]}"]
            assert all(contains(room.floor, corner) for corner in box.corners), thing
            assert box.bottom == pytest.approx(0.0, abs=1e-6)
        assert all(a.overlap(b) == 0.0 for (_, a), (_, b) in combinations(boxes, 2))
        for space in doorways(house):
            assert not any(space.overlap(box) for _, box in boxes)


def doorways(house: House) -> Iterator[YawBox]:
    """The space of 0.9 m on both sides of each inner door."""
    walls = {wall.id: wall for wall in house.walls}
    for door in house.doors:
        for face in door.walls[: 1 if door.outside else 2]:
            wall = walls[face]
            start, along = np.array(wall.start), np.array(wall.end) - np.array(wall.start)
            along = along / wall.length
            left, right = opening_span(door, wall)
            inward = np.array([along[1], -along[0]])
            x, z = start + along * (left + right) / 2 + 0.45 * inward
            across = right - left if along[0] else 0.9
            deep = 0.9 if along[0] else right - left
            yield YawBox((float(x), 1.0, float(z)), (across, 2.0, deep))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_simple_houses_can_be_walked_and_hold_assets_of_their_split(split) -> None:
    for rooms in (1, 2, 3):
        for seed in range(100, 105):
            house = simple_house(seed, rooms, split)
            assert house_fault(house) is None
            assets = [find_asset(thing.asset_id) for thing, _ in house.all_objects()]
            assets += [find_asset(one.asset_id) for one in (*house.doors, *house.windows)]
            assert {asset.split for asset in assets} <= {split, None}


def test_small_things_of_simple_houses_rest_on_furniture() -> None:
    for seed in range(20):
        for thing, holder in simple_house(seed, 3).all_objects():
            if holder is not None:
                gap = resting_gap(
                    object_box(thing), find_asset(holder.asset_id), object_box(holder)
                )
                assert gap == pytest.approx(0.0, abs=1e-6), (thing, holder)


@pytest.mark.parametrize(("seed", "rooms"), [(0, 0), (0, 4), (-1, 2)])
def test_simple_house_refuses_what_it_cannot_make(seed: int, rooms: int) -> None:
    with pytest.raises(SpatuneError):
        simple_house(seed, rooms)


# ProcTHOR


@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_joined_rectangles_are_those_of_all_pairs(cells: set[tuple[int, int]]) -> None:
    """ProcTHOR joins rectangles that have two corners in common until nothing new comes of it."""

    def corners(one: tuple[float, ...]) -> set[tuple[float, float]]:
        return {(x, z) for x in one[::2] for z in one[1::2]}

    found: set[tuple[float, float, float, float]] = {(x, z, x + 1, z + 1) for x, z in cells}
    while True:
        pairs = {
            (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
            for a, b in combinations(found, 2)
            if len(corners(a) & corners(b)) == 2
        }
        new = join_rectangles(found)
        assert new == pairs - found
        if not new:
            break
        found |= new


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    procthor._import_procthor.cache_clear()
    monkeypatch.setitem(sys.modules, "procthor", None)
    with pytest.raises(SpatuneError, match=r"pip install 'spatune\[procthor\]'"):
        procthor.generate_procthor_house(0, "train")


@pytest.mark.slow
@pytest.mark.parametrize(("split", "spec"), [("train", "kitchen-living-room"), ("val", "bedroom")])
def test_real_procthor_house(split, spec: str, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("procthor", reason="pip install 'spatune[procthor]' to run it")
    random.seed(3)
    before = random.getstate()
    house = None
    for seed in range(5):
        house = with_free_start(read_house(procthor.generate_procthor_house(seed, split, spec)))
        if house_fault(house) is None:
            break
    assert house is not None and house_fault(house) is None
    assert random.getstate() == before
    assert "moviepy" not in sys.modules
    assert capfd.readouterr() == ("", "")
    assert house.room_spec == spec
    for thing, holder in house.all_objects():
        if holder is None or find_asset(thing.asset_id).object_type == "Faucet":
            continue
        gap = resting_gap(object_box(thing), find_asset(holder.asset_id), object_box(holder))
        assert abs(gap) < 0.025, (thing, holder)
    with pytest.raises(SpatuneError, match="unknown floor plan 'castle'"):
        procthor.generate_procthor_house(0, split, "castle")


# Folders of houses


def configured(out: Path, **settings) -> GenerateHousesConfig:
    return GenerateHousesConfig(out=out, generator="simple", **settings)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.json*"))}


def test_killed_run_goes_on_to_the_same_files(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    index = HouseIndex(whole)
    for seed in range(6):
        task = SeedTask(seed, "train", rooms=2, room_spec=None, targets=1)
        index.add(HouseRow.save(make_house(task), task, whole))
    program = (
        "from pathlib import Path\n"
        "from spatune.envs.houses.generation.config import GenerateHousesConfig\n"
        "from spatune.envs.houses.generation.generate import generate_houses\n"
        "if __name__ == '__main__':\n"
        f"    generate_houses(GenerateHousesConfig(out=Path({str(cut)!r}), generator='simple',"
        " count=1000, workers=1))\n"
    )
    script = tmp_path / "run.py"
    script.write_text(program)
    process = subprocess.Popen([sys.executable, script])
    deadline = time.monotonic() + 60
    while len(list(cut.glob("train-*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    written = {path: path.stat().st_mtime_ns for path in cut.glob("train-*.json")}
    rows = json.loads((cut / INDEX_FILE).read_text())
    assert 2 <= len(rows) <= len(written)
    assert 3 <= len(written) < 6, "the run was killed too late for this test"
    (cut / "train-0123456789ab.json").write_text("{}")
    generate_houses(configured(cut, count=6, workers=2))
    (cut / "config.json").unlink()
    assert contents(cut) == contents(whole)
    assert all((cut / row["file"]).stat().st_mtime_ns == written[cut / row["file"]] for row in rows)


def test_index_tells_what_the_files_hold_and_the_folder_keeps_its_settings(tmp_path: Path) -> None:
    index = generate_houses(configured(tmp_path / "a", count=3, rooms=3, split="val", workers=1))
    rows = json.loads(index.read_text())
    assert [row["seed"] for row in rows] == [0, 1, 2]
    for row in rows:
        house = read_house(index.parent / row["file"])
        assert house_sha256(house) == row["sha256"]
        assert row["file"] == f"val-{row['sha256'][:12]}.json"
        assert row["rooms"] == 3 and row["room_types"] == sorted(r.room_type for r in house.rooms)
        assert row["objects"] == sum(1 for _ in house.all_objects())
        assert row["objects"] == sum(row["object_types"].values())
        widths = [np.ptp(np.array(room.floor), axis=0) for room in house.rooms]
        assert row["floor_m2"] == pytest.approx(sum(x * z for x, z in widths), abs=0.01)
    with pytest.raises(SpatuneError, match="another configuration"):
        generate_houses(configured(tmp_path / "a", count=3, rooms=3, split="test"))


def test_seeds_without_a_house_are_listed_and_replaced(tmp_path: Path) -> None:
    index = generate_houses(configured(tmp_path / "a", count=3, rooms=1, targets=6, workers=2))
    seeds = [row["seed"] for row in json.loads(index.read_text())]
    lines = (index.parent / FAILURES_FILE).read_text().splitlines()
    failures = {row["seed"]: row["reason"] for row in map(json.loads, lines)}
    assert failures and sorted([*seeds, *failures]) == list(range(max(seeds) + 1))
    assert all("target types" in reason for reason in failures.values())
    seed = min(failures)
    with pytest.raises(SpatuneError, match="target types"):
        make_house(SeedTask(seed, "train", rooms=1, room_spec=None, targets=6))


def test_endless_failure_ends_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="seeds gave no house; the last one"):
        generate_houses(configured(tmp_path / "a", count=1, rooms=1, targets=12, workers=1))


def test_hanging_process_is_killed_and_replaced(tmp_path: Path) -> None:
    task = SeedTask(0, "train", rooms=1, room_spec=None, targets=0)
    # Starting a process takes longer than this, which looks like a seed that hangs.
    with SeedWorkers(1, tmp_path, limit=0.05) as workers:
        workers.submit(task)
        (result,) = workers.results()
        assert result.entry is None and result.reason == "not done after 0.05 s"
        assert workers.idle == 1
    with SeedWorkers(1, tmp_path, limit=60.0) as workers:
        workers.submit(task)
        (result,) = workers.results()
        assert result.entry is not None and (tmp_path / result.entry.file).is_file()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "--count is 0"),
        ({"workers": 0}, "--workers is 0"),
        ({"first_seed": -1}, "--first-seed is -1"),
        ({"rooms": 4}, "--rooms is 4"),
        ({"room_specs": ("4-room",)}, "--room-specs are for"),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, settings: dict, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        generate_houses(configured(tmp_path / "a", **settings))
    assert not (tmp_path / "a").exists()
