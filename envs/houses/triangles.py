"""`Triangles`: small meshes with normals and texture coordinates, and the solids made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from .frames import to_mujoco
from .house import GroundPoint

SEGMENTS = 12
RINGS = 6
_FLAT = 1e-12
"""Twice the area of a triangle that counts as none, square metres."""


@dataclass(frozen=True, eq=False)
class Triangles:
    """A mesh whose faces are seen from one side: counter-clockwise, in MuJoCo's frame.

    Attributes:
        vertices: (V, 3), metres.
        normals: (V, 3), unit.
        texture: (V, 2), texture coordinates.
        faces: (F, 3), int, indices of vertices.
    """

    vertices: np.ndarray
    normals: np.ndarray
    texture: np.ndarray
    faces: np.ndarray

    def painted(self, coordinates: tuple[float, float]) -> Triangles:
        """The same with one texture coordinate everywhere: one colour of a palette."""
        texture = np.tile(coordinates, (len(self.vertices), 1))
        return Triangles(self.vertices, self.normals, texture, self.faces)

    def moved(self, offset: np.ndarray) -> Triangles:
        """The same, moved by an offset (3,) in MuJoCo's frame."""
        return Triangles(self.vertices + offset, self.normals, self.texture, self.faces)

    def rotated(self, rotation: np.ndarray) -> Triangles:
        """The same, turned about the origin by a rotation (3, 3) in MuJoCo's frame."""
        return Triangles(
            self.vertices @ rotation.T, self.normals @ rotation.T, self.texture, self.faces
        )


def join(meshes: Sequence[Triangles]) -> Triangles:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return Triangles(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.texture for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
    )


def box(size: np.ndarray) -> Triangles:
    """A box about the origin, extents (3,) in MuJoCo's frame."""
    unit = _unit_box()
    return Triangles(unit.vertices * size, unit.normals, unit.texture, unit.faces)


@cache
def _unit_box() -> Triangles:
    faces = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal, across = sign * np.eye(3)[axis], np.eye(3)[(axis + 1) % 3]
            up = np.cross(normal, across)
            corners = [
                normal + a * across + b * up for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
            ]
            faces.append(quad(np.array(corners) / 2, normal))
    return join(faces)


def quad(corners: np.ndarray, normal: np.ndarray) -> Triangles:
    """A flat four-sided face.

    Args:
        corners: (4, 3), counter-clockwise seen from where the normal points, MuJoCo's frame.
        normal: (3,), unit.
    """
    return Triangles(
        np.asarray(corners, float),
        np.tile(np.asarray(normal, float), (4, 1)),
        np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )


def cylinder(radius: float, height: float) -> Triangles:
    """An upright cylinder about the origin (MuJoCo's z), with flat ends."""
    angles = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (S, 2)
    ring = np.arange(SEGMENTS)
    after = (ring + 1) % SEGMENTS

    def level(z: float) -> np.ndarray:
        return np.column_stack([radius * circle, np.full(SEGMENTS, z)])

    side = np.concatenate([level(-height / 2), level(height / 2)])
    outward = np.column_stack([circle, np.zeros(SEGMENTS)])
    faces = np.concatenate(
        [
            np.stack([ring, after, after + SEGMENTS], axis=1),
            np.stack([ring, after + SEGMENTS, ring + SEGMENTS], axis=1),
        ]
    )
    wall = Triangles(side, np.tile(outward, (2, 1)), np.zeros((2 * SEGMENTS, 2)), faces)
    fan = np.stack([np.zeros(SEGMENTS - 2, int), ring[1:-1], ring[2:]], axis=1)
    caps = [
        Triangles(
            level(sign * height / 2),
            np.tile([0.0, 0.0, sign], (SEGMENTS, 1)),
            np.zeros((SEGMENTS, 2)),
            fan if sign > 0 else fan[:, ::-1],
        )
        for sign in (-1.0, 1.0)
    ]
    return join([wall, *caps])


