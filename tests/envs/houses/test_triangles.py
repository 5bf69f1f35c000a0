"""Meshes are closed, seen from outside, and as large as the solids that they stand for."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.polygon import contains, signed_area
from spatune.envs.houses.triangles import (
    SEGMENTS,
    Triangles,
    box,
    cylinder,
    ellipsoid,
    floor_polygon,
    join,
    upright_rectangle,
)

lengths = st.floats(0.01, 5.0)
sizes = st.tuples(lengths, lengths, lengths).map(np.array)


def corners_of(mesh: Triangles) -> np.ndarray:
    """Corners of each face, (F, 3, 3)."""
    return mesh.vertices[mesh.faces]


def volume(mesh: Triangles) -> float:
    """Divergence theorem: positive for a closed mesh whose faces look outward."""
    a, b, c = corners_of(mesh).transpose(1, 0, 2)
    return float(np.sum(a * np.cross(b, c)) / 6)


def area_vectors(mesh: Triangles) -> np.ndarray:
    a, b, c = corners_of(mesh).transpose(1, 0, 2)
    return np.cross(b - a, c - a) / 2


def assert_closed(mesh: Triangles) -> None:
    """Every edge is used as often in one direction as in the other."""
    edges: Counter[tuple] = Counter()
    for face in np.round(corners_of(mesh), 9) + 0.0:
        a, b, c = (tuple(corner) for corner in face)
        edges.update([(a, b), (b, c), (c, a)])
    assert all(edges[b, a] == count for (a, b), count in edges.items())


def assert_well_lit(mesh: Triangles) -> None:
    """Normals have length 1 and are on the side from which their face is seen."""
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0)
    facing = np.einsum("fd,fkd->fk", area_vectors(mesh), mesh.normals[mesh.faces])
    assert (facing > 0).all()


@given(sizes)
def test_a_box_has_its_volume(size: np.ndarray) -> None:
    mesh = box(size)
    assert volume(mesh) == pytest.approx(np.prod(size))
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), size)
    assert_closed(mesh)
    assert_well_lit(mesh)


@given(lengths, lengths)
def test_a_cylinder_is_a_prism_with_as_many_sides_as_segments(radius: float, height: float) -> None:
    mesh = cylinder(radius, height)
    polygon = SEGMENTS / 2 * np.sin(2 * np.pi / SEGMENTS) * radius**2
    assert volume(mesh) == pytest.approx(polygon * height)
    assert 0.95 < polygon / (np.pi * radius**2) < 1.0
    assert_closed(mesh)
    assert_well_lit(mesh)


@given(sizes)
def test_an_ellipsoid_fills_most_of_the_round_one(size: np.ndarray) -> None:
    mesh = ellipsoid(size)
    assert 0.85 < volume(mesh) / (np.pi / 6 * np.prod(size)) < 1.0
    inside = np.sum((2 * mesh.vertices / size) ** 2, axis=1)
    np.testing.assert_allclose(inside, 1.0)
    assert_closed(mesh)
    assert_well_lit(mesh)


@given(sizes, st.tuples(lengths, lengths, lengths).map(np.array), st.floats(0, 7))
def test_moving_and_turning_keep_volume_and_light(
    size: np.ndarray, offset: np.ndarray, angle: float
) -> None:
    sine, cosine = np.sin(angle), np.cos(angle)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    mesh = box(size).rotated(turn).moved(offset)
    assert volume(mesh) == pytest.approx(np.prod(size), rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(mesh.vertices.mean(axis=0), offset, atol=1e-9)
    assert_well_lit(mesh)


def test_joined_meshes_are_drawn_together_and_keep_their_colours() -> None:
    parts = [
        box(np.ones(3)).painted((0.25, 0.5)),
        cylinder(0.5, 2.0).moved(np.array([5.0, 0.0, 0.0])).painted((0.75, 0.5)),
    ]
    mesh = join(parts)
    assert volume(mesh) == pytest.approx(sum(map(volume, parts)))
    assert len(mesh.faces) == sum(len(part.faces) for part in parts)
    left = mesh.vertices[:, 0] < 1.0
    np.testing.assert_array_equal(mesh.texture[left, 0], 0.25)
    np.testing.assert_array_equal(mesh.texture[~left, 0], 0.75)
    assert_closed(mesh)


@st.composite
def rectilinear_polygons(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Outlines of bars that stand side by side and overlap; bars may be of one height."""
    columns = draw(st.integers(1, 6))
    low, high = [0], [draw(st.integers(1, 5))]
    for _ in range(columns - 1):
        low.append(draw(st.integers(low[-1] - 3, high[-1] - 1)))
        high.append(draw(st.integers(max(low[-1], low[-2]) + 1, high[-1] + 3)))
    above = [corner for i, z in enumerate(high) for corner in ((i, z), (i + 1, z))]
    below = [corner for i, z in enumerate(low) for corner in ((i, z), (i + 1, z))]
    outline = list(dict.fromkeys([*below, *reversed(above)]))
    scale = draw(st.sampled_from([1.0, 0.37, 1.681]))
    polygon = [(scale * x, scale * z) for x, z in outline]
    return polygon[::-1] if draw(st.booleans()) else polygon


@settings(max_examples=150)
@given(rectilinear_polygons(), st.booleans())
def test_a_floor_covers_its_polygon_and_nothing_twice(
    polygon: list[tuple[float, float]], up: bool
) -> None:
    mesh = floor_polygon(polygon, 2.5, up=up)
    areas = area_vectors(mesh)
    side = 1.0 if up else -1.0
    np.testing.assert_allclose(areas[:, :2], 0.0, atol=1e-9)
    # All triangles look one way, so that a sum equal to the polygon's area leaves no overlap.
    assert (side * areas[:, 2] > -1e-9).all()
    assert areas[:, 2].sum() == pytest.approx(side * abs(signed_area(polygon)))
    for x, z, height in corners_of(mesh).mean(axis=1):
        assert height == pytest.approx(2.5) and contains(polygon, (x, z))
    np.testing.assert_array_equal(mesh.normals, np.tile([0.0, 0.0, side], (len(polygon), 1)))
    np.testing.assert_array_equal(mesh.texture, mesh.vertices[:, :2])


def test_a_floor_need_not_be_rectilinear() -> None:
    star = [
        ((1.0 if i % 2 else 0.4) * np.cos(0.3 * np.pi * i / 1.5), np.sin(0.2 * np.pi * i))
        for i in range(10)
    ]
    areas = area_vectors(floor_polygon(star, 0.0, up=True))[:, 2]
    assert areas.sum() == pytest.approx(abs(signed_area(star))) and (areas > 0).all()


@given(st.floats(0, 7), st.floats(-3, 3), lengths, lengths)
def test_a_wall_piece_is_seen_from_the_left_of_its_direction(
    angle: float, left: float, width: float, height: float
) -> None:
    along = np.array([np.cos(angle), np.sin(angle)])
    mesh = upright_rectangle((1.0, 2.0), along, left, left + width, 0.5, 0.5 + height)
    area = area_vectors(mesh).sum(axis=0)
    np.testing.assert_allclose(area, width * height * np.array([-along[1], along[0], 0]), atol=1e-9)
    assert_well_lit(mesh)
    distance = (mesh.vertices[:, :2] - [1.0, 2.0]) @ along
    expected = np.stack([distance, mesh.vertices[:, 2]], axis=1)
    np.testing.assert_allclose(mesh.texture, expected, atol=1e-9)
