"""Polygons against shapely."""

from __future__ import annotations

from math import cos, pi, sin

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from shapely import LinearRing, Point, Polygon, box, unary_union

from spatune.envs.houses.house import GroundPoint
from spatune.envs.houses.polygon import (
    centroid,
    contains,
    crossing_edges,
    overlap_area,
    signed_area,
)

L_SHAPE = [(0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0)]

grid_points = st.tuples(st.integers(0, 4), st.integers(0, 4))
points = st.tuples(st.floats(-4, 4), st.floats(-4, 4))


@st.composite
def stars(draw: st.DrawFn) -> list[GroundPoint]:
    """Simple polygons, mostly not convex, either way round."""
    count = draw(st.integers(3, 9))
    x, z = draw(st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
    radii = draw(st.lists(st.floats(0.1, 3), min_size=count, max_size=count))
    corners = [
        (x + radius * cos(2 * pi * i / count), z + radius * sin(2 * pi * i / count))
        for i, radius in enumerate(radii)
    ]
    return corners[::-1] if draw(st.booleans()) else corners


@st.composite
def floors(draw: st.DrawFn) -> list[GroundPoint]:
    """Rectilinear polygons on a grid: they often share edges and corners with one another."""
    boxes = draw(st.lists(st.tuples(grid_points, grid_points), min_size=1, max_size=4))
    union = unary_union(
        [box(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for (a, b), (c, d) in boxes]
    )
    if not isinstance(union, Polygon) or union.interiors:
        reject()
    corners = [(x, z) for x, z in union.exterior.coords[:-1]]
    return corners[::-1] if draw(st.booleans()) else corners


@given(stars() | floors())
def test_area_is_shapelys_and_positive_for_counterclockwise_corners(
    polygon: list[GroundPoint],
) -> None:
    ring = LinearRing(polygon)
    area = Polygon(polygon).area
    assert signed_area(polygon) == pytest.approx(area if ring.is_ccw else -area, abs=1e-9)


@given(stars() | floors())
def test_the_centroid_is_shapelys(polygon: list[GroundPoint]) -> None:
    assume(Polygon(polygon).area > 1e-3)
    middle = Polygon(polygon).centroid
    assert centroid(polygon) == pytest.approx((middle.x, middle.y), abs=1e-6)


@given(stars() | floors(), points)
def test_containment_is_shapelys(polygon: list[GroundPoint], point: GroundPoint) -> None:
    assume(LinearRing(polygon).distance(Point(point)) > 1e-9)
    assert contains(polygon, point) == Polygon(polygon).contains(Point(point))


@given(floors(), st.data())
def test_the_border_and_the_corners_are_inside(
    polygon: list[GroundPoint], data: st.DataObject
) -> None:
    corner = data.draw(st.sampled_from(range(len(polygon))))
    (a, b), (c, d) = polygon[corner - 1], polygon[corner]
    assert contains(polygon, (c, d))
    assert contains(polygon, ((a + c) / 2, (b + d) / 2))


@given(st.lists(grid_points, min_size=3, max_size=7))
def test_crossing_edges_are_found_where_shapely_finds_no_simple_ring(
    polygon: list[tuple[int, int]],
) -> None:
    assume(all(a != b for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True)))
    assert (crossing_edges(polygon) is None) == LinearRing(polygon).is_simple


def test_the_edges_that_cross_are_named() -> None:
    assert crossing_edges([(0, 0), (2, 2), (2, 0), (0, 2)]) == (0, 2)
    assert crossing_edges(L_SHAPE) is None


def test_a_spike_and_a_repeated_corner_are_no_simple_polygon() -> None:
    assert crossing_edges([(0, 0), (4, 0), (4, 4), (4, 2), (0, 2)]) is not None
    assert crossing_edges([(0, 0), (0, 0), (4, 0), (4, 4)]) is not None
    assert crossing_edges([(0, 0), (0, 0), (4, 0)]) is not None


@given(stars() | floors(), stars() | floors())
def test_overlap_is_shapelys(first: list[GroundPoint], second: list[GroundPoint]) -> None:
    expected = Polygon(first).intersection(Polygon(second)).area
    assert overlap_area(first, second) == pytest.approx(expected, abs=1e-7)
    assert overlap_area(second, first) == pytest.approx(expected, abs=1e-7)


@given(stars() | floors())
def test_a_polygon_overlaps_itself_wholly(polygon: list[GroundPoint]) -> None:
    assert overlap_area(polygon, polygon[::-1]) == pytest.approx(Polygon(polygon).area, abs=1e-7)


def test_rooms_that_share_a_wall_or_fit_into_a_corner_do_not_overlap() -> None:
    assert overlap_area(L_SHAPE, [(1, 1), (4, 1), (4, 3), (1, 3)]) == 0
    assert overlap_area(L_SHAPE, [(4, 0), (6, 0), (6, 3), (4, 3)]) == 0
    assert overlap_area(L_SHAPE, [(0.5, 0.5), (4, 0.5), (4, 3), (0.5, 3)]) == pytest.approx(2.75)
