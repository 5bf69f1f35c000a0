"""`HouseModel`: a house as a MuJoCo model that is looked at, not simulated."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np

from ...errors import SpatuneError
from ..gl import select_gl_backend
from .assets import Asset, find_asset
from .frames import mujoco_rotation, rotation_matrix, to_mujoco
from .house import House, HouseObject, Material, Opening, Wall
from .palette import Palette
from .shapes import Part, parts_of
from .solids import opening_parts, parts_mesh
from .surfaces import METRES_A_TEXTURE, Surface, surface_of
from .triangles import Triangles, floor_polygon
from .walls import wall_mesh

NEAR, FAR = 0.02, 60.0
"""Clipping planes of every camera, metres."""

CAMERA = "view"
_MATT = {"specular": 0.0, "shininess": 0.0}
LEAF = "|leaf"
"""Ending of the name of a door's leaf."""


class HouseModel:
    """The meshes of a house, one a wall face, floor, ceiling, door and object.

    Nothing moves by itself: the model has no joints, and no step is ever taken. Objects are moved
    by `place`, doors by `show`.

    Args:
        house: The house.
        skin: `libero` to draw bowls, mugs and plates as the meshes of LIBERO's assets.

    Attributes:
        house: The house.
        model: `mujoco.MjModel`.
        data: `mujoco.MjData` with the poses that are drawn.
        owners: Ids of what geoms belong to: rooms (their floors), walls, doors, windows, objects.
            Entry 0 is the empty string, for ceilings and for nothing.
        geom_owner: Index in `owners`, by geom (ngeom,).
        shown: Whether a geom is drawn, by geom (ngeom,); `show` changes it.
        named: Names of the geoms that `show` takes.

    Raises:
        SpatuneError: There is no such skin, or LIBERO's assets are not installed.
    """

    def __init__(self, house: House, skin: Literal["libero"] | None = None) -> None:
        if skin not in (None, "libero"):
            raise SpatuneError(f"there is no skin {skin!r}; use 'libero', or None")
        select_gl_backend()
        from ..mujoco_api import mujoco

        self.house = house
        builder = _Builder(mujoco.MjSpec(), skin)
        builder.build(house)
        self.model: Any = builder.spec.compile()
        self.data: Any = mujoco.MjData(self.model)
        mujoco.mj_forward(self.model, self.data)
        names = [self.model.geom(index).name for index in range(self.model.ngeom)]
        ids = [builder.owner_of[name] for name in names]
        self.owners: tuple[str, ...] = ("", *dict.fromkeys(owner for owner in ids if owner))
        numbers = {owner: number for number, owner in enumerate(self.owners)}
        self.geom_owner = np.array([numbers[owner] for owner in ids])
        self.shown = np.ones(len(names), bool)
        self._geoms = {name: index for index, name in enumerate(names)}
        self.named = frozenset(names)
        self._offsets = {
            index: (self.model.geom_pos[index].copy(), _matrix(self.model.geom_quat[index]))
            for index in range(self.model.ngeom)
        }

    def show(self, name: str, shown: bool) -> None:
        """Draw or hide the geom of that name: an object's id, or a door's id + `LEAF`."""
        self.shown[self._geoms[name]] = shown

    def place(
        self,
        object_id: str,
        position: tuple[float, float, float],
        rotation: tuple[float, float, float],
    ) -> None:
        """Move an object.

        Args:
            object_id: Its id in the house.
            position: Centre of its bounding box, metres, AI2-THOR's frame.
            rotation: Degrees about x, y and z.
        """
        index = self._geoms[object_id]
        offset, turn = self._offsets[index]
        matrix = mujoco_rotation(rotation_matrix(rotation))
        # Poses are written where drawing reads them; no kinematics run afterwards.
        self.data.geom_xpos[index] = to_mujoco(np.array(position)) + matrix @ offset
        self.data.geom_xmat[index] = (matrix @ turn).ravel()


