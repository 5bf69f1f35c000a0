"""`decimated`: the same shape with few triangles."""

from __future__ import annotations

import heapq

import numpy as np
from scipy.spatial import KDTree

from .mesh import ColouredMesh

_CELLS = 24
_STEADY = 1e-3
_BORDER = 10.0
_LEAST_COSINE = 0.3
_SHIFT = 0.382
_AFTER, _BEFORE = [1, 2, 0], [2, 0, 1]


def decimated(mesh: ColouredMesh, most: int) -> ColouredMesh:
    """At most `most` triangles, by collapsing the edges that matter least.

    The cost of an edge is the quadric error of Garland and Heckbert, "Surface simplification using
    quadric error metrics" (1997). Vertices in the same small cell that face the same way are joined
    first, which is faster and takes away what nobody would see.

    Args:
        mesh: Its proportions should be about those that it is drawn with.
        most: Triangles. A mesh of many loose pieces may keep more.
    """
    fine = _joined(mesh, cells=100_000, by_facing=False)
    rough = _joined(fine, cells=_CELLS, by_facing=True)
    collapse = _Collapse(rough)
    collapse.run(most)
    vertices, faces = collapse.result()
    return _recoloured(ColouredMesh(vertices, faces, np.zeros((len(faces), 3))), fine)


