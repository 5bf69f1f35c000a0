"""`box_iou`: exact volume of intersection and IoU of oriented 3D boxes.

The corners of the intersection of two convex bodies are ends of edges of one body cut by the half
spaces of the other. So the twelve edges of each box are cut by the six half spaces of the other,
and the volume is that of the convex hull of what is left. A box that is not one (a face that is not
flat, or no area) overlaps nothing, as in Omni3D (Brazil et al. 2023, arXiv:2207.10660).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull

from .corners import EDGES, FACES

COPLANAR = 1e-4
"""Largest distance (m) of the fourth corner of a face from the plane of the other three."""
NONZERO_AREA = 1e-8
"""Least area (m^2) of each of the two triangles of a face."""
MARGIN = 1e-10
"""How far out of a box, over its size, a point still counts as in it: above rounding errors."""
FLAT = 1e-9
"""Thickness of a set of points, over its length, under which it has no volume."""


def box_iou(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Volume of intersection and IoU of each box of one set with each box of another.

    Args:
        first: (N, 8, 3) corners in the order of `corners.UNIT_CORNERS`, in metres.
        second: (M, 8, 3).

    Returns:
        Volumes (N, M) in cubic metres and IoUs (N, M) in [0, 1]; 0 for boxes that are not valid.
    """
    volumes = np.zeros((len(first), len(second)))
    ious = np.zeros_like(volumes)
    rows, columns = _close_pairs(first, second)
    if not len(rows):
        return volumes, ious
    points, inside = _intersection_points(first[rows], second[columns])
    shared = np.array([_hull_volume(p[keep]) for p, keep in zip(points, inside, strict=True)])
    own = {i: _hull_volume(first[i]) for i in np.unique(rows)}
    other = {j: _hull_volume(second[j]) for j in np.unique(columns)}
    either = np.array([own[i] + other[j] for i, j in zip(rows, columns, strict=True)]) - shared
    volumes[rows, columns] = shared
    ratios = np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
    ious[rows, columns] = np.clip(ratios, 0.0, 1.0)
    return volumes, ious


def valid_boxes(corners: np.ndarray) -> np.ndarray:
    """Whether each set of corners is a box: finite, with flat faces of non-zero area.

    Args:
        corners: (N, 8, 3) in the order of `corners.UNIT_CORNERS`.

    Returns:
        (N,) bool.
    """
    a, b, c, d = np.moveaxis(corners[:, FACES], 2, 0)  # each (N, 6, 3)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        cross = np.cross(b - a, c - a)
        length = np.linalg.norm(cross, axis=-1)
        far = np.abs(np.sum((d - a) * cross, axis=-1)) / length
        opposite = np.linalg.norm(np.cross(c - a, d - a), axis=-1)
        solid = (length / 2 > NONZERO_AREA) & (opposite / 2 > NONZERO_AREA)
        return (solid & (far < COPLANAR)).all(axis=1)


def _close_pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the pairs of valid boxes whose bounding spheres meet."""
    good, right = np.flatnonzero(valid_boxes(first)), np.flatnonzero(valid_boxes(second))
    centres, others = first[good].mean(axis=1), second[right].mean(axis=1)
    reach = np.linalg.norm(first[good] - centres[:, None], axis=-1).max(axis=1, initial=0)
    other_reach = np.linalg.norm(second[right] - others[:, None], axis=-1).max(axis=1, initial=0)
    apart = np.linalg.norm(centres[:, None] - others[None], axis=-1)
    rows, columns = np.nonzero(apart <= reach[:, None] + other_reach[None])
    return good[rows], right[columns]


def _intersection_points(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the cut edges of P pairs, (P, 48, 3), and which of them exist, (P, 48)."""
    # Coordinates near the origin keep the digits of boxes that are far away.
    origin = first.mean(axis=1, keepdims=True)
    near, other = first - origin, second - origin
    ends, kept = zip(_cut_edges(near, other), _cut_edges(other, near), strict=True)
    return np.concatenate(ends, axis=1), np.concatenate(kept, axis=1)


def _cut_edges(boxes: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of each edge of (P, 8, 3) boxes inside the boxes `by`; (P, 24, 3) and (P, 24)."""
    normals, offsets = _half_spaces(by)
    start, end = boxes[:, EDGES[:, 0]], boxes[:, EDGES[:, 1]]  # (P, 12, 3)
    # How far each end lies outside each face, (P, 12, 6).
    outside = np.einsum("pei,pfi->pef", start, normals) - offsets[:, None]
    beyond = np.einsum("pei,pfi->pef", end, normals) - offsets[:, None]
    # An edge that lies in a face is cut by rounding alone, unless the face has a margin.
    reach = np.linalg.norm(by - by.mean(axis=1, keepdims=True), axis=-1).max(axis=1)
    margin = MARGIN * reach[:, None, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        crossing = np.clip(outside / (outside - beyond), 0, 1)
    enters = np.where((outside > margin) & (beyond <= margin), crossing, 0.0).max(axis=-1)
    leaves = np.where((outside <= margin) & (beyond > margin), crossing, 1.0).min(axis=-1)
    # Where an edge meets an edge, rounding decides which of the two comes first: a point counts
    # where it lies in the box, not where the edge enters before it leaves.
    places = np.concatenate([enters, leaves], axis=1)[..., None]  # (P, 24, 1)
    outside, beyond = np.tile(outside, (1, 2, 1)), np.tile(beyond, (1, 2, 1))
    kept = (outside + places * (beyond - outside)).max(axis=-1) <= margin[..., 0]
    return np.tile(start, (1, 2, 1)) + places * np.tile(end - start, (1, 2, 1)), kept


def _half_spaces(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outward unit normals (P, 6, 3) and offsets (P, 6): inside is n.x <= offset."""
    a, b, c, _ = np.moveaxis(corners[:, FACES], 2, 0)
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    offsets = np.sum(normals * a, axis=-1)
    centre = corners.mean(axis=1)
    # A box with a negative size is mirrored, so the order around a face does not tell the outside.
    sign = np.where(np.einsum("pfi,pi->pf", normals, centre) > offsets, -1.0, 1.0)
    return normals * sign[..., None], offsets * sign


def _hull_volume(points: np.ndarray) -> float:
    """Volume of the convex hull of (K, 3) points; 0 for fewer than four or for a flat set."""
    if len(points) < 4:
        return 0.0
    centred = points - points.mean(axis=0)
    spread = np.linalg.svd(centred, compute_uv=False)
    if spread[2] <= FLAT * spread[0]:
        return 0.0
    return float(ConvexHull(centred).volume)
