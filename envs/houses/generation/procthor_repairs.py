"""`repair_procthor`: mends a fault of the package `procthor`, and its slowest function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

Rectangle = tuple[float, float, float, float]
"""Least x, least z, greatest x, greatest z, metres."""


def repair_procthor() -> None:
    """Put the repairs into the imported package."""
    from procthor.generation import objects, wall_objects

    wall_objects.add_televisions = _with_three_results(wall_objects.add_televisions)
    polygon: Any = objects.OrthogonalPolygon
    polygon._join_neighboring_rectangles = staticmethod(join_rectangles)


def join_rectangles(rectangles: Collection[Rectangle]) -> set[Rectangle]:
    """New rectangles that are two of these, which share an edge, taken together.

    The same as ProcTHOR's `_join_neighboring_rectangles`, in which most of the time that a house
    takes is spent because it compares all pairs.
    """
    by_edge: defaultdict[Rectangle, list[Rectangle]] = defaultdict(list)
    for rectangle in rectangles:
        x0, z0, x1, z1 = rectangle
        for edge in ((x0, z0, x0, z1), (x1, z0, x1, z1), (x0, z0, x1, z0), (x0, z1, x1, z1)):
            by_edge[edge].append(rectangle)
    joined = {
        (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))
        for group in by_edge.values()
        for index, one in enumerate(group)
        for other in group[:index]
    }
    return joined.difference(rectangles)


def _with_three_results(add_televisions: Callable[..., tuple]) -> Callable[..., tuple]:
    """Make houses of the split `val` possible.

    No television of that split hangs on walls, and then `add_televisions` forgets the first of its
    three results: how many it hung up in each room.
    """

    def repaired(*args: Any, **kwargs: Any) -> tuple:
        results = add_televisions(*args, **kwargs)
        return results if len(results) == 3 else (defaultdict(int), *results)

    return repaired
