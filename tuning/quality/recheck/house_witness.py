"""`HouseWitness`: a house as meshes that rays hit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ....envs.embedded.settings import Settings
from ....envs.embedded.world import World
from ....envs.houses.library import load_house
from ...scenes.words import words_of
from .thing import Thing

_SOLID, _FLOOR, _HIDDEN = 0, 1, 5
_FARTHEST = 60.0


@dataclass(frozen=True, eq=False)
class Hits:
    """What rays hit first.

    Attributes:
        owners: (N,), indices in `HouseWitness.names`; 0 for nothing and for ceilings.
        metres: (N,) along the rays; infinite for nothing.
    """

    owners: np.ndarray
    metres: np.ndarray


class HouseWitness:
    """What a house's compiled model says of its things; no box and no picture is read.

    Args:
        name: Name of the house.

    Attributes:
        things: Furniture and what stands on it, by AI2-THOR's id.
        names: What geoms belong to, by AI2-THOR's ids; entry 0 is empty.
        room_areas: Square metres of each floor's mesh, by the room's id.
        room_middles: Centre of mass (2,) of each floor's mesh, by the room's id.
        room_kinds: What each room is called, by its id.

    Raises:
        SpatuneError: There is no such house.
    """

    def __init__(self, name: str) -> None:
        from ....envs.mujoco_api import mujoco

        self._mujoco: Any = mujoco
        house = load_house(name)
        world = World(house, Settings())
        held = world.model
        self._model, self._data = held.model, held.data
        self._owner = held.geom_owner
        by_number = {number: name for name, number in world.numbers.items()}
        self.names = tuple(by_number.get(n, owner) for n, owner in enumerate(held.owners))
        self._model.geom_group[:] = np.where(held.shown, _SOLID, _HIDDEN)
        self.room_areas: dict[str, float] = {}
        self.room_middles: dict[str, np.ndarray] = {}
        self.room_kinds: dict[str, str] = {}
        for room in house.rooms:
            geom = self._model.geom(f"{room.id}|floor").id
            self._model.geom_group[geom] = _FLOOR
            corners = self._triangles(geom)
            areas = np.linalg.norm(np.cross(*np.diff(corners, axis=1).swapaxes(0, 1)), axis=1) / 2
            self.room_areas[room.id] = float(areas.sum())
            middles = corners.mean(axis=1)[:, :2]
            self.room_middles[room.id] = areas @ middles / areas.sum()
            self.room_kinds[room.id] = words_of(room.room_type)
        self.things: dict[str, Thing] = {}
        placed = {thing.id for thing, _ in house.all_objects()}
        for object_id, entity in world.entities.items():
            if entity.id in placed:
                self.things[object_id] = self._thing(entity.id, object_id, entity.object_type)

    @cached_property
    def categories(self) -> dict[str, tuple[Thing, ...]]:
        """Things by category."""
        groups: dict[str, list[Thing]] = {}
        for thing in self.things.values():
            groups.setdefault(thing.category, []).append(thing)
        return {name: tuple(group) for name, group in groups.items()}

    def cast(self, origin: np.ndarray, rays: np.ndarray, without: Thing | None = None) -> Hits:
        """What rays (N, 3) of any length from a point (3,) hit first, floors included."""
        return self._cast(origin, rays, (_SOLID, _FLOOR), without)

    def room_at(self, point: np.ndarray) -> str:
        """Id of the room on whose floor a point (3,) is seen from above, or empty."""
        down = np.array([[0.0, 0.0, -1.0]])
        hits = self._cast(np.array([point[0], point[1], 1.0]), down, (_FLOOR,), None)
        return self.names[hits.owners[0]]

    def _cast(
        self, origin: np.ndarray, rays: np.ndarray, groups: tuple[int, ...], without: Thing | None
    ) -> Hits:
        count = len(rays)
        unit = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        wanted = np.isin(np.arange(6), groups).astype(np.uint8)
        geoms, metres = np.full(count, -1, np.int32), np.zeros(count)
        self._mujoco.mj_multiRay(
            self._model,
            self._data,
            np.ascontiguousarray(origin, float),
            np.ascontiguousarray(unit.ravel()),
            wanted,
            1,
            -1 if without is None else without.body,
            geoms,
            metres,
            None,
            count,
            _FARTHEST,
        )
        missed = geoms < 0
        return Hits(
            np.where(missed, 0, self._owner[np.maximum(geoms, 0)]),
            np.where(missed, np.inf, metres),
        )

    def _vertices(self, geom: int) -> np.ndarray:
        mesh = self._model.geom_dataid[geom]
        first, count = self._model.mesh_vertadr[mesh], self._model.mesh_vertnum[mesh]
        local = self._model.mesh_vert[first : first + count].astype(float)
        return self._data.geom_xpos[geom] + local @ self._data.geom_xmat[geom].reshape(3, 3).T

    def _triangles(self, geom: int) -> np.ndarray:
        """Corners (T, 3, 3)."""
        mesh = self._model.geom_dataid[geom]
        first, count = self._model.mesh_faceadr[mesh], self._model.mesh_facenum[mesh]
        return self._vertices(geom)[self._model.mesh_face[first : first + count]]

    def _thing(self, name: str, object_id: str, object_type: str) -> Thing:
        geom = self._model.geom(name).id
        body = int(self._model.geom_bodyid[geom])
        return Thing(
            id=object_id,
            category=words_of(object_type),
            body=body,
            vertices=self._vertices(geom),
            frame=self._data.xmat[body].reshape(3, 3).T.copy(),
        )
