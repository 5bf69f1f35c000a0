"""`House`: a ProcTHOR house as data, in AI2-THOR's frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Vector = tuple[float, float, float]
"""Metres (x right, y up, z forward; Unity's left-handed frame), or degrees about these axes."""

GroundPoint = tuple[float, float]
"""Point (x, z) on the floor, metres."""

Colour = tuple[float, float, float]
"""Red, green, blue in 0..1."""


@dataclass(frozen=True)
class Material:
    """How a surface looks.

    Attributes:
        name: Name of an AI2-THOR material, for example `DarkWoodSmooth`. Empty where only a tint is
            given: the asset's own.
        colour: Tint, or None for the material's own colour.
    """

    name: str
    colour: Colour | None = None


@dataclass(frozen=True)
class Room:
    """One room.

    Attributes:
        id: `room|<number>`.
        room_type: `Kitchen`, `LivingRoom`, `Bedroom` or `Bathroom`.
        floor: Corners of the floor's polygon, metres, at height 0; the last is joined to the first.
        floor_material: How the floor looks.
        ceiling_material: How the ceiling looks, or None for the house's own.
        layer: Unity's layer, or empty. Lights of other rooms do not reach it.
    """

    id: str
    room_type: str
    floor: tuple[GroundPoint, ...]
    floor_material: Material
    ceiling_material: Material | None = None
    layer: str = ""


@dataclass(frozen=True)
class Wall:
    """One face of a wall; a wall between two rooms has one face in each.

    Attributes:
        id: `wall|<room>|...`, or `wall|exterior|...` for the outside.
        room_id: The room that the face belongs to; for an outer face the room behind it.
        start: First end, metres. Openings are measured from here.
        end: Other end, metres.
        bottom: Height of the lower edge, metres.
        top: Height of the upper edge, metres.
        material: How the face looks.
        empty: There is no wall: the rooms on both sides are open to one another.
        layer: Unity's layer, or empty.
    """

    id: str
    room_id: str
    start: GroundPoint
    end: GroundPoint
    bottom: float
    top: float
    material: Material
    empty: bool = False
    layer: str = ""

    @property
    def exterior(self) -> bool:
        """Whether this is the outer face of an outer wall."""
        return self.id.startswith("wall|exterior")

    @property
    def length(self) -> float:
        """Metres between the ends."""
        return ((self.end[0] - self.start[0]) ** 2 + (self.end[1] - self.start[1]) ** 2) ** 0.5


@dataclass(frozen=True)
class Opening:
    """A door or a window: a rectangular hole through the two faces of a wall.

    Attributes:
        id: `door|...` or `window|...`.
        asset_id: Asset of the frame.
        rooms: Rooms on both sides (`room0`, `room1`); equal for one that leads outside.
        walls: Faces that it goes through (`wall0`, `wall1`).
        left: Where the hole begins along `wall0`, metres from its start. On `wall1`, which runs the
            other way, it is mirrored.
        right: Where the hole ends along `wall0`, metres.
        bottom: Height of the hole's lower edge, metres.
        top: Height of the hole's upper edge, metres.
        asset_position: Centre of the asset in the frame of `wall0` (along, up, out), metres.
        openable: Whether a door leaf can be opened.
        openness: How far it is open, 0 to 1.
        material: Tint of the frame, or None for the asset's own.
    """

    id: str
    asset_id: str
    rooms: tuple[str, str]
    walls: tuple[str, str]
    left: float
    right: float
    bottom: float
    top: float
    asset_position: Vector
    openable: bool = False
    openness: float = 0.0
    material: Material | None = None

    @property
    def outside(self) -> bool:
        """Whether it leads out of the house."""
        return self.rooms[0] == self.rooms[1]


@dataclass(frozen=True)
class HouseObject:
    """Something placed in a house.

    Attributes:
        id: Unique in the house, for example `2|0` or `small|2|0`.
        asset_id: The asset.
        position: Centre of the asset's bounding box, metres.
        rotation: Degrees about x, y and z; y is the yaw, clockwise seen from above.
        kinematic: Whether it stays where it is put.
        children: What lies in or on it.
        material: Tint, or None for the asset's own.
        openness: How far it is open, 0 to 1.
        toggled: Whether it is switched on, or None for the asset's own state.
        dirty: Whether it is dirty.
        layer: Unity's layer, or empty.
    """

    id: str
    asset_id: str
    position: Vector
    rotation: Vector
    kinematic: bool
    children: tuple[HouseObject, ...] = ()
    material: Material | None = None
    openness: float = 0.0
    toggled: bool | None = None
    dirty: bool = False
    layer: str = ""

    @property
    def yaw(self) -> float:
        """Degrees about the vertical, clockwise seen from above."""
        return self.rotation[1]


@dataclass(frozen=True)
class Light:
    """A light source.

    Attributes:
        id: Unique in the house.
        kind: `point` or `directional`.
        position: Metres.
        rotation: Degrees, for a directional light; None for a point light.
        intensity: Unity's intensity.
        reach: Metres that a point light reaches (`range`), or None.
        colour: Its colour.
        layer: Unity's layer, or empty.
        dark_layers: Unity's layers that it does not light.
    """

    id: str
    kind: str
    position: Vector
    rotation: Vector | None
    intensity: float
    reach: float | None
    colour: Colour
    layer: str = ""
    dark_layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgentPose:
    """Where an agent stands.

    Attributes:
        position: Metres; y is the height of the agent's centre.
        yaw: Degrees, clockwise seen from above, 0 looks along +z.
        horizon: Degrees that the camera looks down.
        standing: Whether it stands rather than crouches.
    """

    position: Vector
    yaw: float = 0.0
    horizon: float = 0.0
    standing: bool = True


@dataclass(frozen=True)
class House:
    """A whole house.

    Attributes:
        rooms: Its rooms.
        walls: Faces of walls.
        doors: Doors and doorways.
        windows: Windows.
        objects: What stands on floors and hangs on walls; small things are their children.
        lights: Light sources.
        ceiling_material: How ceilings look.
        skybox: Name of the sky outside.
        agent: Where an agent starts.
        room_spec: ProcTHOR's name of the floor plan's kind, or an empty string.
    """

    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    doors: tuple[Opening, ...]
    windows: tuple[Opening, ...]
    objects: tuple[HouseObject, ...]
    lights: tuple[Light, ...]
    ceiling_material: Material
    skybox: str
    agent: AgentPose
    room_spec: str = ""

    def all_objects(self) -> Iterator[tuple[HouseObject, HouseObject | None]]:
        """Every object with the one that holds it (None on floors and walls), depth first."""

        def walk(
            objects: tuple[HouseObject, ...], parent: HouseObject | None
        ) -> Iterator[tuple[HouseObject, HouseObject | None]]:
            for thing in objects:
                yield thing, parent
                yield from walk(thing.children, thing)

        return walk(self.objects, None)

    @property
    def ceiling_height(self) -> float:
        """Height of the highest wall, metres."""
        return max(wall.top for wall in self.walls)
