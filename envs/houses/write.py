"""`save_house`: a house as ProcTHOR's JSON of schema 1.0.0, and the hash of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import SpatuneError, first_line
from .fields import rounded
from .house import (
    AgentPose,
    Colour,
    GroundPoint,
    House,
    HouseObject,
    Light,
    Material,
    Opening,
    Room,
    Vector,
    Wall,
)
from .records import EXTERIOR

_AGENT_MODES = ("arm", "default", "locobot", "stretch")

_SHADOW = {
    "nearPlane": 0.2,
    "normalBias": 0,
    "resolution": "FromQualitySettings",
    "strength": 1,
    "type": "Soft",
}
_SHADOW_BIAS = {"directional": 0, "point": 0.05}


def house_json(house: House) -> dict[str, Any]:
    """The house as a JSON object that AI2-THOR 5 creates with its action `CreateHouse`.

    Numbers have at most six decimals, so `read_house(house_json(house))` is the house itself, up to
    that rounding. What `House` does not hold has the values that ProcTHOR writes into every house.
    AI2-THOR refuses a wall with more than one opening; ProcTHOR makes none.
    """
    pose = _pose(house.agent)
    metadata: dict[str, Any] = {
        "agent": pose,
        "agentPoses": {mode: pose for mode in _AGENT_MODES},
        "schema": "1.0.0",
    }
    if house.room_spec:
        metadata["roomSpecId"] = house.room_spec
    return {
        "doors": [_opening(door) for door in house.doors],
        "metadata": metadata,
        "objects": [_object(thing) for thing in house.objects],
        "proceduralParameters": {
            "ceilingMaterial": _material(house.ceiling_material),
            "floorColliderThickness": 1,
            "lights": [_light(light) for light in house.lights],
            "receptacleHeight": 0.7,
            "reflections": [],
            "skyboxId": house.skybox,
        },
        "rooms": [_room(room) for room in house.rooms],
        "walls": [_wall(wall) for wall in house.walls],
        "windows": [_opening(window) for window in house.windows],
    }


def save_house(house: House, path: str | Path) -> None:
    """Write the canonical JSON, so that equal houses give equal files.

    A kill leaves the old file or the new one, never a part. The SHA-256 of a `.json` file is
    `house_sha256`.

    Args:
        house: The house.
        path: A `.json` or `.json.gz` file; its folder is made when it is missing.

    Raises:
        SpatuneError: The file cannot be written.
    """
    path = Path(path)
    data = _canonical(house)
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise SpatuneError(f"{path}: cannot be written: {first_line(error)}") from None


def house_sha256(house: House) -> str:
    """Hash of the canonical JSON, which names the house: 64 hexadecimal digits."""
    return hashlib.sha256(_canonical(house)).hexdigest()


def _canonical(house: House) -> bytes:
    """JSON with sorted keys and without spaces."""
    text = json.dumps(
        house_json(house),
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return text.encode()


def _room(room: Room) -> dict[str, Any]:
    record: dict[str, Any] = {
        "ceilings": [],
        "children": [],
        "floorMaterial": _material(room.floor_material),
        "floorPolygon": [_corner(point, 0.0) for point in room.floor],
        "id": room.id,
        "roomType": room.room_type,
    }
    if room.ceiling_material is not None:
        ceiling = {"id": f"ceiling|{room.id}", "material": _material(room.ceiling_material)}
        record["ceilings"] = [ceiling]
    return record | _layer(room.layer)


def _wall(wall: Wall) -> dict[str, Any]:
    ends = (wall.start, wall.end)
    record: dict[str, Any] = {
        "id": wall.id,
        "material": _material(wall.material),
        "polygon": [_corner(end, height) for height in (wall.bottom, wall.top) for end in ends],
        "roomId": EXTERIOR if wall.exterior else wall.room_id,
    }
    if wall.empty:
        record["empty"] = True
    return record | _layer(wall.layer)


def _opening(opening: Opening) -> dict[str, Any]:
    record: dict[str, Any] = {
        "assetId": opening.asset_id,
        "assetPosition": _vector(opening.asset_position),
        "holePolygon": [
            _vector((opening.left, opening.bottom, 0.0)),
            _vector((opening.right, opening.top, 0.0)),
        ],
        "id": opening.id,
        "openable": opening.openable,
        "openness": _number(opening.openness),
        "room0": opening.rooms[0],
        "room1": opening.rooms[1],
        "wall0": opening.walls[0],
        "wall1": opening.walls[1],
    }
    if opening.material is not None:
        record["material"] = _material(opening.material)
    return record


def _object(thing: HouseObject) -> dict[str, Any]:
    record: dict[str, Any] = {
        "assetId": thing.asset_id,
        "id": thing.id,
        "kinematic": thing.kinematic,
        "position": _vector(thing.position),
        "rotation": _vector(thing.rotation),
    }
    if thing.children:
        record["children"] = [_object(child) for child in thing.children]
    if thing.material is not None:
        record["material"] = _material(thing.material)
    if openness := _number(thing.openness):
        record["openness"] = openness
    if thing.toggled is not None:
        record["isOn"] = thing.toggled
    if thing.dirty:
        record["isDirty"] = True
    return record | _layer(thing.layer)


def _light(light: Light) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": light.id,
        "intensity": _number(light.intensity),
        "position": _vector(light.position),
        "rgb": _colour(light.colour),
        "shadow": {**_SHADOW, "bias": _SHADOW_BIAS[light.kind]},
        "type": light.kind,
    }
    if light.rotation is not None:
        record |= {"indirectMultiplier": 1, "rotation": _vector(light.rotation)}
    if light.reach is not None:
        record["range"] = _number(light.reach)
    if light.dark_layers:
        record["cullingMaskOff"] = list(light.dark_layers)
    return record | _layer(light.layer)


def _pose(agent: AgentPose) -> dict[str, Any]:
    return {
        "horizon": _number(agent.horizon),
        "position": _vector(agent.position),
        "rotation": _vector((0.0, agent.yaw, 0.0)),
        "standing": agent.standing,
    }


def _material(material: Material) -> dict[str, Any]:
    record: dict[str, Any] = {"name": material.name} if material.name else {}
    if material.colour is not None:
        record["color"] = _colour(material.colour)
    return record


def _layer(layer: str) -> dict[str, str]:
    return {"layer": layer} if layer else {}


def _corner(point: GroundPoint, height: float) -> dict[str, float]:
    return _vector((point[0], height, point[1]))


def _vector(vector: Vector) -> dict[str, float]:
    return _named("xyz", vector)


def _colour(colour: Colour) -> dict[str, float]:
    return _named("rgb", colour)


def _named(names: str, numbers: Sequence[float]) -> dict[str, float]:
    return {name: _number(number) for name, number in zip(names, numbers, strict=True)}


def _number(number: float) -> float:
    """Six decimals, and none for a whole number: that is shorter in the file."""
    short = rounded(number)
    return int(short) if short.is_integer() else short
