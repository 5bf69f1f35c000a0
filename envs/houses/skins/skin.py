"""`skin_of`: a mesh in place of the primitives of an asset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..assets import Asset
from ..frames import to_mujoco
from ..palette import Palette
from ..triangles import Triangles
from .decimate import decimated
from .libero import libero_mesh
from .mesh import ColouredMesh

MOST_TRIANGLES = 300
MOST_COLOURS = 6

_CREASE = np.cos(np.radians(50.0))
_ROUNDS = 20


@dataclass(frozen=True)
class Model:
    """An object of the LIBERO wheel.

    Attributes:
        path: Its MJCF file below the wheel's folder of assets.
        turn: Rows of the rotation that puts it upright with its front along +y, z up.
    """

    path: str
    turn: tuple[tuple[int, int, int], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


_SCANNED, _DRAWN = "stable_scanned_objects/", "turbosquid_objects/"
_HALF_TURN = ((-1, 0, 0), (0, -1, 0), (0, 0, 1))

MODELS: dict[str, tuple[Model, ...]] = {
    "Bowl": (
        Model(f"{_SCANNED}white_bowl/white_bowl.xml"),
        Model(f"{_SCANNED}yellow_bowl/yellow_bowl.xml"),
        Model(f"{_SCANNED}red_ramekin/red_ramekin.xml"),
    ),
    "Mug": (
        Model(f"{_DRAWN}porcelain_mug/porcelain_mug.xml", _HALF_TURN),
        Model(f"{_DRAWN}white_yellow_mug/white_yellow_mug.xml"),
    ),
    "Plate": (
        Model(f"{_SCANNED}plate/plate.xml"),
        Model(f"{_SCANNED}yellow_plate/yellow_plate.xml"),
    ),
}
"""Object type -> what it may be drawn as; the asset's id decides."""


def skin_of(asset: Asset, palette: Palette) -> Triangles | None:
    """The mesh of an asset, about the centre of its bounding box, which it fills.

    Meshes come from the installed LIBERO assets and are kept in memory.

    Args:
        asset: The asset.
        palette: Gets the colours of the mesh, at most `MOST_COLOURS`.

    Returns:
        At most `MOST_TRIANGLES`, in MuJoCo's frame, or None for types without a model.

    Raises:
        SpatuneError: LIBERO's assets are not installed.
    """
    models = MODELS.get(asset.object_type)
    if models is None:
        return None
    digest = hashlib.sha256(asset.id.encode()).digest()
    mesh = _mesh(models[digest[0] % len(models)], asset.size)
    places = np.array([palette.coordinates((r, g, b)) for r, g, b in mesh.colours.tolist()])
    return _drawable(mesh, places)


@cache
def _mesh(model: Model, size: tuple[float, float, float]) -> ColouredMesh:
    return _small(model).fitted(to_mujoco(np.array(size)))


@cache
def _small(model: Model) -> ColouredMesh:
    mesh = decimated(libero_mesh(model.path), MOST_TRIANGLES).turned(np.array(model.turn, float))
    return ColouredMesh(mesh.vertices, mesh.faces, _few_colours(mesh))


def _few_colours(mesh: ColouredMesh) -> np.ndarray:
    """The colours of the faces, replaced by at most `MOST_COLOURS` means (F, 3): k-means."""
    weights = np.linalg.norm(mesh.areas(), axis=1)
    means = mesh.colours[[int(np.argmax(weights))]]
    while len(means) < MOST_COLOURS:
        gaps = _gaps(mesh.colours, means).min(axis=1)
        if gaps.max() < 1e-4:
            break
        means = np.concatenate([means, mesh.colours[[int(np.argmax(gaps * weights))]]])
    nearest = _gaps(mesh.colours, means).argmin(axis=1)
    for _ in range(_ROUNDS):
        for number in range(len(means)):
            mine = nearest == number
            if weights[mine].sum() > 0:
                means[number] = np.average(mesh.colours[mine], axis=0, weights=weights[mine])
        nearest = _gaps(mesh.colours, means).argmin(axis=1)
    return means[nearest]


def _gaps(colours: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Squared distances (F, M)."""
    return ((colours[:, None] - means) ** 2).sum(axis=-1)


def _drawable(mesh: ColouredMesh, places: np.ndarray) -> Triangles:
    """Vertices split where colours meet and where the surface has an edge."""
    areas = mesh.areas()
    flat = areas / np.maximum(np.linalg.norm(areas, axis=1, keepdims=True), 1e-12)
    shared = (mesh.faces[:, :, None, None] == mesh.faces).any(axis=-1)  # (F, 3, F)
    smooth = shared & (flat @ flat.T > _CREASE)[:, None, :]
    normals = (smooth[..., None] * areas).sum(axis=2)
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = np.where(lengths > 1e-12, normals / np.maximum(lengths, 1e-12), flat[:, None])
    corners = np.concatenate(
        [mesh.corners(), normals, np.broadcast_to(places[:, None], (len(places), 3, 2))], axis=-1
    ).reshape(-1, 8)
    rows, faces = np.unique(np.round(corners, 6), axis=0, return_inverse=True)
    return Triangles(rows[:, :3], rows[:, 3:6], rows[:, 6:], faces.reshape(-1, 3))
