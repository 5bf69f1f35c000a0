"""`house_scene`: a ProcTHOR house as a `Scene`."""

from __future__ import annotations

import numpy as np

from ...envs.embedded.entities import Entity, State, entities_of
from ...envs.houses.frames import rotation_matrix
from ...envs.houses.house import House
from ...envs.houses.polygon import signed_area
from .box import Box
from .scene import Scene, SceneObject, SceneRoom
from .words import words_of


def house_scene(house: House, name: str, walkable: tuple[tuple[float, float], ...] = ()) -> Scene:
    """Rooms and objects of a house; walls, floors, doors and windows are no objects.

    Ids of objects are AI2-THOR's.

    Args:
        house: The house.
        name: Its name.
        walkable: Where an agent can stand, as in `Scene`.
    """
    pairs = entities_of(house)
    states = {entity.object_id: state for entity, state in pairs}
    things = {thing.id for thing, _ in house.all_objects()}
    objects = tuple(
        _scene_object(entity, state, states) for entity, state in pairs if entity.id in things
    )
    rooms = tuple(
        SceneRoom(
            room.id,
            room.room_type,
            abs(signed_area(room.floor)),
            room.floor,
            room.floor_material.name,
        )
        for room in house.rooms
    )
    return Scene(name, "procthor", objects, rooms, walkable)


def _scene_object(entity: Entity, state: State, states: dict[str, State]) -> SceneObject:
    turn = rotation_matrix(state.rotation)
    box = Box(np.array(state.position, float), turn.T, np.array(entity.size, float))
    parents, parent = [], state.parent
    while parent is not None:
        parents.append(parent)
        parent = states[parent].parent if parent in states else None
    return SceneObject(
        id=entity.object_id,
        category=words_of(entity.object_type),
        box=box,
        asset_id=entity.asset_id,
        parents=tuple(parents),
        object_type=entity.object_type,
    )
