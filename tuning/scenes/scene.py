"""`Scene`: rooms and objects with their boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .box import Box


@dataclass(frozen=True, eq=False)
class SceneObject:
    """Something that a question can be about.

    Attributes:
        id: Unique in the scene.
        category: What people call it, in words: `coffee table`.
        box: Where it is.
        asset_id: Its model, or empty.
        parents: Ids of what holds it, the nearest first.
        object_type: The source's own name of the category (`CoffeeTable`), or empty.
    """

    id: str
    category: str
    box: Box
    asset_id: str = ""
    parents: tuple[str, ...] = ()
    object_type: str = ""


@dataclass(frozen=True, eq=False)
class SceneRoom:
    """One room.

    Attributes:
        id: Unique in the scene.
        kind: `Kitchen`, `LivingRoom`, ... or empty.
        area: Square metres of its floor.
        floor: Corners (x, z) of the floor's polygon, metres; empty where only the area is known.
        floor_material: Name of the floor's material, or empty.
    """

    id: str
    kind: str
    area: float
    floor: tuple[tuple[float, float], ...] = ()
    floor_material: str = ""


@dataclass(frozen=True, eq=False)
class Scene:
    """A place with everything in it, in AI2-THOR's frame: x right, y up, z forward, left-handed.

    Attributes:
        name: Unique in its source.
        source: Where it is from: `procthor`, `libero`, `scannet`, ...
        objects: In a fixed order.
        rooms: In a fixed order; empty where nothing is known of them.
        walkable: Places (x, z) of a square grid where an agent can stand, metres; neighbours can be
            walked between unless an obstacle thinner than the grid is there. Empty where unknown.
    """

    name: str
    source: str
    objects: tuple[SceneObject, ...]
    rooms: tuple[SceneRoom, ...] = ()
    walkable: tuple[tuple[float, float], ...] = ()

    @cached_property
    def by_id(self) -> dict[str, SceneObject]:
        """Objects by id."""
        return {thing.id: thing for thing in self.objects}

    @property
    def area(self) -> float:
        """Square metres of all floors."""
        return sum(room.area for room in self.rooms)
