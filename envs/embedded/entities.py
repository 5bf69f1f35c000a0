"""`Entity`: what AI2-THOR calls an object, be it furniture, a small thing, a door or a wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..houses.assets import find_asset
from ..houses.house import House, HouseObject, Opening, Room, Vector, Wall
from ..houses.solids import OPENING_DEPTH


@dataclass(frozen=True)
class Entity:
    """The part of an object that never changes.

    Attributes:
        id: Id in the house.
        object_id: AI2-THOR's id; the class is what comes before the first `|`.
        object_type: AI2-THOR's type, for example `Fridge`.
        asset_id: Asset, or empty for walls and floors.
        size: Extents of the bounding box in its own frame, metres.
        primary: `Static`, `Moveable` or `CanPickup`.
        properties: AI2-THOR's secondary properties.
        mass: Kilograms; 0 for what cannot be moved.
        materials: Materials that it is visibly made of, or empty.
    """

    id: str
    object_id: str
    object_type: str
    asset_id: str
    size: Vector
    primary: str = "Static"
    properties: frozenset[str] = frozenset()
    mass: float = 0.0
    materials: tuple[str, ...] = ()

    @property
    def pickupable(self) -> bool:
        """Whether an agent can pick it up."""
        return self.primary == "CanPickup"

    @property
    def moveable(self) -> bool:
        """Whether it can be pushed about, but not picked up."""
        return self.primary == "Moveable"

    @property
    def receptacle(self) -> bool:
        """Whether things can be put on or in it."""
        return "Receptacle" in self.properties

    @property
    def openable(self) -> bool:
        """Whether it can be opened."""
        return "CanOpen" in self.properties

    @property
    def toggleable(self) -> bool:
        """Whether it can be switched on and off."""
        return "CanToggleOnOff" in self.properties


@dataclass
class State:
    """The part of an object that actions change.

    Attributes:
        position: Centre of the bounding box, metres.
        rotation: Degrees about x, y and z.
        parent: Object id of what holds it, or None.
        openness: 0 closed to 1 open.
        toggled: Whether it is switched on.
        dirty: Whether it is dirty.
    """

    position: Vector
    rotation: Vector
    parent: str | None = None
    openness: float = 0.0
    toggled: bool = False
    dirty: bool = False


def entities_of(house: House) -> list[tuple[Entity, State]]:
    """Everything in a house that has an AI2-THOR id, with its state at the start."""
    walls = {wall.id: wall for wall in house.walls}
    found = [_floor(room) for room in house.rooms]
    found += [_wall(wall) for wall in house.walls if not wall.empty]
    found += [_opening(opening, walls) for opening in (*house.doors, *house.windows)]
    ids = {thing.id: object_id(thing) for thing, _ in house.all_objects()}
    for thing, parent in house.all_objects():
        found.append(_object(thing, None if parent is None else ids[parent.id]))
    return found


def object_id(thing: HouseObject) -> str:
    """AI2-THOR's id of an object: its type, then its id in the house."""
    object_type = find_asset(thing.asset_id).object_type
    return thing.id if thing.id.startswith(f"{object_type}|") else f"{object_type}|{thing.id}"


def _floor(room: Room) -> tuple[Entity, State]:
    corners = np.array(room.floor)
    low, high = corners.min(axis=0), corners.max(axis=0)
    centre, size = (low + high) / 2, high - low
    entity = Entity(
        room.id,
        room.id,
        "Floor",
        "",
        (float(size[0]), 0.0, float(size[1])),
        properties=frozenset({"Receptacle"}),
    )
    return entity, State((float(centre[0]), 0.0, float(centre[1])), (0.0, 0.0, 0.0))


def _wall(wall: Wall) -> tuple[Entity, State]:
    start, end = np.array(wall.start), np.array(wall.end)
    x, z = (start + end) / 2
    entity = Entity(wall.id, wall.id, "Wall", "", (wall.length, wall.top - wall.bottom, 0.0))
    place = (float(x), (wall.bottom + wall.top) / 2, float(z))
    return entity, State(place, (0.0, _yaw(wall), 0.0))


def _opening(opening: Opening, walls: dict[str, Wall]) -> tuple[Entity, State]:
    wall = walls[opening.walls[0]]
    start, end = np.array(wall.start), np.array(wall.end)
    x, z = start + (end - start) / wall.length * (opening.left + opening.right) / 2
    asset = find_asset(opening.asset_id)
    entity = Entity(
        opening.id,
        opening.id,
        asset.object_type,
        opening.asset_id,
        (opening.right - opening.left, opening.top - opening.bottom, OPENING_DEPTH),
        properties=frozenset({"CanOpen"}) if opening.openable else frozenset(),
    )
    place = (float(x), (opening.bottom + opening.top) / 2, float(z))
    return entity, State(place, (0.0, _yaw(wall), 0.0), openness=opening.openness)


def _object(thing: HouseObject, parent: str | None) -> tuple[Entity, State]:
    asset = find_asset(thing.asset_id)
    entity = Entity(
        thing.id,
        object_id(thing),
        asset.object_type,
        thing.asset_id,
        asset.size,
        asset.primary or "Static",
        asset.properties,
        asset.mass,
        asset.visible_materials,
    )
    state = State(
        thing.position,
        thing.rotation,
        parent,
        thing.openness,
        bool(thing.toggled),
        thing.dirty,
    )
    return entity, state


def _yaw(wall: Wall) -> float:
    (x0, z0), (x1, z1) = wall.start, wall.end
    return float(np.degrees(np.arctan2(z0 - z1, x1 - x0))) % 360.0