class _Builder:
    """Collects the meshes of a house in a `mujoco.MjSpec`."""

    def __init__(self, spec: Any, skin: str | None) -> None:
        self.spec, self.skin = spec, skin
        self.palette = Palette()
        self.owner_of: dict[str, str] = {}
        self._surfaces: dict[Surface, str] = {}
        self._assets: dict[tuple[str, Material | None], str] = {}

    def build(self, house: House) -> None:
        """Add everything."""
        self._settings(house)
        for room in house.rooms:
            floor = floor_polygon(room.floor, 0.0, up=True)
            self._surface_geom(f"{room.id}|floor", room.id, floor, room.floor_material)
            ceiling = floor_polygon(room.floor, house.ceiling_height, up=False)
            material = room.ceiling_material or house.ceiling_material
            self._surface_geom(f"{room.id}|ceiling", "", ceiling, material)
        walls = {wall.id: wall for wall in house.walls}
        for wall in house.walls:
            mesh = wall_mesh(wall, house)
            if mesh is not None:
                self._surface_geom(wall.id, wall.id, mesh, wall.material)
        for opening in (*house.doors, *house.windows):
            frame, leaf = opening_parts(opening)
            self._opening_geom(opening.id, opening, walls, frame)
            if leaf:
                self._opening_geom(opening.id + LEAF, opening, walls, leaf)
        for thing, _ in house.all_objects():
            self._object_geom(thing)
        self._add_texture("palette", self.palette.texture())
        self._add_material("palette", "palette", 1.0)

    def _settings(self, house: House) -> None:
        spec, visual = self.spec, self.spec.visual
        visual.quality.offsamples = 0
        visual.quality.shadowsize = 0
        visual.map.znear, visual.map.zfar = NEAR, FAR
        visual.headlight.ambient = [0.42] * 3
        visual.headlight.diffuse = [0.22] * 3
        visual.headlight.specular = [0.0] * 3
        spec.stat.extent = 1.0
        spec.stat.center = [0.0, 0.0, 0.0]
        # Two weak directional lights tell apart faces that point in different directions; lights
        # of rooms would need finely divided walls, because MuJoCo lights vertices, not pixels.
        for direction, strength in (((0.5, 0.8, -0.9), 0.28), ((-0.9, -0.35, -0.4), 0.18)):
            spec.worldbody.add_light(
                type=_mujoco().mjtLightType.mjLIGHT_DIRECTIONAL,
                dir=direction,
                diffuse=[strength] * 3,
                ambient=[0.0] * 3,
                specular=[0.0] * 3,
                castshadow=False,
            )
        spec.worldbody.add_camera(name=CAMERA, fovy=90.0)

    def _surface_geom(self, name: str, owner: str, mesh: Triangles, material: Material) -> None:
        surface = surface_of(material)
        if surface not in self._surfaces:
            label = f"surface{len(self._surfaces)}"
            self._surfaces[surface] = label
            if surface.pattern == "plain":
                # Half the time of a picture goes into textures; a plain one says nothing more.
                self.spec.add_material(name=label, rgba=[*surface.colour, 1.0], **_MATT)
            else:
                self._add_texture(label, surface.texture())
                self._add_material(label, label, 1.0 / METRES_A_TEXTURE)
        self._add_mesh(name, mesh)
        self._add_geom(self.spec.worldbody, name, owner, name, self._surfaces[surface])

    def _opening_geom(
        self, name: str, opening: Opening, walls: dict[str, Wall], parts: tuple[Part, ...]
    ) -> None:
        wall = walls[opening.walls[0]]
        start, end = np.array(wall.start), np.array(wall.end)
        along = (end - start) / wall.length
        centre = start + along * (opening.left + opening.right) / 2
        height = (opening.bottom + opening.top) / 2
        yaw = np.degrees(np.arctan2(-along[1], along[0]))
        body = self.spec.worldbody.add_body(
            pos=to_mujoco(np.array([centre[0], height, centre[1]])),
            quat=_quaternion((0.0, float(yaw), 0.0)),
        )
        self._add_mesh(name, parts_mesh(parts, self.palette))
        self._add_geom(body, name, opening.id, name, "palette")

    def _object_geom(self, thing: HouseObject) -> None:
        look = (thing.asset_id, thing.material)
        if look not in self._assets:
            self._assets[look] = f"asset{len(self._assets)}"
            self._add_mesh(self._assets[look], self._asset_mesh(find_asset(thing.asset_id)))
        body = self.spec.worldbody.add_body(
            pos=to_mujoco(np.array(thing.position)), quat=_quaternion(thing.rotation)
        )
        self._add_geom(body, thing.id, thing.id, self._assets[look], "palette")

    def _asset_mesh(self, asset: Asset) -> Triangles:
        if self.skin is not None:
            # What it takes to read meshes is loaded by those who want a skin.
            from .skins.skin import skin_of

            mesh = skin_of(asset, self.palette)
            if mesh is not None:
                return mesh
        return parts_mesh(parts_of(asset), self.palette)

    def _add_mesh(self, name: str, mesh: Triangles) -> None:
        self.spec.add_mesh(
            name=name,
            uservert=mesh.vertices.ravel(),
            usernormal=mesh.normals.ravel(),
            usertexcoord=mesh.texture.ravel(),
            userface=mesh.faces.ravel(),
            inertia=_mujoco().mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )

    def _add_geom(self, body: Any, name: str, owner: str, mesh: str, material: str) -> None:
        body.add_geom(
            name=name,
            type=_mujoco().mjtGeom.mjGEOM_MESH,
            meshname=mesh,
            material=material,
            contype=0,
            conaffinity=0,
        )
        self.owner_of[name] = owner

    def _add_texture(self, name: str, picture: np.ndarray) -> None:
        self.spec.add_texture(
            name=name,
            type=_mujoco().mjtTexture.mjTEXTURE_2D,
            height=picture.shape[0],
            width=picture.shape[1],
            nchannel=3,
            data=picture.ravel().tolist(),
        )

    def _add_material(self, name: str, texture: str, repeat: float) -> None:
        material = self.spec.add_material(name=name, texrepeat=[repeat, repeat], **_MATT)
        material.textures[_mujoco().mjtTextureRole.mjTEXROLE_RGB] = texture


@cache
def _mujoco() -> Any:
    from ..mujoco_api import mujoco

    return mujoco


def _quaternion(rotation: tuple[float, float, float]) -> np.ndarray:
    quaternion = np.zeros(4)
    matrix = mujoco_rotation(rotation_matrix(rotation))
    _mujoco().mju_mat2Quat(quaternion, matrix.ravel())
    return quaternion


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    matrix = np.zeros(9)
    _mujoco().mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)
