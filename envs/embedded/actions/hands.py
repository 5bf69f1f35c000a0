"""Opening, picking up, putting down and switching: changes of state, without physics."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...houses.assets import find_asset
from ...houses.frames import rotation_matrix
from ...houses.polygon import contains
from ...houses.supports import Support, supports
from ..entities import Entity
from ..faults import ActionFault
from ..values import number, text, truth
from ..world import World
from .action import actions_of, world_of

if TYPE_CHECKING:
    from ..simulator import Simulator

_SPOTS = 9
_GAP = 0.005


def _open(
    simulator: Simulator, objectId: Any, openness: Any = 1.0, forceAction: Any = False
) -> None:
    world, entity = _reached(simulator, objectId, forceAction)
    share = number("openness", openness)
    if not 0.0 <= share <= 1.0:
        raise ActionFault.invalid_argument(f"openness must be in 0..1, not {share:g}")
    if not entity.openable:
        raise ActionFault(f"{entity.object_id} cannot be opened")
    if world.states[entity.object_id].openness == share:
        raise ActionFault(f"{entity.object_id} is open by {share:g} already")
    _set_openness(world, entity, share)


def _close(simulator: Simulator, objectId: Any, forceAction: Any = False) -> None:
    world, entity = _reached(simulator, objectId, forceAction)
    if not entity.openable:
        raise ActionFault(f"{entity.object_id} cannot be closed")
    if world.states[entity.object_id].openness == 0.0:
        raise ActionFault(f"{entity.object_id} is closed already")
    _set_openness(world, entity, 0.0)


def _set_openness(world: World, entity: Entity, share: float) -> None:
    state, here = world.states[entity.object_id], np.array([world.agent.x, world.agent.z])
    stood, before = world.plan.free(here)[0], state.openness
    state.openness = share
    world.obstacles_changed()
    if stood and not world.plan.free(here)[0]:
        state.openness = before
        world.obstacles_changed()
        raise ActionFault(f"the agent is in the way of {entity.object_id}")


def _pick_up(
    simulator: Simulator, objectId: Any, forceAction: Any = False, manualInteract: Any = False
) -> None:
    world, entity = _reached(simulator, objectId, forceAction)
    if not entity.pickupable:
        raise ActionFault(f"{entity.object_id} cannot be picked up")
    if world.held is not None:
        raise ActionFault(f"the agent holds {world.held} already")
    world.held = entity.object_id
    world.lifted |= {world.entities[name].id for name in world.stack(entity.object_id)}
    world.states[entity.object_id].parent = None
    world.carry()
    world.obstacles_changed()


def _put(
    simulator: Simulator, objectId: Any, forceAction: Any = False, placeStationary: Any = True
) -> None:
    world, entity = _reached(simulator, objectId, forceAction)
    if world.held is None:
        raise ActionFault("the agent holds nothing")
    if entity.object_id in world.stack(world.held) or not entity.receptacle:
        raise ActionFault(f"nothing can be put on or in {entity.object_id}")
    closed = entity.openable and world.states[entity.object_id].openness == 0.0
    if closed and not truth("forceAction", forceAction):
        raise ActionFault(f"{entity.object_id} is closed")
    thing = world.entities[world.held]
    spot = _free_spot(world, entity, thing)
    if spot is None:
        raise ActionFault(f"there is no room for {thing.object_id} on or in {entity.object_id}")
    world.held = None
    world.move(thing.object_id, spot, (0.0, world.states[entity.object_id].rotation[1], 0.0))
    world.states[thing.object_id].parent = entity.object_id


def _toggle(on: bool, simulator: Simulator, objectId: Any, forceAction: Any = False) -> None:
    world, entity = _reached(simulator, objectId, forceAction)
    if not entity.toggleable:
        raise ActionFault(f"{entity.object_id} cannot be switched on or off")
    if world.states[entity.object_id].toggled == on:
        raise ActionFault(f"{entity.object_id} is {'on' if on else 'off'} already")
    world.states[entity.object_id].toggled = on


def _reached(simulator: Simulator, object_id: Any, force: Any) -> tuple[World, Entity]:
    """The object of that id, if the agent sees it near enough or is forced."""
    world = world_of(simulator)
    name = text("objectId", object_id)
    if name not in world.entities:
        raise ActionFault(f"there is no object {name!r} in this house")
    if not truth("forceAction", force) and name not in simulator.visible():
        raise ActionFault(
            f"{name} is not visible within {world.settings.visibility_distance:g} m; "
            "go nearer, or use forceAction=True"
        )
    return world, world.entities[name]


def _free_spot(world: World, furniture: Entity, thing: Entity) -> tuple[float, float, float] | None:
    """A place on the furniture that nothing stands on, the first in a fixed order."""
    on_floor = furniture.object_type == "Floor"
    if on_floor:
        areas = [_floor_area(furniture)]
    else:
        areas = list(supports(find_asset(furniture.asset_id)))
    state = world.states[furniture.object_id]
    turn = rotation_matrix(state.rotation)
    half = np.array([thing.size[0], thing.size[2]]) / 2
    holders = (None, furniture.object_id) if on_floor else (furniture.object_id,)
    others = [
        world.entities[name]
        for name, its in world.states.items()
        if its.parent in holders and name != thing.object_id and _stands(world.entities[name])
    ]
    for area in areas:
        low, high = np.array(area.low) + half, np.array(area.high) - half
        if np.any(low > high) or area.clearance < thing.size[1]:
            continue
        height = area.height - furniture.size[1] / 2 + thing.size[1] / 2 + _GAP
        for share in _shares():
            x, z = low + (high - low) * share
            place = turn @ np.array([x, height, z]) + np.array(state.position)
            spot = (float(place[0]), float(place[1]), float(place[2]))
            if on_floor and not _inside(world, furniture, spot, thing):
                continue
            if all(_apart(world, spot, thing, other) for other in others):
                return spot
    return None


def _floor_area(floor: Entity) -> Support:
    half = (floor.size[0] / 2, floor.size[2] / 2)
    return Support(0.0, (-half[0], -half[1]), half)


def _inside(world: World, floor: Entity, spot: tuple[float, float, float], thing: Entity) -> bool:
    """Whether a thing at a spot is over the floor; rooms need not be rectangles."""
    corners = next(room.floor for room in world.house.rooms if room.id == floor.id)
    reach = float(np.hypot(thing.size[0], thing.size[2])) / 2
    x, _, z = spot
    around = [(x + a, z + b) for a in (-reach, reach) for b in (-reach, reach)]
    return all(contains(corners, point) for point in around)


def _stands(entity: Entity) -> bool:
    """Whether it is furniture or a thing, and not a part of the house itself."""
    return entity.object_type not in ("Floor", "Wall", "Doorway", "Doorframe", "Window")


def _shares() -> np.ndarray:
    """Shares (0..1) of an area in which a place is looked for, from the middle outwards."""
    line = np.linspace(0.0, 1.0, _SPOTS)
    shares = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return shares[np.argsort(np.abs(shares - 0.5).max(axis=1), kind="stable")]


def _apart(world: World, spot: tuple[float, float, float], thing: Entity, other: Entity) -> bool:
    """Whether a thing at a spot keeps clear of another, by spheres around them on the plan."""
    there = world.states[other.object_id].position
    if abs(spot[1] - there[1]) > (thing.size[1] + other.size[1]) / 2:
        return True
    reach = (np.hypot(thing.size[0], thing.size[2]) + np.hypot(other.size[0], other.size[2])) / 2
    return bool(np.hypot(spot[0] - there[0], spot[2] - there[2]) >= reach)


ACTIONS = actions_of(
    {
        "OpenObject": _open,
        "CloseObject": _close,
        "PickupObject": _pick_up,
        "PutObject": _put,
        "ToggleObjectOn": partial(_toggle, True),
        "ToggleObjectOff": partial(_toggle, False),
    }
)