class _Collapse:
    """The state of a mesh while its edges collapse."""

    def __init__(self, mesh: ColouredMesh) -> None:
        self._vertices = mesh.vertices.copy()
        self._faces = mesh.faces.copy()
        self._alive = np.ones(len(mesh.faces), bool)
        self._around: list[set[int]] = [set() for _ in mesh.vertices]
        for number, face in enumerate(mesh.faces.tolist()):
            for vertex in face:
                self._around[vertex].add(number)
        self._changes = [0] * len(mesh.vertices)
        self._quadrics = _quadrics(mesh)
        self._heap: list[tuple[float, int, int, int, int, tuple[float, float, float]]] = []
        self._push(_edges(mesh.faces))

    def run(self, most: int) -> None:
        """Collapse edges until few enough faces are left, or none can collapse."""
        left = int(self._alive.sum())
        while left > most and self._heap:
            _, a, b, of_a, of_b, place = heapq.heappop(self._heap)
            if (self._changes[a], self._changes[b]) == (of_a, of_b):
                left -= self._collapse(a, b, np.array(place))

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (V, 3) and faces (F, 3) that are left."""
        used, numbers = np.unique(self._faces[self._alive], return_inverse=True)
        return self._vertices[used], numbers.reshape(-1, 3)

    def _collapse(self, a: int, b: int, place: np.ndarray) -> int:
        """Join b to a; returns how many faces that takes away, 0 where it would fold the mesh."""
        gone = self._around[a] & self._around[b]
        kept = np.array(sorted((self._around[a] | self._around[b]) - gone), int)
        shared = self._neighbours(a) & self._neighbours(b)
        if not gone or len(shared) > len(gone) or self._folds(kept, (a, b), place):
            return 0
        for number in gone:
            self._alive[number] = False
            for vertex in self._faces[number].tolist():
                self._around[vertex].discard(number)
        for number in self._around[b]:
            self._faces[number][self._faces[number] == b] = a
        self._around[a] |= self._around[b]
        self._around[b] = set()
        self._vertices[a] = place
        self._quadrics[a] += self._quadrics[b]
        self._changes[a] += 1
        self._changes[b] += 1
        near = sorted(self._neighbours(a))
        if near:
            self._push(np.column_stack([np.full(len(near), a), near]))
        return len(gone)

    def _neighbours(self, vertex: int) -> set[int]:
        faces = self._faces[list(self._around[vertex])]
        return set(faces.ravel().tolist()) - {vertex}

    def _folds(self, faces: np.ndarray, moved: tuple[int, int], place: np.ndarray) -> bool:
        """Whether a face would turn over, or become a sliver."""
        corners = self._vertices[self._faces[faces]]
        after = corners.copy()
        after[(self._faces[faces] == moved[0]) | (self._faces[faces] == moved[1])] = place
        before, then = _normals(corners), _normals(after)
        lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(then, axis=1)
        return bool(((before * then).sum(axis=1) < _LEAST_COSINE * lengths + 1e-18).any())

    def _push(self, edges: np.ndarray) -> None:
        """Rate edges (E, 2) and queue them."""
        quadrics = self._quadrics[edges].sum(axis=1)
        middles = self._vertices[edges].mean(axis=1)
        matrix, vector = quadrics[:, :3, :3], quadrics[:, :3, 3]
        # Where the planes leave a direction open, the middle of the edge decides.
        weight = _STEADY * np.trace(matrix, axis1=1, axis2=2)[:, None, None] + 1e-30
        downhill = -(np.einsum("eij,ej->ei", matrix, middles) + vector)
        shift = np.linalg.solve(matrix + weight * np.eye(3), downhill[..., None])[..., 0]
        places = middles + shift
        ones = np.column_stack([places, np.ones(len(places))])
        costs = np.einsum("ei,eij,ej->e", ones, quadrics, ones)
        for (a, b), cost, (x, y, z) in zip(
            edges.tolist(), costs.tolist(), places.tolist(), strict=True
        ):
            entry = (cost, a, b, self._changes[a], self._changes[b], (x, y, z))
            heapq.heappush(self._heap, entry)


def _quadrics(mesh: ColouredMesh) -> np.ndarray:
    """Squared distance to the planes of a vertex's faces and open edges, as forms (V, 4, 4)."""
    forms = np.zeros((len(mesh.vertices), 4, 4))
    areas, corners = mesh.areas(), mesh.corners()
    length = np.linalg.norm(areas, axis=1, keepdims=True)
    flat = areas / np.maximum(length, 1e-18)
    planes = np.column_stack([flat, -(flat * corners[:, 0]).sum(axis=1)])
    for corner in range(3):
        np.add.at(
            forms,
            mesh.faces[:, corner],
            length[:, :, None] * planes[:, :, None] * planes[:, None, :],
        )
    ends = np.stack([mesh.faces, np.roll(mesh.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    _, first, count = np.unique(
        np.sort(ends, axis=1), axis=0, return_index=True, return_counts=True
    )
    border = first[count == 1]
    a, b = ends[border].T
    along = mesh.vertices[b] - mesh.vertices[a]
    across = np.cross(along, flat[border // 3])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-18)
    walls = np.column_stack([across, -(across * mesh.vertices[a]).sum(axis=1)])
    weight = _BORDER * (along**2).sum(axis=1)[:, None, None]
    for end in (a, b):
        np.add.at(forms, end, weight * walls[:, :, None] * walls[:, None, :])
    return forms


def _edges(faces: np.ndarray) -> np.ndarray:
    pairs = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _normals(corners: np.ndarray) -> np.ndarray:
    """As long as twice the area; several times as fast as `numpy.cross` for a handful of faces."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return first[:, _AFTER] * second[:, _BEFORE] - first[:, _BEFORE] * second[:, _AFTER]


def _joined(mesh: ColouredMesh, cells: int, *, by_facing: bool) -> ColouredMesh:
    """Vertices in one of so many cells along the longest side as one, at their mean.

    Args:
        mesh: Any.
        cells: Number of cells.
        by_facing: Whether those that face different ways stay apart: thin walls keep both sides.
    """
    low = mesh.vertices.min(axis=0)
    cell = np.ptp(mesh.vertices, axis=0).max() / cells
    # Shapes have their middle and their quarters at round numbers: borders of cells should not.
    keys = np.floor((mesh.vertices - low) / cell + _SHIFT)
    if by_facing:
        normals = np.zeros_like(mesh.vertices)
        for corner in range(3):
            np.add.at(normals, mesh.faces[:, corner], mesh.areas())
        axis = np.abs(normals).argmax(axis=1)
        sign = normals[np.arange(len(normals)), axis] < 0
        keys = np.column_stack([keys, 2 * axis + sign])
    _, cluster = np.unique(keys.astype(np.int64), axis=0, return_inverse=True)
    cluster = cluster.ravel()
    count = np.bincount(cluster)
    means = [np.bincount(cluster, mesh.vertices[:, axis]) / count for axis in range(3)]
    faces = cluster[mesh.faces]
    whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    faces = faces[whole]
    start = faces.argmin(axis=1)
    # Told from its smallest corner, a face is itself again, but not seen from its other side.
    turned = np.take_along_axis(faces, (start[:, None] + np.arange(3)) % 3, axis=1)
    unique, first = np.unique(turned, axis=0, return_index=True)
    used, numbers = np.unique(unique, return_inverse=True)
    vertices = np.stack(means, axis=1)[used]
    return ColouredMesh(vertices, numbers.reshape(-1, 3), mesh.colours[whole][first])


def _recoloured(mesh: ColouredMesh, fine: ColouredMesh) -> ColouredMesh:
    """Each face with the mean colour of what it stands for in the fine mesh."""
    spread = np.array([[1, 1, 1], [4, 1, 1], [1, 4, 1], [1, 1, 4]]) / [[3], [6], [6], [6]]
    samples = np.einsum("sk,fki->fsi", spread, mesh.corners()).reshape(-1, 3)
    facing = _normals(mesh.corners())
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-18)
    areas = fine.areas()
    size = np.linalg.norm(areas, axis=1)
    # A little of the direction in the distance keeps the inside of a mug from its outside.
    reach = 0.1 * float(np.ptp(fine.vertices, axis=0).max())
    tree = KDTree(np.column_stack([samples, reach * facing.repeat(len(spread), axis=0)]))
    own = areas / np.maximum(size, 1e-18)[:, None]
    _, near = tree.query(np.column_stack([fine.corners().mean(axis=1), reach * own]))
    face = near // len(spread)
    weight = np.bincount(face, size, len(mesh.faces))
    mixed = [np.bincount(face, fine.colours[:, i] * size, len(mesh.faces)) for i in range(3)]
    colours = np.stack(mixed, axis=1) / np.maximum(weight, 1e-18)[:, None]
    _, nearest = KDTree(fine.corners().mean(axis=1)).query(mesh.corners().mean(axis=1))
    return ColouredMesh(
        mesh.vertices,
        mesh.faces,
        np.where(weight[:, None] > 0, colours, fine.colours[nearest]),
    )
