"""`WalkPlans`: the walks through a house, whatever draws them."""

from __future__ import annotations

import json

from ...envs.embedded.world import World
from ...envs.houses.house import House
from ...envs.houses.reachable import ReachableGrid
from ..seeds import generator_of
from .walkthrough import STEP_METRES, WalkPlanner, WalkPose


class WalkPlans:
    """Walks of one house; each follows from the seed, the house and its number alone.

    Args:
        house: The house.
        name: Its name.
        world: The house with its obstacles.

    Attributes:
        walkable: Places (x, z) of the grid where an agent can stand, metres.

    Raises:
        SpatuneError: A room cannot be reached.
    """

    def __init__(self, house: House, name: str, world: World) -> None:
        self._name = name
        grid = ReachableGrid(world.plan, world.start, STEP_METRES)
        self._planner = WalkPlanner(house, grid)
        self.walkable = tuple((round(float(x), 4), round(float(z), 4)) for x, z in grid.points)

    def plan(self, number: int, seed: int) -> list[WalkPose]:
        """Poses of a walk; see `WalkPlanner.plan`."""
        text = json.dumps([seed, self._name, number])
        return self._planner.plan(generator_of(f"walk {text}"))
