"""`ReachableGrid`: the points of a square grid that an agent can get to, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from .floorplan import FloorPlan
from .house import GroundPoint

_NEIGHBOURS = ((1, 0), (0, 1), (1, 1), (1, -1))


class ReachableGrid:
    """Grid points around a start, joined where an agent can move straight between neighbours.

    A point counts as reachable by steps to the four neighbours. Paths also take diagonals and are
    pulled tight afterwards, so that their length is that of the way round the obstacles, not that
    of the grid.

    Args:
        plan: Obstacles.
        start: A point of the grid (x, z) from where an agent sets out, metres.
        spacing: Metres between neighbours.

    Attributes:
        points: Reachable points (P, 2), sorted by x, then z. Empty if the start is not free.
        spacing: As given.
    """

    def __init__(self, plan: FloorPlan, start: GroundPoint, spacing: float = 0.25) -> None:
        self.plan, self.spacing = plan, spacing
        origin = np.asarray(start, float)
        low = np.floor((plan.bounds[0] - origin) / spacing).astype(int)
        high = np.ceil((plan.bounds[1] - origin) / spacing).astype(int)
        shape = high - low + 1
        cells = np.stack(
            np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij"), axis=-1
        ).reshape(-1, 2)
        points = origin + (cells + low) * spacing
        free = plan.free(points)
        first, second, lengths = self._edges(points, free, shape)
        # An agent that turns by quarters gets about on the four straight steps alone.
        straight = lengths < 1.1 * spacing
        ends = (first[straight], second[straight])
        steps = coo_matrix((lengths[straight], ends), shape=(len(points), len(points)))
        _, group = connected_components(steps, directed=False)
        home = int(-low[0] * shape[1] - low[1])
        kept = np.flatnonzero(free & (group == group[home])) if free[home] else np.zeros(0, int)
        self.points = points[kept]
        place = np.full(len(points), -1)
        place[kept] = np.arange(len(kept))
        inner = (place[first] >= 0) & (place[second] >= 0)
        self._graph = coo_matrix(
            (lengths[inner], (place[first[inner]], place[second[inner]])),
            shape=(len(kept), len(kept)),
        ).tocsr()
        self._graph += self._graph.T

    def _edges(
        self, points: np.ndarray, free: np.ndarray, shape: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        index = np.arange(len(points)).reshape(shape)
        starts, ends = [], []
        for dx, dz in _NEIGHBOURS:
            rows = slice(0, shape[0] - dx)
            if dz >= 0:
                here, there = index[rows, : shape[1] - dz], index[dx:, dz:]
            else:
                here, there = index[rows, -dz:], index[dx:, :dz]
            both = free[here] & free[there]
            starts.append(here[both])
            ends.append(there[both])
        first, second = np.concatenate(starts), np.concatenate(ends)
        clear = self.plan.clear(points[first], points[second])
        first, second = first[clear], second[clear]
        return first, second, np.linalg.norm(points[first] - points[second], axis=1)

    def near(self, point: GroundPoint, reach: float) -> np.ndarray:
        """Indices of the points that an agent at `point` can go to in a straight line.

        Args:
            point: (x, z), metres.
            reach: Longest way, metres.
        """
        gaps = np.linalg.norm(self.points - np.asarray(point), axis=1)
        close = np.flatnonzero(gaps <= reach)
        clear = self.plan.clear(np.tile(point, (len(close), 1)), self.points[close])
        return close[clear]

    def distances(self, sources: Sequence[int] | np.ndarray) -> np.ndarray:
        """Metres along the grid from each point to the nearest of the source points (P,)."""
        if not len(sources) or not len(self.points):
            return np.full(len(self.points), np.inf)
        return dijkstra(self._graph, indices=sources, min_only=True)

    def path(self, start: GroundPoint, goals: np.ndarray) -> np.ndarray | None:
        """The shortest way from a point to the nearest of some points, pulled tight.

        Args:
            start: (x, z), metres; it need not be on the grid.
            goals: Indices of grid points.

        Returns:
            Corners (K, 2) from the start to the goal, K >= 1, or None where there is no way.
        """
        entries = self.near(start, 2 * self.spacing)
        if not len(entries) or not len(goals):
            return None
        to_goal = self.distances(goals)
        cost = np.linalg.norm(self.points[entries] - np.asarray(start), axis=1) + to_goal[entries]
        if not np.isfinite(cost).any():
            return None
        cell = int(entries[np.argmin(cost)])
        corners = [np.asarray(start, float), self.points[cell]]
        while to_goal[cell] > 0:
            row = self._row(cell)
            steps = row[1] + to_goal[row[0]]
            cell = int(row[0][np.argmin(steps)])
            corners.append(self.points[cell])
        return pull_tight(self.plan, np.array(corners))

    @property
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every step between neighbours, in both directions: from (E,), to (E,), metres (E,)."""
        graph = self._graph.tocoo()
        return graph.row, graph.col, graph.data

    def _row(self, cell: int) -> tuple[np.ndarray, np.ndarray]:
        """Neighbours of a point and the metres to them."""
        begin, end = self._graph.indptr[cell], self._graph.indptr[cell + 1]
        return self._graph.indices[begin:end], self._graph.data[begin:end]


def pull_tight(plan: FloorPlan, corners: np.ndarray) -> np.ndarray:
    """Leave out the corners of a path that an agent need not walk through.

    Args:
        plan: Obstacles.
        corners: (K, 2), metres; each leg is clear.

    Returns:
        A path (L, 2) from the same start to the same end that is no longer.
    """
    kept, here = [0], 0
    while here < len(corners) - 1:
        ahead = np.arange(here + 1, len(corners))
        clear = plan.clear(np.tile(corners[here], (len(ahead), 1)), corners[ahead])
        clear[0] = True
        here = int(ahead[np.flatnonzero(clear)[-1]])
        kept.append(here)
    return corners[kept]


def path_length(corners: np.ndarray) -> float:
    """Metres along a path (K, 2)."""
    return float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum())
