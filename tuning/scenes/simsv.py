"""Trajectories on disk in SIMS-V's annotation schema, with what is needed to read them back.

A scene's folder holds `scene.json` and one folder a trajectory with `frames.jsonl` and the images.
Fields beyond SIMS-V's (`camera`, `file`, `category`, `floor`, ...) may be missing when annotations
of others are read: the camera then has SIMS-V's field of view and looks straight ahead from the
agent's place.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SpatuneError
from .box import Box
from .pinhole import Pinhole
from .scene import Scene, SceneObject, SceneRoom
from .trajectory import Frame, Sighting, Trajectory
from .words import words_of

SCENE_FILE = "scene.json"
FRAMES_FILE = "frames.jsonl"
_FOV, _WIDTH, _HEIGHT = 59.0, 668, 384
_DIGITS = 6


def scene_to_json(scene: Scene) -> dict[str, Any]:
    """Plain JSON form; `scene_from_json` undoes it up to the last of six digits."""
    boxes = [_object_to_json(thing) for thing in scene.objects]
    counts = Counter(entry["object_type"] for entry in boxes)
    return {
        "name": scene.name,
        "source": scene.source,
        "house_area": _rounded(scene.area),
        "house_center": _centre(scene),
        "room_data": {room.id: _room_to_json(room) for room in scene.rooms},
        "object_counts": dict(sorted(counts.items())),
        "object_bbox": boxes,
        "walkable": [list(point) for point in scene.walkable],
    }


def scene_from_json(data: dict[str, Any], where: str) -> Scene:
    """Inverse of `scene_to_json`; reads SIMS-V's own files as well.

    Raises:
        SpatuneError: A field is missing or has a wrong form; the line names it and `where`.
    """
    try:
        objects = tuple(_object_from_json(e, i) for i, e in enumerate(data["object_bbox"]))
        rooms = tuple(_room_from_json(name, r) for name, r in data.get("room_data", {}).items())
        walkable = tuple((float(x), float(z)) for x, z in data.get("walkable", ()))
        name = str(data.get("name", where))
        return Scene(name, str(data.get("source", "simsv")), objects, rooms, walkable)
    except KeyError as error:
        raise SpatuneError(f"{where}: field {error} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise SpatuneError(f"{where}: not SIMS-V's scene metadata ({error})") from None


def frame_to_json(frame: Frame, scene: Scene) -> dict[str, Any]:
    """One annotation line as plain JSON."""
    camera = frame.camera
    return {
        "idx": frame.index,
        "time": _rounded(frame.time),
        "agent": {
            "position": dict(zip("xyz", _list(frame.agent), strict=True)),
            "rotation": {"x": 0.0, "y": _rounded(camera.yaw), "z": 0.0},
        },
        "objects": {
            name: {
                "num_pixels": sighting.pixels,
                "pct_pixels": _rounded(sighting.share),
                "visible": sighting.visible,
                "distance": _rounded(sighting.distance),
                "object_type": scene.by_id[name].object_type or scene.by_id[name].category,
                "asset_id": scene.by_id[name].asset_id,
                "parent_receptacles": list(scene.by_id[name].parents),
            }
            for name, sighting in frame.sightings.items()
        },
        "camera": {
            "position": _list(camera.position),
            "axes": [_list(axis) for axis in camera.axes],
            "fov": camera.fov,
            "width": camera.width,
            "height": camera.height,
        },
        "file": frame.file,
    }


def frame_from_json(data: dict[str, Any]) -> Frame:
    """Inverse of `frame_to_json`.

    Raises:
        KeyError: A field is missing.
        TypeError: A field has a wrong form.
        ValueError: A number is none.
    """
    position = tuple(float(data["agent"]["position"][axis]) for axis in "xyz")
    sightings = {
        name: Sighting(
            int(entry["num_pixels"]),
            float(entry["pct_pixels"]),
            float(entry["distance"]),
            bool(entry["visible"]),
        )
        for name, entry in data["objects"].items()
    }
    return Frame(
        index=int(data["idx"]),
        time=float(data["time"]),
        camera=_camera(data),
        sightings=sightings,
        agent=(position[0], position[1], position[2]),
        file=str(data.get("file", "")),
    )


def write_scene(folder: Path, scene: Scene) -> None:
    """Write `scene.json` into a scene's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCENE_FILE).write_text(json.dumps(scene_to_json(scene), sort_keys=True) + "\n")


def read_scene(folder: Path) -> Scene:
    """The scene of a scene's or a trajectory's folder.

    Raises:
        SpatuneError: There is no file, it is cut off, or a field is missing.
    """
    files = [place / SCENE_FILE for place in (folder, folder.parent)]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise SpatuneError(f"{folder}: no {SCENE_FILE} there or in the folder above")
    try:
        data = json.loads(file.read_text())
    except json.JSONDecodeError as error:
        raise SpatuneError(f"{file}: not JSON, or cut off: {error.msg}") from None
    return scene_from_json(data, str(file))


