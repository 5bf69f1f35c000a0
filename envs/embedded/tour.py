"""`shortest_tour`: the shortest way that leads into every room."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from ..houses.house import GroundPoint
from ..houses.polygon import contains
from ..houses.reachable import pull_tight
from .world import World

_MOST_ROOMS = 10


def shortest_tour(world: World, start: GroundPoint) -> np.ndarray | None:
    """The shortest way from a place through every room of the house.

    It is found among the ways over the grid, as the shortest path through pairs of a grid point and
    the set of rooms entered so far, and then pulled tight between the points where it first enters
    a room.

    Args:
        world: The house.
        start: (x, z), metres.

    Returns:
        Corners (K, 2), or None where a room cannot be reached or there are more than ten.
    """
    grid, rooms = world.grid, world.house.rooms
    entries = grid.near(start, 2 * grid.spacing)
    if not len(entries) or len(rooms) > _MOST_ROOMS:
        return None
    bits = np.zeros(len(grid.points), int)
    for number, room in enumerate(rooms):
        inside = [contains(room.floor, (float(x), float(z))) for x, z in grid.points]
        bits[np.array(inside)] = 1 << number
    everything = (1 << len(rooms)) - 1
    if np.bitwise_or.reduce(bits) != everything:
        return None
    gaps = np.linalg.norm(grid.points[entries] - np.asarray(start), axis=1)
    first = int(entries[np.argmin(gaps)])
    cells, sets = _cheapest(grid.edges, bits, first, everything)
    corners = [np.asarray(start, float)[None]]
    begin = 0
    for place in range(1, len(cells)):
        if sets[place] != sets[place - 1] or place == len(cells) - 1:
            leg = grid.points[cells[begin : place + 1]]
            corners.append(pull_tight(grid.plan, np.concatenate([corners[-1][-1:], leg]))[1:])
            begin = place
    if len(cells) == 1:
        corners.append(grid.points[cells])
    return np.concatenate(corners)


def _cheapest(
    edges: tuple[np.ndarray, np.ndarray, np.ndarray], bits: np.ndarray, first: int, everything: int
) -> tuple[np.ndarray, np.ndarray]:
    """Grid points along the cheapest way that collects every bit, and the bits after each."""
    source, target, length = edges
    points = len(bits)
    states = np.arange(everything + 1)[:, None]
    rows = (states * points + source).ravel()
    columns = ((states | bits[target]) * points + target).ravel()
    size = (everything + 1) * points
    graph = coo_matrix((np.tile(length, everything + 1), (rows, columns)), shape=(size, size))
    distances, before = dijkstra(
        graph.tocsr(), indices=bits[first] * points + first, return_predecessors=True
    )
    state = int(everything * points + np.argmin(distances[everything * points :]))
    way = [state]
    while before[state] >= 0:
        state = int(before[state])
        way.append(state)
    path = np.array(way[::-1])
    return path % points, path // points
