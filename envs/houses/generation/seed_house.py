"""`make_house`: the house of one seed, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....errors import SpatuneError
from ..assets import Split
from ..floorplan import FloorPlan
from ..house import House
from ..read import read_house
from ..targets import target_types
from .faults import house_fault
from .procthor import generate_procthor_house
from .simple import simple_house

_GRID = 0.25


@dataclass(frozen=True)
class SeedTask:
    """A house to make.

    Attributes:
        seed: Its seed.
        split: Which assets it may hold.
        rooms: Rooms for the simple generator, or None for ProcTHOR's.
        room_spec: Kind of floor plan for ProcTHOR's, or None for any.
        targets: Target types in sight that it needs.
    """

    seed: int
    split: Split
    rooms: int | None
    room_spec: str | None
    targets: int


def make_house(task: SeedTask) -> House:
    """Make a house in which an agent can walk and find something.

    Raises:
        SpatuneError: The seed gives none; the message is the reason.
    """
    if task.rooms is not None:
        house = simple_house(task.seed, task.rooms, task.split)
    else:
        raw = generate_procthor_house(task.seed, task.split, task.room_spec)
        house = with_free_start(read_house(raw))
    fault = house_fault(house)
    if fault is not None:
        raise SpatuneError(fault)
    found = target_types(house)
    if len(found) < task.targets:
        raise SpatuneError(f"only {len(found)} target types: {', '.join(found) or 'none'}")
    return house


def with_free_start(house: House) -> House:
    """The house with the agent at the free grid point nearest to where it starts.

    ProcTHOR rounds the start to its grid, which in a narrow place moves it into a wall.
    """
    plan = FloorPlan(house)
    x, height, z = house.agent.position
    start = np.array([x, z])
    if plan.free(start)[0]:
        return house
    low, high = np.ceil(plan.bounds[0] / _GRID), np.floor(plan.bounds[1] / _GRID)
    axes = [_GRID * np.arange(first, last + 1) for first, last in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    points = points[plan.free(points)]
    if not len(points):
        return house
    x, z = points[np.argmin(np.linalg.norm(points - start, axis=1))]
    return replace(house, agent=replace(house.agent, position=(float(x), height, float(z))))
