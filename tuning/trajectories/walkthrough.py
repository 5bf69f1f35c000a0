"""`plan_walkthrough`: a walk that looks around in every room, as SIMS-V plans it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from ...envs.houses.house import House
from ...envs.houses.polygon import centroid, contains
from ...envs.houses.reachable import ReachableGrid
from ...errors import SpatuneError

STEP_METRES = 0.2
TURN_DEGREES = 30.0
MAX_STEPS = 1000

_TURNS = round(360 / TURN_DEGREES)
_QUARTER = _TURNS // 4
_HEADINGS = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""Steps (x, z) along the grid by quarter turns clockwise from +z."""


@dataclass(frozen=True)
class WalkPose:
    """Where the agent stands before and after each action.

    Attributes:
        x: Metres.
        z: Metres.
        yaw: Degrees clockwise from above, 0 along +z.
    """

    x: float
    z: float
    yaw: float


class WalkPlanner:
    """Plans walks in one house.

    The order of rooms is the depth-first pre-order of the graph of adjacent rooms from the room of
    the start; neighbours are taken in the order of the house. In each room the agent goes to the
    reachable point nearest the centroid of the floor and turns once around. Ways are those of the
    fewest actions on a grid of one step, where a quarter turn is three actions.

    Args:
        house: The house.
        grid: Its reachable points, one step apart.

    Raises:
        SpatuneError: The grid does not reach every room, so that no walk counts.
    """

    def __init__(self, house: House, grid: ReachableGrid) -> None:
        if abs(grid.spacing - STEP_METRES) > 1e-9:
            raise SpatuneError(f"the grid's spacing is {grid.spacing} m, not {STEP_METRES} m")
        self._grid = grid
        self._rooms = np.full(len(grid.points), -1)
        for number, room in enumerate(house.rooms):
            inside = [contains(room.floor, (float(x), float(z))) for x, z in grid.points]
            self._rooms[np.array(inside, bool)] = number
        missing = [r.id for n, r in enumerate(house.rooms) if not (self._rooms == n).any()]
        if missing:
            raise SpatuneError(f"no way into {', '.join(missing)}: no walk sees the whole house")
        self._centres = [
            self._centre(number, room.floor) for number, room in enumerate(house.rooms)
        ]
        self._neighbours = self._adjacent(len(house.rooms))
        self._moves = self._action_graph()

    def plan(self, rng: np.random.Generator) -> list[WalkPose]:
        """A walk from a random place and heading.

        Args:
            rng: Decides the start alone.

        Returns:
            The pose at the start and after each action; steps are 0.2 m, turns 30 degrees.

        Raises:
            SpatuneError: The walk needs more than 1,000 actions.
        """
        cell = int(rng.integers(len(self._grid.points)))
        heading = int(rng.integers(4))
        poses = [self._pose(cell, heading * _QUARTER)]
        for room in self._order(int(self._rooms[cell])):
            for cell_, heading_ in self._way(cell, heading, self._centres[room]):
                poses += self._turned(cell, heading, heading_)
                if cell_ != cell:
                    poses.append(self._pose(cell_, heading_ * _QUARTER))
                cell, heading = cell_, heading_
            poses += [self._pose(cell, heading * _QUARTER + turn) for turn in range(1, _TURNS + 1)]
        if len(poses) > MAX_STEPS + 1:
            raise SpatuneError(f"a walk of {len(poses) - 1} actions; the most are {MAX_STEPS}")
        return poses

    def _centre(self, number: int, floor: tuple[tuple[float, float], ...]) -> int:
        gaps = np.linalg.norm(self._grid.points - np.array(centroid(floor)), axis=1)
        return int(np.argmin(np.where(self._rooms == number, gaps, np.inf)))

    def _adjacent(self, rooms: int) -> list[list[int]]:
        first, second, _ = self._grid.edges
        pairs = {
            (int(self._rooms[a]), int(self._rooms[b])) for a, b in zip(first, second, strict=True)
        }
        return [sorted(b for a, b in pairs if a == room != b and b >= 0) for room in range(rooms)]

    def _order(self, first: int) -> list[int]:
        order: list[int] = []
        waiting = [first if first >= 0 else 0]
        while waiting:
            room = waiting.pop()
            if room not in order:
                order.append(room)
                waiting += reversed(self._neighbours[room])
        return order

    def _action_graph(self):
        """Actions between states `4 * cell + heading`."""
        first, second, lengths = self._grid.edges
        steps = np.rint(
            (self._grid.points[second] - self._grid.points[first]) / STEP_METRES
        ).astype(int)
        rows, columns, costs = [], [], []
        for heading, (dx, dz) in enumerate(_HEADINGS):
            along = (steps[:, 0] == dx) & (steps[:, 1] == dz) & (lengths < 1.1 * STEP_METRES)
            rows.append(4 * first[along] + heading)
            columns.append(4 * second[along] + heading)
            costs.append(np.ones(int(along.sum())))
            cells = np.arange(len(self._grid.points))
            for turn in (1, 3):
                rows.append(4 * cells + heading)
                columns.append(4 * cells + (heading + turn) % 4)
                costs.append(np.full(len(cells), float(_QUARTER)))
        size = 4 * len(self._grid.points)
        indices = (np.concatenate(rows), np.concatenate(columns))
        return coo_matrix((np.concatenate(costs), indices), shape=(size, size)).tocsr()

    def _way(self, cell: int, heading: int, goal: int) -> list[tuple[int, int]]:
        """Cells and headings after each step or quarter turn, to the goal in any heading."""
        costs, before = dijkstra(self._moves, indices=4 * cell + heading, return_predecessors=True)
        state = 4 * goal + int(np.argmin(costs[4 * goal : 4 * goal + 4]))
        way = []
        while state != 4 * cell + heading:
            way.append((state // 4, state % 4))
            state = int(before[state])
        return way[::-1]

    def _turned(self, cell: int, heading: int, wanted: int) -> list[WalkPose]:
        if heading == wanted:
            return []
        sign = 1 if (wanted - heading) % 4 == 1 else -1
        return [
            self._pose(cell, heading * _QUARTER + sign * turn) for turn in range(1, _QUARTER + 1)
        ]

    def _pose(self, cell: int, turns: int) -> WalkPose:
        x, z = self._grid.points[cell]
        return WalkPose(float(x), float(z), turns * TURN_DEGREES % 360.0)
