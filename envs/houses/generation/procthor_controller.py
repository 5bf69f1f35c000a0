"""`GeometricController`: answers ProcTHOR's generator in the place of a running AI2-THOR."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ....errors import SpatuneError
from ..assets import Asset, find_asset
from ..house import GroundPoint, Vector
from ..polygon import contains
from ..supports import supports
from ..yaw_box import YawBox, standing_size
from .resting import fallen, rest_on

_BOX_TRIANGLES = [0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6,
                  0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3]  # fmt: skip
_LYING_YAWS = range(0, 180, 15)


@dataclass(frozen=True)
class Event:
    """What an action brought about; true when it succeeded.

    Attributes:
        metadata: `objects`, `actionReturn` and `lastActionSuccess`, as AI2-THOR names them.
    """

    metadata: dict[str, Any]

    def __bool__(self) -> bool:
        return self.metadata["lastActionSuccess"]


@dataclass
class _Thing:
    asset: Asset
    position: Vector
    rotation: Vector
    parent: str | None = None

    @property
    def box(self) -> YawBox:
        size = standing_size(self.asset.size, self.rotation)
        return YawBox(self.position, size, self.rotation[1])


@dataclass
class _Scene:
    things: dict[str, _Thing] = field(default_factory=dict)
    floors: list[tuple[GroundPoint, ...]] = field(default_factory=list)


class GeometricController:
    """A world of bounding boxes in which things rest on what holds them.

    It stands in for `ai2thor.controller.Controller` while ProcTHOR makes a house: ProcTHOR asks
    where things lie and has small objects placed, and looks at no picture.
    """

    def __init__(self) -> None:
        self._scene = _Scene()
        self._seed = 0
        self._actions = {
            "AdvancePhysicsStep": self._settle,
            "CreateHouse": self._create_house,
            "DisableObject": self._disable_object,
            "GetInSceneAssetGeometry": self._geometry,
            "InitialRandomSpawn": self._random_spawn,
            "OpenObject": self._nothing,
            "ResetObjectFilter": self._nothing,
            "SetObjectFilter": self._nothing,
            "SetRandomSeed": self._set_seed,
            "SpawnAsset": self._spawn,
        }

    def reset(self, **_: object) -> Event:
        """Empty the world."""
        self._scene = _Scene()
        return self._event()

    def step(self, action: str, **arguments: Any) -> Event:
        """Carry an action out.

        Args:
            action: One of the actions that ProcTHOR's generator uses.
            arguments: As AI2-THOR takes them; those that concern pictures are passed over.

        Raises:
            SpatuneError: Another action.
        """
        if action not in self._actions:
            known = ", ".join(sorted(self._actions))
            raise SpatuneError(f"a GeometricController cannot do {action!r}; it can do: {known}")
        return self._actions[action](**arguments)

    def _event(self, *, success: bool = True, answer: object = None) -> Event:
        objects = [_metadata(name, thing) for name, thing in self._scene.things.items()]
        return Event({"lastActionSuccess": success, "actionReturn": answer, "objects": objects})

    def _nothing(self, **_: object) -> Event:
        return self._event()

    def _set_seed(self, seed: int, **_: object) -> Event:
        self._seed = seed
        return self._event()

    def _create_house(self, house: Mapping[str, Any], **_: object) -> Event:
        floors = [
            tuple((corner["x"], corner["z"]) for corner in room["floorPolygon"])
            for room in house["rooms"]
        ]
        self._scene = _Scene(floors=floors)
        self._add(house["objects"], None)
        return self._event()

    def _add(self, objects: Iterable[Mapping[str, Any]], parent: str | None) -> None:
        for found in objects:
            place = _vector(found["position"]), _vector(found["rotation"])
            thing = _Thing(find_asset(found["assetId"]), *place, parent)
            if parent is not None and not _is_tipped(thing):
                holder = self._scene.things[parent]
                rest = fallen(holder.asset, holder.box, thing.box, thing.asset.object_type)
                thing.position = rest.centre
            self._scene.things[found["id"]] = thing
            self._add(found.get("children", ()), found["id"])

    def _spawn(
        self,
        assetId: str,
        generatedId: str,
        position: Mapping[str, float],
        rotation: Mapping[str, float] | None = None,
        **_: object,
    ) -> Event:
        turn = _vector(rotation) if rotation else (0.0, 0.0, 0.0)
        self._scene.things[generatedId] = _Thing(find_asset(assetId), _vector(position), turn)
        return self._event()

    def _disable_object(self, objectId: str, **_: object) -> Event:
        del self._scene.things[objectId]
        return self._event()

    def _geometry(self, objectId: str, **_: object) -> Event:
        """The bounding box as a mesh; ProcTHOR refuses groups whose meshes touch."""
        box = self._scene.things[objectId].box
        first, second, third, fourth = box.corners
        vertices = [
            {"x": x, "y": y, "z": z}
            for x, z in (first, second, fourth, third)
            for y in (box.bottom, box.top)
        ]
        return self._event(answer=[{"vertices": vertices, "triangles": _BOX_TRIANGLES}])

    def _random_spawn(
        self, objectIds: list[str], receptacleObjectIds: list[str], randomSeed: int, **_: object
    ) -> Event:
        """Put an object on a piece of furniture, upright.

        ProcTHOR names the furniture by a prefix, so "2|1" comes with "2|10", whose child the object
        would not become; the shortest name is the one that is meant.
        """
        (name,), holder = objectIds, min(receptacleObjectIds, key=len)
        asset = self._scene.things[name].asset
        random = np.random.default_rng(randomSeed)
        found = self._rest(holder, asset.size, {name, holder}, random)
        if found is None:
            return self._event(success=False)
        self._scene.things[name] = _Thing(asset, found.centre, (0.0, found.yaw, 0.0), holder)
        return self._event()

    def _settle(self, **_: object) -> Event:
        """Let everything that was tipped come to rest: ProcTHOR drops baseball bats."""
        for name, thing in self._scene.things.items():
            if _is_tipped(thing):
                self._scene.things[name] = self._at_rest(name, thing)
        return self._event()

    def _at_rest(self, name: str, thing: _Thing) -> _Thing:
        """Lying where there is room for it, otherwise upright where it was before it was tipped."""
        lying = standing_size(thing.asset.size, (90.0, 0.0, 0.0))
        if thing.parent is None:
            found, floor = self._lie_on_floor(name, thing, lying), 0.0
        else:
            holder = self._scene.things[thing.parent]
            random = np.random.default_rng([self._seed, len(self._scene.things)])
            found = self._rest(thing.parent, lying, {name, thing.parent}, random)
            floor = holder.box.bottom + supports(holder.asset)[0].height
        if found is not None:
            return _Thing(thing.asset, found.centre, (90.0, found.yaw, 0.0), thing.parent)
        x, _, z = thing.position
        upright = (x, floor + thing.asset.size[1] / 2, z)
        return _Thing(thing.asset, upright, (0.0, thing.rotation[1], 0.0), thing.parent)

    def _lie_on_floor(self, name: str, thing: _Thing, size: Vector) -> YawBox | None:
        x, _, z = thing.position
        others = self._boxes({name})
        for turn in _LYING_YAWS:
            box = YawBox((x, size[1] / 2, z), size, (thing.rotation[1] + turn) % 360)
            within = any(
                all(contains(floor, corner) for corner in box.corners)
                for floor in self._scene.floors
            )
            if within and not any(box.overlap(other) for other in others):
                return box
        return None

    def _rest(
        self, holder: str, size: Vector, without: set[str], random: np.random.Generator
    ) -> YawBox | None:
        furniture = self._scene.things[holder]
        return rest_on(furniture.asset, furniture.box, size, self._boxes(without), random)

    def _boxes(self, without: set[str]) -> list[YawBox]:
        return [thing.box for name, thing in self._scene.things.items() if name not in without]


def _is_tipped(thing: _Thing) -> bool:
    return thing.rotation[0] % 90.0 != 0.0


def _metadata(name: str, thing: _Thing) -> dict[str, Any]:
    x, y, z = thing.position
    width, height, depth = thing.box.extent
    return {
        "objectId": name,
        "objectType": thing.asset.object_type,
        "position": {"x": x, "y": y, "z": z},
        "rotation": dict(zip("xyz", thing.rotation, strict=True)),
        # ProcTHOR lifts breakable things by 5 cm lest they shatter; here nothing would bring them
        # down again.
        "breakable": False,
        "axisAlignedBoundingBox": {
            "center": {"x": x, "y": y, "z": z},
            "size": {"x": width, "y": height, "z": depth},
        },
    }


def _vector(point: Mapping[str, float]) -> Vector:
    return (float(point["x"]), float(point["y"]), float(point["z"]))
