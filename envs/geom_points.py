"""Points on the surface of a MuJoCo geom."""

from __future__ import annotations

from typing import Any

import numpy as np

from .mujoco_api import mujoco


def geom_surface_points(
    model: Any, geom: int, limit: int = 400, spacing: float = np.inf
) -> np.ndarray:
    """Sample points of one geom in its own frame.

    Args:
        model: Compiled model.
        geom: Geom id.
        limit: Most mesh vertices to keep (a fixed random subset).
        spacing: Widest gap (m) between points of other shapes, which have at least 4 a side.

    Returns:
        float64 (N, 3), m; empty for planes and other unbounded shapes.
    """
    kind = mujoco.mjtGeom(int(model.geom_type[geom]))
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        start, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        vertices = model.mesh_vert[start : start + count].astype(np.float64)
        if count > limit:
            vertices = vertices[np.random.default_rng(0).choice(count, limit, replace=False)]
        return vertices
    half = _half_extent(kind, model.geom_size[geom])
    if half is None:
        return np.zeros((0, 3))
    counts = np.maximum(4, np.ceil(2.0 * half / spacing).astype(int) + 1)
    lines = [np.linspace(-1.0, 1.0, count) for count in counts]
    grid = np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 3)
    return grid[(np.abs(grid) >= 0.999).any(axis=1)] * half


def _half_extent(kind: Any, size: np.ndarray) -> np.ndarray | None:
    if kind in (mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_ELLIPSOID):
        return size.copy()
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return np.full(3, size[0])
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return np.array([size[0], size[0], size[1]])
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return np.array([size[0], size[0], size[1] + size[0]])
    return None
