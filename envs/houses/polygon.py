"""Polygons on the floor: area, containment, self-intersection and overlap, without shapely.

A polygon is a sequence of corners (x, z) in metres; the last one is joined to the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from .house import GroundPoint

Polygon = Sequence[GroundPoint]


def signed_area(polygon: Polygon) -> float:
    """Area in square metres, positive if the corners run counterclockwise (x right, z up)."""
    if not polygon:
        return 0.0
    origin = polygon[0]
    return sum(_turn(origin, a, b) for a, b in _edges(polygon)) / 2


def centroid(polygon: Polygon) -> GroundPoint:
    """Centre of mass of a simple polygon with an area."""
    first, turns, x, z = polygon[0], 0.0, 0.0, 0.0
    for a, b in _edges(polygon):
        turn = _turn(first, a, b)
        turns += turn
        x += turn * (first[0] + a[0] + b[0])
        z += turn * (first[1] + a[1] + b[1])
    return x / (3 * turns), z / (3 * turns)


def contains(polygon: Polygon, point: GroundPoint) -> bool:
    """Whether a point is in a simple polygon or on its border."""
    inside = False
    for a, b in _edges(polygon):
        if _is_between(a, b, point) and _turn(a, b, point) == 0:
            return True
        if (a[1] > point[1]) != (b[1] > point[1]):
            # The ray from the point towards +x meets the edge if the point is on its left.
            inside ^= (_turn(a, b, point) > 0) == (b[1] > a[1])
    return inside


def crossing_edges(polygon: Polygon) -> tuple[int, int] | None:
    """Two edges that cross, touch or fold back on one another, or None for a simple polygon.

    Edge i joins corner i to the next one. Neighbours may share their common corner only.
    """
    edges = list(_edges(polygon))
    for (i, (a, b)), (j, (c, d)) in combinations(enumerate(edges), 2):
        if j == i + 1:
            wrong = _folds_back(a, b, d)
        elif i == 0 and j == len(edges) - 1:
            wrong = _folds_back(c, d, b)
        else:
            wrong = _segments_meet(a, b, c, d)
        if wrong:
            return i, j
    return None


def overlap_area(first: Polygon, second: Polygon) -> float:
    """Area in square metres that two simple polygons, convex or not, have in common.

    Each polygon is a sum of triangles with signs, those that join a corner to its edges. The common
    area is the same sum over pairs of triangles, and two triangles are easy to clip. No case is
    degenerate: shared edges and corners add zero.
    """
    if _apart(first, second):
        return 0.0
    total = sum(
        sign * other_sign * _clipped_area(triangle, other)
        for triangle, sign in _triangles(first)
        for other, other_sign in _triangles(second)
    )
    return abs(total)


_Triangle = tuple[GroundPoint, GroundPoint, GroundPoint]


def _edges(polygon: Polygon) -> Iterator[tuple[GroundPoint, GroundPoint]]:
    return zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)


def _turn(a: GroundPoint, b: GroundPoint, c: GroundPoint) -> float:
    """Twice the area of the triangle, positive if c is to the left of a to b."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_between(a: GroundPoint, b: GroundPoint, point: GroundPoint) -> bool:
    """Whether the point is in the box that the segment spans."""
    return all(min(a[i], b[i]) <= point[i] <= max(a[i], b[i]) for i in (0, 1))


def _folds_back(a: GroundPoint, b: GroundPoint, c: GroundPoint) -> bool:
    """Whether the way from a over b to c returns along itself, or stands still."""
    ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    return _turn(a, b, c) == 0 and ahead <= 0


def _segments_meet(a: GroundPoint, b: GroundPoint, c: GroundPoint, d: GroundPoint) -> bool:
    sides = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _is_between(*end) for side, end in zip(sides, ends, strict=True))


def _apart(first: Polygon, second: Polygon) -> bool:
    return any(
        max(p[i] for p in one) <= min(p[i] for p in other)
        for i in (0, 1)
        for one, other in ((first, second), (second, first))
    )


def _triangles(polygon: Polygon) -> list[tuple[_Triangle, int]]:
    """Triangles, corners counterclockwise, with the signs that they count with."""
    found: list[tuple[_Triangle, int]] = []
    origin = polygon[0]
    for a, b in _edges(polygon):
        turn = _turn(origin, a, b)
        if turn > 0:
            found.append(((origin, a, b), 1))
        elif turn < 0:
            found.append(((origin, b, a), -1))
    return found


def _clipped_area(triangle: _Triangle, window: _Triangle) -> float:
    """Area that two triangles share (Sutherland and Hodgman 1974)."""
    if _apart(triangle, window):
        return 0.0
    remaining: list[GroundPoint] = list(triangle)
    for a, b in _edges(window):
        kept: list[GroundPoint] = []
        for p, q in _edges(remaining):
            from_p, from_q = _turn(a, b, p), _turn(a, b, q)
            if from_p >= 0:
                kept.append(p)
            if from_p * from_q < 0:
                part = from_p / (from_p - from_q)
                kept.append((p[0] + part * (q[0] - p[0]), p[1] + part * (q[1] - p[1])))
        remaining = kept
    return signed_area(remaining)
