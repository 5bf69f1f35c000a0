"""`decimated`: the same shape with few triangles."""

from __future__ import annotations

import numpy as np

from .mesh import ColouredMesh

_FINEST = 64
_STEADY = 1e-3


def decimated(mesh: ColouredMesh, most: int) -> ColouredMesh:
    """At most `most` triangles, on the finest grid of cells that gives so few.

    Vertices in one cell that face the same way become one, where the planes of their faces meet
    best (Lindstrom, "Out-of-core simplification of large polygonal models", 2000). Because those
    that face different ways stay apart, thin walls keep both sides.

    Args:
        mesh: About as large along each axis as it should be drawn: cells are cubes.
        most: Triangles.
    """
    mesh = _welded(mesh)
    if len(mesh.faces) <= most:
        return mesh
    # More cells do not always give more triangles, so that a search by halves could miss some.
    for cells in range(_FINEST, 1, -1):
        found = _clustered(mesh, cells)
        if len(found.faces) <= most:
            return found
    return _clustered(mesh, 1)


def _welded(mesh: ColouredMesh) -> ColouredMesh:
    """Corners at one place as one vertex."""
    size = float(np.ptp(mesh.vertices, axis=0).max())
    keys = np.rint(mesh.vertices / (1e-5 * size)).astype(np.int64)
    _, first, places = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return _tidied(mesh.vertices[first], places.ravel()[mesh.faces], mesh)


def _clustered(mesh: ColouredMesh, cells: int) -> ColouredMesh:
    low = mesh.vertices.min(axis=0)
    cell = float(np.ptp(mesh.vertices, axis=0).max()) / cells * (1 + 1e-9)
    cubes = np.floor((mesh.vertices - low) / cell).astype(np.int64)
    keys = np.column_stack([cubes, _facing(mesh)])
    _, cluster = np.unique(keys, axis=0, return_inverse=True)
    cluster = cluster.ravel()
    places = _best_places(mesh, cluster, cell)
    return _tidied(places, cluster[mesh.faces], mesh)


def _facing(mesh: ColouredMesh) -> np.ndarray:
    """Which of the six axis directions each vertex faces most, int (V,)."""
    normals = np.zeros_like(mesh.vertices)
    for corner in range(3):
        np.add.at(normals, mesh.faces[:, corner], mesh.areas())
    axis = np.abs(normals).argmax(axis=1)
    return 2 * axis + (normals[np.arange(len(normals)), axis] < 0)


def _best_places(mesh: ColouredMesh, cluster: np.ndarray, cell: float) -> np.ndarray:
    """For each cluster the point nearest to the planes of its faces, (C, 3)."""
    count = int(cluster.max()) + 1
    members = np.bincount(cluster, minlength=count)[:, None]
    means = np.zeros((count, 3))
    np.add.at(means, cluster, mesh.vertices)
    means /= members
    areas, corners = mesh.areas(), mesh.corners()
    matrix, vector = np.zeros((count, 3, 3)), np.zeros((count, 3))
    for corner in range(3):
        owner = cluster[mesh.faces[:, corner]]
        gaps = np.einsum("fi,fi->f", areas, corners[:, 0] - means[owner])
        np.add.at(matrix, owner, areas[:, :, None] * areas[:, None, :])
        np.add.at(vector, owner, areas * gaps[:, None])
    # Where the planes leave a direction open, the mean decides.
    weight = _STEADY * np.trace(matrix, axis1=1, axis2=2) + 1e-30
    matrix += weight[:, None, None] * np.eye(3)
    offset = np.linalg.solve(matrix, vector[..., None])[..., 0]
    return means + np.clip(offset, -cell / 2, cell / 2)


def _tidied(vertices: np.ndarray, faces: np.ndarray, mesh: ColouredMesh) -> ColouredMesh:
    """Without faces of no area and without doubles; a double's colour counts by its area."""
    area = np.linalg.norm(mesh.areas(), axis=1)
    whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    faces, area, colours = faces[whole], area[whole], mesh.colours[whole]
    # The smallest index first: a face is the same from whichever corner it is told, but not when
    # it is seen from its other side.
    start = faces.argmin(axis=1)
    faces = np.take_along_axis(faces, (start[:, None] + np.arange(3)) % 3, axis=1)
    unique, which = np.unique(faces, axis=0, return_inverse=True)
    which = which.ravel()
    total = np.bincount(which, area + 1e-12, len(unique))
    mixed = [np.bincount(which, colours[:, i] * (area + 1e-12), len(unique)) for i in range(3)]
    used, numbers = np.unique(unique, return_inverse=True)
    return ColouredMesh(
        vertices[used], numbers.reshape(unique.shape), np.stack(mixed, axis=1) / total[:, None]
    )
