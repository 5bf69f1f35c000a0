"""Trajectories on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.houses.library import house_entries, load_house
from spatune.errors import SpatuneError
from spatune.tuning.scenes.simsv import (
    read_scene,
    read_trajectory,
    write_frames,
    write_scene,
)
from spatune.tuning.scenes.trajectory import Trajectory
from spatune.tuning.trajectories.house_trajectory import HouseWalker, WalkCamera

NAME = next(e.name for e in house_entries() if e.split == "train" and e.rooms == 2)


@pytest.fixture(scope="module")
def trajectory() -> Trajectory:
    with HouseWalker(load_house(NAME), NAME, WalkCamera(64, 48)) as walker:
        return walker.walk(0, 0, 4)


@pytest.fixture
def folder(trajectory: Trajectory, tmp_path: Path) -> Path:
    write_scene(tmp_path, trajectory.scene)
    write_frames(tmp_path / trajectory.name, trajectory)
    return tmp_path / trajectory.name


def test_what_is_written_reads_back(trajectory: Trajectory, folder: Path) -> None:
    read = read_trajectory(folder)
    assert read.id == trajectory.id
    scene = trajectory.scene
    assert read.scene.walkable == scene.walkable
    for one, other in zip(scene.objects, read.scene.objects, strict=True):
        assert (one.id, one.category, one.asset_id, one.parents, one.object_type) == (
            other.id, other.category, other.asset_id, other.parents, other.object_type,
        )  # fmt: skip
        assert np.allclose(one.box.corners, other.box.corners, atol=1e-5)
    for one, other in zip(scene.rooms, read.scene.rooms, strict=True):
        assert (one.id, one.kind, one.floor_material) == (
            other.id,
            other.kind,
            other.floor_material,
        )
        assert np.isclose(one.area, other.area, atol=1e-6)
        assert np.allclose(one.floor, other.floor, atol=1e-6)
    for one, other in zip(trajectory.frames, read.frames, strict=True):
        assert (one.index, one.time) == (other.index, other.time)
        assert np.allclose(one.camera.position, other.camera.position, atol=1e-6)
        assert np.allclose(one.camera.axes, other.camera.axes, atol=1e-6)
        assert set(one.sightings) == set(other.sightings)
        for name, sighting in one.sightings.items():
            assert sighting.pixels == other.sightings[name].pixels
            assert sighting.visible == other.sightings[name].visible


def test_scene_file_has_the_fields_of_sims_v(folder: Path) -> None:
    data = json.loads((folder.parent / "scene.json").read_text())
    assert {"house_area", "house_center", "room_data", "object_counts", "object_bbox"} <= set(data)
    room = next(iter(data["room_data"].values()))
    assert {"area", "length", "width", "type", "floor_material"} <= set(room)
    entry = data["object_bbox"][0]
    assert {"centroid", "axesLengths", "normalizedAxes", "min", "max"} <= set(entry)
    assert {"object_id", "asset_id", "object_type"} <= set(entry)


def test_annotations_of_others_need_sims_v_s_fields_alone(folder: Path) -> None:
    scene = json.loads((folder.parent / "scene.json").read_text())
    for entry in scene["object_bbox"]:
        for name in ("category", "parents"):
            del entry[name]
    scene = {k: v for k, v in scene.items() if k not in ("walkable", "source", "name")}
    (folder.parent / "scene.json").write_text(json.dumps(scene))
    lines = [json.loads(line) for line in (folder / "frames.jsonl").read_text().splitlines()]
    for line in lines:
        del line["camera"], line["file"]
    (folder / "frames.jsonl").write_text("\n".join(map(json.dumps, lines)))
    read = read_trajectory(folder)
    assert read.frames[0].camera.fov == 59.0
    assert (read.frames[0].camera.width, read.frames[0].camera.height) == (668, 384)
    assert "coffee table" not in {t.object_type for t in read.scene.objects}
    assert all(thing.category.islower() or thing.category for thing in read.scene.objects)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("frames.jsonl", lambda text: text[: len(text) - 30], r"frames\.jsonl, line 4: cut off"),
        ("frames.jsonl", lambda text: text.replace('"idx"', '"x"'), "line 1: field 'idx'"),
        ("../scene.json", lambda text: text[:100], "not JSON, or cut off"),
        ("../scene.json", lambda text: text.replace('"centroid"', '"c"'), "field 'centroid'"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str, change, message: str) -> None:
    file = folder / name
    file.write_text(change(file.read_text()))
    with pytest.raises(SpatuneError, match=message):
        read_trajectory(folder)


def test_missing_files_are_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SpatuneError, match="no scene.json"):
        read_scene(tmp_path / "nothing" / "here")
    (folder / "frames.jsonl").unlink()
    with pytest.raises(SpatuneError, match=r"no frames\.jsonl"):
        read_trajectory(folder)


def test_an_object_that_the_scene_lacks_is_named(folder: Path) -> None:
    file = folder / "frames.jsonl"
    line = json.loads(file.read_text().splitlines()[0])
    name = next(iter(line["objects"]))
    line["objects"]["Ghost|1"] = line["objects"][name]
    file.write_text(json.dumps(line))
    with pytest.raises(SpatuneError, match=r"no object 'Ghost\|1'"):
        read_trajectory(folder)