def write_frames(folder: Path, trajectory: Trajectory) -> None:
    """Write `frames.jsonl` of a trajectory, not the images."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(frame_to_json(frame, trajectory.scene), sort_keys=True) + "\n"
        for frame in trajectory.frames
    ]
    (folder / FRAMES_FILE).write_text("".join(lines))


def read_trajectory(folder: Path, scene: Scene | None = None) -> Trajectory:
    """A trajectory with its annotations; images stay on disk (`Frame.file`).

    Args:
        folder: The trajectory's folder.
        scene: Its scene, where it is in memory already.

    Raises:
        SpatuneError: A file is missing or cut off, or a line lacks a field or names an object that
            the scene does not have.
    """
    scene = scene or read_scene(folder)
    file = folder / FRAMES_FILE
    if not file.is_file():
        raise SpatuneError(f"{folder}: no {FRAMES_FILE}")
    frames = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        try:
            frame = frame_from_json(json.loads(line))
        except json.JSONDecodeError as error:
            raise SpatuneError(f"{file}, line {number}: cut off or not JSON: {error.msg}") from None
        except KeyError as error:
            raise SpatuneError(f"{file}, line {number}: field {error} is missing") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise SpatuneError(f"{file}, line {number}: not an annotation ({error})") from None
        unknown = next((name for name in frame.sightings if name not in scene.by_id), None)
        if unknown is not None:
            raise SpatuneError(f"{file}, line {number}: the scene has no object {unknown!r}")
        frames.append(frame)
    return Trajectory(folder.name, scene, tuple(frames))


def _object_to_json(thing: SceneObject) -> dict[str, Any]:
    box = thing.box
    return {
        "centroid": _list(box.center),
        "axesLengths": _list(box.lengths),
        "normalizedAxes": _list(box.axes.ravel()),
        "min": _list(box.low),
        "max": _list(box.high),
        "object_id": thing.id,
        "asset_id": thing.asset_id,
        "object_type": thing.object_type or thing.category,
        "category": thing.category,
        "parents": list(thing.parents),
    }


def _object_from_json(data: dict[str, Any], number: int) -> SceneObject:
    axes = np.array(data["normalizedAxes"], float).reshape(3, 3)
    box = Box(np.array(data["centroid"], float), axes, np.array(data["axesLengths"], float))
    if box.center.shape != (3,) or box.lengths.shape != (3,):
        raise ValueError(f"object {number} has a box that is not three numbers wide")
    kind = str(data["object_type"])
    return SceneObject(
        id=str(data["object_id"]),
        category=str(data.get("category", words_of(kind))),
        box=box,
        asset_id=str(data.get("asset_id", "")),
        parents=tuple(data.get("parents", ())),
        object_type=kind,
    )


def _room_to_json(room: SceneRoom) -> dict[str, Any]:
    corners = np.array(room.floor).reshape(-1, 2)
    extent = np.ptp(corners, axis=0) if len(corners) else np.zeros(2)
    return {
        "area": _rounded(room.area),
        "length": _rounded(float(extent.max())),
        "width": _rounded(float(extent.min())),
        "type": room.kind,
        "floor_material": room.floor_material,
        "floor": [_list(corner) for corner in corners],
    }


def _room_from_json(name: str, data: dict[str, Any]) -> SceneRoom:
    return SceneRoom(
        name,
        str(data.get("type", "")),
        float(data["area"]),
        tuple((float(x), float(z)) for x, z in data.get("floor", ())),
        str(data.get("floor_material", "")),
    )


def _camera(data: dict[str, Any]) -> Pinhole:
    entry = data.get("camera")
    if entry is None:
        place, turn = data["agent"]["position"], data["agent"]["rotation"]
        position = (float(place["x"]), float(place["y"]), float(place["z"]))
        rotation = (float(turn.get("x", 0.0)), float(turn["y"]), float(turn.get("z", 0.0)))
        return Pinhole.looking(position, rotation, _FOV, _WIDTH, _HEIGHT)
    return Pinhole(
        np.array(entry["position"], float),
        np.array(entry["axes"], float).reshape(3, 3),
        float(entry["fov"]),
        int(entry["width"]),
        int(entry["height"]),
    )


def _centre(scene: Scene) -> list[float]:
    corners = np.array([corner for room in scene.rooms for corner in room.floor]).reshape(-1, 2)
    if not len(corners):
        return []
    x, z = (corners.min(axis=0) + corners.max(axis=0)) / 2
    return [_rounded(x), 0.0, _rounded(z)]


def _list(values: Any) -> list[float]:
    return [_rounded(value) for value in values]


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS) + 0.0
