"""`ViewCulling`: the geoms that a camera cannot see, not even in a mirror."""

from __future__ import annotations

from typing import Any

import numpy as np

from .frustum import apart_from, outside_frustum
from .mujoco_api import mujoco

_FIRST_GROUP_NOT_DRAWN = 3


class ViewCulling:
    """Finds geoms that can be left out of a rendering without changing a pixel.

    MuJoCo sends every geom to OpenGL, which transforms all its vertices before it clips them; where
    the processor renders, that is most of the time of a small image. MuJoCo mirrors the scene in
    planes and in the upper face of boxes whose material reflects; what such a mirror in view may
    show is kept. Shadows can come from anywhere: with a light that casts them nothing is left out.

    Args:
        model: Compiled `mujoco.MjModel`.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        # Geoms without a bounding sphere (planes) have no end.
        self._radii = np.where(model.geom_rbound > 0, model.geom_rbound, np.inf)
        shiny = np.append(model.mat_reflectance, 0.0)[model.geom_matid] > 0
        drawn = model.geom_group < _FIRST_GROUP_NOT_DRAWN
        box = model.geom_type == mujoco.mjtGeom.mjGEOM_BOX
        plane = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
        self._mirrors = np.flatnonzero(shiny & drawn & (box | plane))
        self._faces = np.where(box, model.geom_size[:, 2], 0.0)  # height of the face over centre

    def hidden(self, data: Any, camera: int, aspect: float) -> np.ndarray:
        """Geoms to leave out.

        Args:
            data: `mujoco.MjData` with the poses to draw.
            camera: Camera id.
            aspect: Width of the image by its height.

        Returns:
            bool (ngeom,).
        """
        if self._model.light_castshadow.any():
            return np.zeros(self._model.ngeom, bool)
        view = (
            data.cam_xpos[camera],
            data.cam_xmat[camera].reshape(3, 3),
            float(np.deg2rad(self._model.cam_fovy[camera])),
            aspect,
        )
        centres = data.geom_xpos
        hidden = outside_frustum(centres, self._radii, *view)
        for mirror in self._mirrors[~hidden[self._mirrors]]:
            normal = data.geom_xmat[mirror].reshape(3, 3)[:, 2]
            heights = (centres - centres[mirror]) @ normal - self._faces[mirror]
            mirrored = centres - 2 * np.outer(heights, normal)
            hidden &= outside_frustum(mirrored, self._radii, *view) | apart_from(
                centres[mirror], float(self._radii[mirror]), mirrored, self._radii, view[0]
            )
        return hidden