def ellipsoid(size: np.ndarray) -> Triangles:
    """An ellipsoid about the origin, extents (3,) in MuJoCo's frame."""
    polar = np.pi * np.arange(RINGS + 1) / RINGS
    angles = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    sphere = np.stack(
        [
            np.outer(np.sin(polar), np.cos(angles)),
            np.outer(np.sin(polar), np.sin(angles)),
            np.outer(np.cos(polar), np.ones(SEGMENTS)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    faces = []
    for ring in range(RINGS):
        for segment in range(SEGMENTS):
            here = ring * SEGMENTS + segment
            there = ring * SEGMENTS + (segment + 1) % SEGMENTS
            if ring > 0:
                faces.append([here, here + SEGMENTS, there])
            if ring < RINGS - 1:
                faces.append([there, here + SEGMENTS, there + SEGMENTS])
    normals = sphere / np.maximum(size, 1e-6)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Triangles(sphere * size / 2, normals, np.zeros((len(sphere), 2)), np.array(faces))


def floor_polygon(corners: Sequence[GroundPoint], height: float, *, up: bool) -> Triangles:
    """A horizontal polygon, with texture coordinates in metres.

    Args:
        corners: (x, z) in AI2-THOR's frame, in order; any simple polygon.
        height: Metres.
        up: Whether it is seen from above (a floor) or from below (a ceiling).
    """
    points = np.array(corners, float)
    if _signed_area(points) < 0:
        points = points[::-1]
    faces = np.array(_ears(points))
    vertices = np.column_stack([points, np.full(len(points), height)])
    normal = [0.0, 0.0, 1.0 if up else -1.0]
    return Triangles(
        vertices, np.tile(normal, (len(points), 1)), points, faces if up else faces[:, ::-1]
    )


def upright_rectangle(
    start: GroundPoint, along: np.ndarray, left: float, right: float, bottom: float, top: float
) -> Triangles:
    """A piece of a wall face, with texture coordinates in metres.

    It is seen from the left of `along` as drawn on a floor plan with x to the right and z up.

    Args:
        start: Where the wall begins (x, z), AI2-THOR's frame.
        along: Unit direction (2,) in which it runs.
        left: Where the piece begins, metres from the start.
        right: Where it ends, metres from the start.
        bottom: Height of its lower edge, metres.
        top: Height of its upper edge, metres.
    """
    ends = [np.asarray(start) + along * distance for distance in (right, left)]
    spots = [(0, bottom), (1, bottom), (1, top), (0, top)]
    corners = np.array([[ends[end][0], height, ends[end][1]] for end, height in spots])
    normal = to_mujoco(np.array([-along[1], 0.0, along[0]]))
    mesh = quad(to_mujoco(corners), normal)
    texture = np.array([[(right, left)[end], height] for end, height in spots])
    return Triangles(mesh.vertices, mesh.normals, texture, mesh.faces)


def _signed_area(points: np.ndarray) -> float:
    x, y = points.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def _ears(points: np.ndarray) -> list[list[int]]:
    """Triangles of a simple polygon whose corners run counter-clockwise, by cutting off ears."""
    left = list(range(len(points)))
    faces = []
    while len(left) > 3:
        trios = [tuple(left[(tip + k) % len(left)] for k in (-1, 0, 1)) for tip in range(len(left))]
        ear = next((n for n, trio in enumerate(trios) if _is_ear(points, trio, left)), None)
        if ear is not None:
            faces.append(list(trios[ear]))
            left.pop(ear)
            continue
        # A corner on a straight edge is the tip of no ear, and hides those that end there.
        turns = [abs(_turn(*points[list(trio)])) for trio in trios]
        left.pop(int(np.argmin(turns)))
    return [*faces, left]


def _is_ear(points: np.ndarray, trio: tuple[int, ...], left: list[int]) -> bool:
    a, b, c = points[list(trio)]
    if _turn(a, b, c) <= _FLAT:
        return False
    others = points[[p for p in left if p not in trio]]
    inside = (_turn(a, b, others) >= 0) & (_turn(b, c, others) >= 0) & (_turn(c, a, others) >= 0)
    return not bool(np.any(inside))


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Twice the signed area of the triangles a, b, c; c may be many points (N, 2)."""
    return (b[0] - a[0]) * (c[..., 1] - a[1]) - (b[1] - a[1]) * (c[..., 0] - a[0])
