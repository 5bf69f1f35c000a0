"""`ObjectMetadata`: AI2-THOR's metadata of the objects of a house."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from ..houses.frames import rotation_matrix
from .entities import Entity, State
from .values import xyz
from .world import World

ALIGNED_CORNERS = np.array([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)]) / 2
"""Corners of a unit cube in AI2-THOR's order (8, 3)."""

_RING = [[1, 0, 1], [-1, 0, 1], [-1, 0, -1], [1, 0, -1]]
_ORIENTED_CORNERS = np.array([[x, y, z] for y in (-1, 1) for x, _, z in _RING]) / 2


class ObjectMetadata:
    """Makes the metadata of objects; what has not changed is not worked out again.

    Args:
        world: The house whose objects they are.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[str, tuple[object, dict[str, Any]]] = {}

    def all(
        self, visible: Collection[str], listed: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """The metadata of every object.

        Each object's mapping is new. What it holds of places and boxes is shared by all replies:
        copy it before you change it.

        Args:
            visible: Ids of the objects that the agent sees.
            listed: Ids of the objects to list, all if None.
        """
        states = self._world.states
        held: dict[str, list[str]] = {}
        for name, state in states.items():
            if state.parent is not None:
                held.setdefault(state.parent, []).append(name)
        agent = self._world.agent.position
        names = states if listed is None else [name for name in states if name in listed]
        return [
            self._entry(name, agent, name in visible, tuple(held.get(name, ()))) for name in names
        ]

    def one(self, name: str, *, visible: bool) -> dict[str, Any]:
        """The metadata of one object."""
        held = tuple(self._world.children(name))
        return self._entry(name, self._world.agent.position, visible, held)

    def _entry(
        self, name: str, agent: tuple[float, float, float], visible: bool, held: tuple[str, ...]
    ) -> dict[str, Any]:
        state = self._world.states[name]
        picked = self._world.held == name
        key = (*vars(state).values(), picked, held)
        kept = self._kept.get(name)
        if kept is None or kept[0] != key:
            kept = key, _still(self._world.entities[name], state, picked, held)
            self._kept[name] = kept
        entry = kept[1].copy()
        entry["visible"] = entry["isInteractable"] = visible
        entry["obstructed"] = not visible
        entry["distance"] = math.dist(state.position, agent)
        return entry


def _aligned_box(entity: Entity, state: State) -> dict[str, Any]:
    spread = np.abs(rotation_matrix(state.rotation)) @ np.array(entity.size)
    corners = np.array(state.position) + ALIGNED_CORNERS * spread
    return {
        "cornerPoints": corners.tolist(),
        "center": xyz(state.position),
        "size": xyz((spread[0], spread[1], spread[2])),
    }


def _oriented_box(entity: Entity, state: State) -> dict[str, Any]:
    corners = (_ORIENTED_CORNERS * np.array(entity.size)) @ rotation_matrix(state.rotation).T
    return {"cornerPoints": (corners + np.array(state.position)).tolist()}


def _still(entity: Entity, state: State, picked: bool, held: tuple[str, ...]) -> dict[str, Any]:
    """Every field, in AI2-THOR's order; those that depend on the agent are set later."""
    has = entity.properties
    moves = entity.pickupable or entity.moveable
    return {
        "name": entity.id,
        "position": xyz(state.position),
        "rotation": xyz(state.rotation),
        "visible": False,
        "isInteractable": False,
        "obstructed": True,
        "receptacle": entity.receptacle,
        "toggleable": entity.toggleable,
        "isToggled": state.toggled,
        "breakable": "CanBreak" in has,
        "isBroken": False,
        "canFillWithLiquid": "CanBeFilled" in has,
        "isFilledWithLiquid": False,
        "fillLiquid": None,
        "dirtyable": "CanBeDirty" in has,
        "isDirty": state.dirty,
        "canBeUsedUp": "CanBeUsedUp" in has,
        "isUsedUp": False,
        "cookable": "CanBeCooked" in has,
        "isCooked": False,
        "temperature": "RoomTemp",
        "isHeatSource": "isHeatSource" in has,
        "isColdSource": "isColdSource" in has,
        "sliceable": "CanBeSliced" in has,
        "isSliced": False,
        "openable": entity.openable,
        "isOpen": entity.openable and state.openness > 0.0,
        "openness": state.openness,
        "pickupable": entity.pickupable,
        "isPickedUp": picked,
        "moveable": entity.moveable,
        "mass": entity.mass,
        "salientMaterials": list(entity.materials) if moves and entity.materials else None,
        "receptacleObjectIds": list(held) if entity.receptacle else None,
        "distance": 0.0,
        "objectType": entity.object_type,
        "objectId": entity.object_id,
        "assetId": entity.asset_id,
        "parentReceptacles": None if picked or state.parent is None else [state.parent],
        "controlledObjects": None,
        "isMoving": False,
        "axisAlignedBoundingBox": _aligned_box(entity, state),
        "objectOrientedBoundingBox": _oriented_box(entity, state) if moves else None,
    }
