"""`RecordReader`: the rooms, walls, openings, objects and lights of ProcTHOR's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...errors import SpatuneError
from .assets import Asset, find_asset
from .fields import Field, rounded
from .house import (
    AgentPose,
    GroundPoint,
    HouseObject,
    Light,
    Material,
    Opening,
    Room,
    Vector,
    Wall,
)

ROOM_TYPES = ("Bathroom", "Bedroom", "Kitchen", "LivingRoom")

EXTERIOR = "exterior"
"""What schema 1.0.0 names in place of a room for an outer face."""

_NEAR = 0.01
"""Metres within which two corners are the same place."""


class RecordReader:
    """Reads the records of one house; every method raises a `SpatuneError` for a wrong field.

    It remembers the ids: walls must come after the rooms, openings after the walls.

    Args:
        upgraded: The schema is 1.0.0, otherwise 0.0.1.
    """

    def __init__(self, *, upgraded: bool) -> None:
        self._upgraded = upgraded
        self._rooms: dict[str, str] = {}
        self._walls: dict[str, str] = {}
        self._openings: dict[str, str] = {}
        self._objects: dict[str, str] = {}
        self._lights: dict[str, str] = {}

    def room(self, record: Field) -> Room:
        """One of `rooms`."""
        ceilings = record.maybe("ceilings")
        painted = [one for one in ceilings.items() if one.maybe("material")] if ceilings else []
        return Room(
            id=_new_id(record, self._rooms),
            room_type=record["roomType"].choice(*ROOM_TYPES),
            floor=tuple(_floor_corner(corner) for corner in record["floorPolygon"].items()),
            floor_material=self.material(record, "floorMaterial"),
            ceiling_material=self.material(painted[0], "material") if painted else None,
            layer=record.text_or_empty("layer"),
        )

    def walls(self, records: Field) -> tuple[Wall, ...]:
        """All of `walls`."""
        fields = records.items()
        walls = [self._wall(record) for record in fields]
        return tuple(
            self._with_room(wall, walls, record) if wall.room_id == EXTERIOR else wall
            for wall, record in zip(walls, fields, strict=True)
        )

    def _wall(self, record: Field) -> Wall:
        start, end, bottom, top = _upright_rectangle(record["polygon"])
        empty = record.maybe("empty")
        room = record["roomId"]
        return Wall(
            id=_new_id(record, self._walls),
            room_id=EXTERIOR if room.value == EXTERIOR else _known(room, self._rooms, "room"),
            start=start,
            end=end,
            bottom=bottom,
            top=top,
            material=self.material(record, "material", "color"),
            empty=empty is not None and empty.flag(),
            layer=record.text_or_empty("layer"),
        )

    def _with_room(self, wall: Wall, walls: list[Wall], record: Field) -> Wall:
        """An outer face with the room behind it, which schema 1.0.0 does not state."""
        if not wall.exterior:
            raise record["roomId"].error("'exterior', but the id does not begin with wall|exterior")
        for face in walls:
            back_to_back = _is_near(face.start, wall.end) and _is_near(face.end, wall.start)
            if face.room_id != EXTERIOR and back_to_back:
                return replace(wall, room_id=face.room_id)
        raise record["roomId"].error("'exterior', but behind this wall there is none of a room")

    def opening(self, record: Field) -> Opening:
        """One of `doors` or `windows`."""
        asset = _asset(record["assetId"])
        if self._upgraded:
            low, high = record["holePolygon"].items(2)
        else:
            low, high = record["boundingBox"]["min"], record["boundingBox"]["max"]
        left, bottom, _ = low.vector()
        right, top, _ = high.vector()
        for key, least, most in (("x", left, right), ("y", bottom, top)):
            if most <= least:
                raise high[key].error(f"must be more than {least:g} of {low.path}, got {most:g}")
        openable, openness = record.maybe("openable"), record.maybe("openness")
        return Opening(
            id=_new_id(record, self._openings),
            asset_id=asset.id,
            rooms=(
                _known(record["room0"], self._rooms, "room"),
                _known(record["room1"], self._rooms, "room"),
            ),
            walls=(
                _known(record["wall0"], self._walls, "wall"),
                _known(record["wall1"], self._walls, "wall"),
            ),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            asset_position=self._asset_position(record, asset, low),
            openable=openable is not None and openable.flag(),
            openness=0.0 if openness is None else openness.number(0, 1),
            material=self._tint(record),
        )

    def object(self, record: Field) -> HouseObject:
        """One of `objects`, with all that it holds."""
        name = _new_id(record, self._objects)
        children, openness = record.maybe("children"), record.maybe("openness")
        toggled, dirty = record.maybe("isOn"), record.maybe("isDirty")
        return HouseObject(
            id=name,
            asset_id=_asset(record["assetId"]).id,
            position=record["position"].vector(),
            rotation=record["rotation"].vector(),
            kinematic=record["kinematic"].flag(),
            children=tuple(self.object(child) for child in children.items()) if children else (),
            material=self._tint(record),
            openness=0.0 if openness is None else openness.number(0, 1),
            toggled=None if toggled is None else toggled.flag(),
            dirty=dirty is not None and dirty.flag(),
            layer=record.text_or_empty("layer"),
        )

    def light(self, record: Field) -> Light:
        """One of `proceduralParameters.lights`."""
        kind = record["type"].choice("directional", "point")
        dark_layers = record.maybe("cullingMaskOff")
        return Light(
            id=_new_id(record, self._lights),
            kind=kind,
            position=record["position"].vector(),
            rotation=record["rotation"].vector() if kind == "directional" else None,
            intensity=record["intensity"].number(0),
            reach=record["range"].number(0) if kind == "point" else None,
            colour=record["rgb"].colour(),
            layer=record.text_or_empty("layer"),
            dark_layers=tuple(name.text() for name in dark_layers.items()) if dark_layers else (),
        )

    def agent(self, metadata: Field) -> AgentPose:
        """`agent` of the metadata, or else the default one of `agentPoses`."""
        poses = metadata.maybe("agentPoses")
        if metadata.maybe("agent") is None and poses is not None:
            pose = poses["default"]
        else:
            pose = metadata["agent"]
        standing = pose.maybe("standing")
        return AgentPose(
            position=pose["position"].vector(),
            yaw=pose["rotation"].vector()[1],
            horizon=pose["horizon"].number(-90, 90),
            standing=standing is None or standing.flag(),
        )

    def material(self, record: Field, key: str, colour_key: str | None = None) -> Material:
        """A member that says how a surface looks; in 0.0.1 its tint is a member beside it."""
        field = record[key]
        beside = record.maybe(colour_key) if colour_key else None
        tint = field.maybe("color") or beside if self._upgraded else beside
        name = field["name"] if self._upgraded else field
        return Material(name.text(), tint.colour() if tint else None)

    def _tint(self, record: Field) -> Material | None:
        """`material` of an object or an opening, which may be missing or without a name."""
        field, tint = record.maybe("material"), record.maybe("color")
        if field is None:
            return Material("", tint.colour()) if tint else None
        if not self._upgraded:
            return self.material(record, "material", "color")
        tint = field.maybe("color") or tint
        return Material(field.text_or_empty("name"), tint.colour() if tint else None)

    def _asset_position(self, record: Field, asset: Asset, corner: Field) -> Vector:
        if self._upgraded:
            return record["assetPosition"].vector()
        offset = record["assetOffset"]
        offset.vector()
        # The rule by which ProcTHOR upgrades its houses to 1.0.0, rounded last as it is there.
        x, y = (
            rounded(corner[key].value + offset[key].value + size / 2)
            for key, size in zip("xy", asset.size[:2], strict=True)
        )
        return x, y, 0.0


def _new_id(record: Field, taken: dict[str, str]) -> str:
    """The id of a record, which none of its kind before it has."""
    field = record["id"]
    name = field.text()
    if name in taken:
        raise field.error(f"{name!r} is also the id of {taken[name]}")
    taken[name] = record.path
    return name


def _known(field: Field, names: Iterable[str], kind: str) -> str:
    name = field.text()
    if name not in names:
        raise field.error(f"no {kind} {name!r}")
    return name


def _asset(field: Field) -> Asset:
    name = field.text()
    try:
        return find_asset(name)
    except SpatuneError as error:
        raise field.error(str(error)) from None


def _floor_corner(corner: Field) -> GroundPoint:
    x, y, z = corner.vector()
    if abs(y) > _NEAR:
        raise corner["y"].error(f"floors are at height 0, got {y:g}")
    return x, z


def _upright_rectangle(field: Field) -> tuple[GroundPoint, GroundPoint, float, float]:
    """Start, end, bottom and top of a wall's polygon."""
    # The lower edge gives the direction. Interior faces list it first, exterior ones last.
    a, b, c, d = sorted((corner.vector() for corner in field.items(4)), key=lambda p: p[1])
    start, end, above = (a[0], a[2]), (b[0], b[2]), [(c[0], c[2]), (d[0], d[2])]
    level = abs(a[1] - b[1]) <= _NEAR and abs(c[1] - d[1]) <= _NEAR
    upright = any(
        _is_near(start, one) and _is_near(end, other) for one, other in (above, above[::-1])
    )
    if not (level and upright and d[1] - a[1] > _NEAR):
        raise field.error("expected two lower corners and two upper ones above them")
    if _is_near(start, end):
        raise field.error("the wall has no length")
    return start, end, a[1], d[1]


def _is_near(one: GroundPoint, other: GroundPoint) -> bool:
    return abs(one[0] - other[0]) <= _NEAR and abs(one[1] - other[1]) <= _NEAR
