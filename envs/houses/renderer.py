"""`HouseRenderer`: colour, depth and object images of a house from any camera."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import SpatuneError, first_line
from ..frustum import outside_frustum
from .frames import mujoco_rotation, rotation_matrix, to_mujoco
from .model import CAMERA, FAR, NEAR, HouseModel

_HIDDEN_GROUP = 5


@dataclass(frozen=True)
class Camera:
    """Where a camera is and how it sees.

    Attributes:
        position: Metres, AI2-THOR's frame.
        rotation: Degrees about x (down is positive), y (clockwise seen from above) and z.
        fov: Vertical field of view, degrees; for an orthographic camera its height in metres.
        orthographic: Whether rays are parallel.
    """

    position: tuple[float, float, float]
    rotation: tuple[float, float, float]
    fov: float
    orthographic: bool = False

    def axes(self) -> np.ndarray:
        """Right, up and backward as columns (3, 3), in MuJoCo's frame."""
        turn = mujoco_rotation(rotation_matrix(self.rotation))
        return np.column_stack([turn[:, 0], turn[:, 2], -turn[:, 1]])


@dataclass(frozen=True, eq=False)
class Images:
    """What a camera sees, row 0 on top; None where it was not asked for.

    Attributes:
        rgb: uint8 (H, W, 3).
        depth: float32 (H, W), metres along the camera's axis; the far plane where there is nothing.
        owners: int32 (H, W), indices in `HouseModel.owners`.
    """

    rgb: np.ndarray | None = None
    depth: np.ndarray | None = None
    owners: np.ndarray | None = None


class HouseRenderer:
    """Draws a `HouseModel` at one image size.

    Args:
        model: What is drawn.
        width: Pixels.
        height: Pixels.

    Raises:
        SpatuneError: OpenGL does not answer.
    """

    def __init__(self, model: HouseModel, width: int, height: int) -> None:
        from ..mujoco_api import mujoco

        self.width, self.height = width, height
        self._house = model
        self._mujoco = mujoco
        compiled = model.model
        compiled.vis.global_.offwidth = max(width, compiled.vis.global_.offwidth)
        compiled.vis.global_.offheight = max(height, compiled.vis.global_.offheight)
        try:
            self._gl: Any = mujoco.GLContext(width, height)
            self._gl.make_current()
            self._context: Any = mujoco.MjrContext(compiled, mujoco.mjtFontScale.mjFONTSCALE_100)
        except Exception as error:
            raise SpatuneError(
                f"no rendering with MUJOCO_GL={os.environ.get('MUJOCO_GL')}: {first_line(error)}; "
                "spatune doctor tells how to fix it"
            ) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene: Any = mujoco.MjvScene(compiled, compiled.ngeom + 8)
        self._options: Any = mujoco.MjvOption()
        self._options.geomgroup[_HIDDEN_GROUP] = 0
        self._camera: Any = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = compiled.camera(CAMERA).id
        self._rectangle: Any = mujoco.MjrRect(0, 0, width, height)
        # At the end of the process, contexts must be gone before EGL is.
        self._free = weakref.finalize(self, _free, self._gl, self._context)
        self._id_flags = [mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR]
        self._radii = compiled.geom_rbound

    def render(
        self, camera: Camera, *, rgb: bool = True, depth: bool = False, owners: bool = False
    ) -> Images:
        """Draw what is asked for.

        Depth and owners come from one pass, so that each alone costs as much as both.
        """
        self._gl.make_current()
        drawn = self._aim(camera)
        colours = self._colours() if rgb else None
        if not (depth or owners):
            return Images(colours)
        distances, numbers = self._labels(camera, drawn)
        return Images(colours, distances if depth else None, numbers if owners else None)

    def close(self) -> None:
        """Free the OpenGL context; calling it again does nothing."""
        self._free()

    def _aim(self, camera: Camera) -> np.ndarray:
        """Fill the scene with what the camera may see; returns the geoms in it, in order."""
        house, number = self._house, self._camera.fixedcamid
        model, data = house.model, house.data
        position, axes = to_mujoco(np.array(camera.position)), camera.axes()
        data.cam_xpos[number] = position
        data.cam_xmat[number] = axes.ravel()
        model.cam_fovy[number] = camera.fov
        model.cam_projection[number] = int(camera.orthographic)
        drawn = house.shown.copy()
        if not camera.orthographic:
            drawn &= ~outside_frustum(
                data.geom_xpos,
                self._radii,
                position,
                axes,
                float(np.radians(camera.fov)),
                self.width / self.height,
            )
        model.geom_group[:] = np.where(drawn, 0, _HIDDEN_GROUP)
        self._mujoco.mjv_updateScene(
            model,
            data,
            self._options,
            None,
            self._camera,
            self._mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        return np.flatnonzero(drawn)

    def _colours(self) -> np.ndarray:
        image = np.empty((self.height, self.width, 3), np.uint8)
        self._mujoco.mjr_render(self._rectangle, self._scene, self._context)
        self._mujoco.mjr_readPixels(image, None, self._rectangle, self._context)
        return image[::-1]

    def _labels(self, camera: Camera, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        codes = np.empty((self.height, self.width, 3), np.uint8)
        depth = np.empty((self.height, self.width), np.float32)
        for flag in self._id_flags:
            self._scene.flags[flag] = 1
        self._mujoco.mjr_render(self._rectangle, self._scene, self._context)
        self._mujoco.mjr_readPixels(codes, depth, self._rectangle, self._context)
        for flag in self._id_flags:
            self._scene.flags[flag] = 0
        if self._scene.ngeom != len(drawn):
            raise RuntimeError(f"{self._scene.ngeom} geoms drawn, {len(drawn)} expected")
        # The colour of a geom is one more than its place in the scene.
        table = np.zeros(len(drawn) + 1, np.int32)
        table[1:] = self._house.geom_owner[drawn]
        places = codes[..., 0].astype(np.int32)
        if len(drawn) > 254:
            places += codes[..., 1].astype(np.int32) << 8
        return _metres(depth[::-1], camera.orthographic), table[places[::-1]]


def _free(gl: Any, context: Any) -> None:
    gl.make_current()
    context.free()
    gl.free()


def _metres(depth: np.ndarray, orthographic: bool) -> np.ndarray:
    """Distance along the camera's axis from MuJoCo's reversed depth buffer, float32 (H, W)."""
    if orthographic:
        return (FAR - depth * (FAR - NEAR)).astype(np.float32)
    scale, offset = FAR * NEAR / (FAR - NEAR), NEAR / (FAR - NEAR)
    metres = depth + np.float32(offset)
    return np.divide(np.float32(scale), metres, out=metres)
