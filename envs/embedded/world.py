"""`World`: a house with an agent in it, and everything that actions change."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import numpy as np

from ..houses.floorplan import FloorPlan
from ..houses.frames import rotation_matrix
from ..houses.house import GroundPoint, House, Vector
from ..houses.model import LEAF, HouseModel
from ..houses.reachable import ReachableGrid, pull_tight
from ..houses.renderer import Camera
from .entities import Entity, State, entities_of
from .settings import Settings

AGENT_HEIGHT = 0.901
"""Height of the agent's centre above the floor, metres, as AI2-THOR reports it."""
CAMERA_ABOVE_AGENT = 0.675
"""Height of a standing agent's camera above its centre, metres; 0 when it crouches."""
HAND = (0.0, -0.25, 0.45)
"""Where a carried object is, in the frame of the camera, metres."""

_SEARCH_RADIUS = 3.0


@dataclass
class Agent:
    """Where the agent is.

    Attributes:
        x: Metres.
        z: Metres.
        yaw: Degrees, clockwise seen from above; 0 looks along +z.
        horizon: Degrees that the camera looks down.
        standing: Whether it stands rather than crouches.
    """

    x: float
    z: float
    yaw: float
    horizon: float
    standing: bool

    @property
    def position(self) -> Vector:
        """The agent's centre, metres."""
        return self.x, AGENT_HEIGHT, self.z

    @property
    def eye(self) -> Vector:
        """Its camera, metres."""
        return self.x, AGENT_HEIGHT + (CAMERA_ABOVE_AGENT if self.standing else 0.0), self.z


class World:
    """One house, its objects and its agent.

    Args:
        house: The house.
        settings: What `Initialize` set; `settings` may be replaced later.

    Attributes:
        house: The house.
        settings: As above.
        model: What is drawn.
        entities: Everything with an AI2-THOR id, by that id, in a fixed order.
        states: Their states, by the same ids.
        agent: The agent.
        held: Object id of what the agent carries, or None.
        lifted: Ids in the house of what it has ever picked up, and of what that held; none of it
            stands in the way.
    """

    def __init__(self, house: House, settings: Settings) -> None:
        self.house, self.settings = house, settings
        self.model = HouseModel(house)
        pairs = entities_of(house)
        self.entities: dict[str, Entity] = {entity.object_id: entity for entity, _ in pairs}
        self.states: dict[str, State] = {entity.object_id: state for entity, state in pairs}
        self.held: str | None = None
        self.lifted: set[str] = set()
        self._plan: FloorPlan | None = None
        self._grids: dict[float, ReachableGrid] = {}
        numbers = {owner: number for number, owner in enumerate(self.model.owners)}
        self.numbers = {
            name: numbers[entity.id]
            for name, entity in self.entities.items()
            if entity.id in numbers
        }
        """Index in `model.owners` of each entity that is drawn."""
        start = house.agent
        self.agent = Agent(
            start.position[0], start.position[2], start.yaw % 360.0, start.horizon, start.standing
        )
        self.agent.x, self.agent.z = self._free_place((self.agent.x, self.agent.z))
        self.start: GroundPoint = (self.agent.x, self.agent.z)
        for door in house.doors:
            self._show_leaf(door.id)

    @property
    def plan(self) -> FloorPlan:
        """Obstacles as they are now."""
        if self._plan is None:
            self._plan = FloorPlan(
                self.house,
                openness={door.id: self.states[door.id].openness for door in self.house.doors},
                removed=frozenset(self.lifted),
            )
        return self._plan

    @property
    def grid(self) -> ReachableGrid:
        """Where the agent can get to from its first place, on a grid around it."""
        spacing = self.settings.grid_size
        if spacing not in self._grids:
            self._grids[spacing] = ReachableGrid(self.plan, self.start, spacing)
        return self._grids[spacing]

    @property
    def camera(self) -> Camera:
        """The agent's camera."""
        agent = self.agent
        return Camera(agent.eye, (agent.horizon, agent.yaw, 0.0), self.settings.field_of_view)

    def path(self, start: GroundPoint, goal: GroundPoint) -> np.ndarray | None:
        """The shortest way between two places, corners (K, 2), or None where there is none."""
        ends = np.array([start, goal])
        if self.plan.clear(ends[:1], ends[1:])[0]:
            return ends
        grid = self.grid
        last = grid.near(goal, 2 * grid.spacing)
        if not len(last):
            return None
        corners = grid.path(start, last)
        if corners is None:
            return None
        return pull_tight(self.plan, np.concatenate([corners, ends[1:]]))

    def children(self, object_id: str) -> list[str]:
        """Ids of what an object holds."""
        return [name for name, state in self.states.items() if state.parent == object_id]

    def stack(self, object_id: str) -> list[str]:
        """Ids of an object and of all that it holds, directly or not."""
        held = [name for child in self.children(object_id) for name in self.stack(child)]
        return [object_id, *held]

    def carry(self) -> None:
        """Move what the agent carries to where its hand is now."""
        if self.held is None:
            return
        camera = self.camera
        offset = rotation_matrix(camera.rotation) @ np.array(HAND)
        x, y, z = np.array(camera.position) + offset
        self.move(self.held, (float(x), float(y), float(z)), (0.0, self.agent.yaw, 0.0))

    def move(self, object_id: str, position: Vector, rotation: Vector) -> None:
        """Put an object, and what it holds, somewhere else."""
        state = self.states[object_id]
        shift = np.subtract(position, state.position)
        for child in self.children(object_id):
            held = self.states[child]
            x, y, z = np.add(held.position, shift)
            self.move(child, (float(x), float(y), float(z)), held.rotation)
        state.position, state.rotation = position, rotation
        self.model.place(self.entities[object_id].id, position, rotation)

    def obstacles_changed(self) -> None:
        """Forget where the agent can go: a door or an object has moved."""
        self._plan = None
        self._grids.clear()
        for door in self.house.doors:
            self._show_leaf(door.id)

    def digest(self) -> str:
        """sha256 of everything that actions change."""
        agent = self.agent
        digest = hashlib.sha256(
            struct.pack("<4d?", agent.x, agent.z, agent.yaw, agent.horizon, agent.standing)
        )
        digest.update(str(self.held).encode())
        for name, state in self.states.items():
            digest.update(name.encode() + str(state.parent).encode())
            digest.update(struct.pack("<7d", *state.position, *state.rotation, state.openness))
            digest.update(struct.pack("<2?", state.toggled, state.dirty))
        return digest.hexdigest()

    def _free_place(self, wanted: GroundPoint) -> GroundPoint:
        """The nearest place to stand; houses come with agents that touch a wall."""
        if self.settings.snap_to_grid:
            size = self.settings.grid_size
            wanted = (round(wanted[0] / size) * size, round(wanted[1] / size) * size)
        if self.plan.free(np.array([wanted]))[0]:
            return wanted
        steps = np.arange(-_SEARCH_RADIUS, _SEARCH_RADIUS + 1e-9, self.settings.grid_size)
        offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        offsets = offsets[np.argsort(np.linalg.norm(offsets, axis=1), kind="stable")]
        places = np.array(wanted) + offsets
        free = np.flatnonzero(self.plan.free(places))
        if not len(free):
            return wanted
        x, z = places[free[0]]
        return float(x), float(z)

    def _show_leaf(self, door_id: str) -> None:
        name = door_id + LEAF
        if name in self.model.named:
            door = next(door for door in self.house.doors if door.id == door_id)
            closed = door.outside or self.states[door_id].openness <= 0.5
            self.model.show(name, closed)
