"""What the simulator knows and a policy does not: poses, goals, cameras, segmentation, depth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import SpatuneError
from .geom_points import geom_surface_points
from .libero_sim import LiberoSim
from .mujoco_api import mujoco

Predicate = tuple[str, ...]
"""A goal of the bddl file, for example `("on", "akita_black_bowl_1", "plate_1")`."""


@dataclass(frozen=True)
class CameraMatrices:
    """A pinhole camera of the sampled state, for images with row 0 on top (`upright`).

    Attributes:
        intrinsics: (3, 3) in pixels.
        position: (3,) in the world frame, m.
        rotation: (3, 3); columns are the image's right, down and forward axes in the world frame.
    """

    intrinsics: np.ndarray
    position: np.ndarray
    rotation: np.ndarray

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixel (column, row) and depth (m) of world points (..., 3)."""
        local = (np.asarray(points) - self.position) @ self.rotation
        pixels = local @ self.intrinsics.T
        return pixels[..., :2] / pixels[..., 2:], local[..., 2]

    def unproject(self, pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """World points (..., 3) of pixels (..., 2) at a depth (...) in m; undoes `project`."""
        homogeneous = np.concatenate([pixels, np.ones_like(pixels[..., :1])], axis=-1)
        rays = homogeneous @ np.linalg.inv(self.intrinsics).T
        return (rays * np.asarray(depth)[..., None]) @ self.rotation.T + self.position


@dataclass(frozen=True)
class MovingPart:
    """A drawer, door or knob in the live state.

    Attributes:
        hinge: Whether it turns; else it slides.
        value: Joint position, rad or m.
        limits: Lowest and highest joint position; the one farther from 0 is open, or on.
        axis: (3,) unit axis in the world frame.
        anchor: (3,) point on the axis, m.
        points: Collision surface (N, 3), m.
    """

    hinge: bool
    value: float
    limits: tuple[float, float]
    axis: np.ndarray
    anchor: np.ndarray
    points: np.ndarray

    @property
    def opening(self) -> np.ndarray:
        """`axis` with the sign that opens the part, or turns it on."""
        return self.axis * (1.0 if abs(self.limits[1]) > abs(self.limits[0]) else -1.0)


class LiberoPrivileged:
    """Privileged view of a `LiberoSim`. Positions are in m in the world frame unless said.

    Poses are those of the live state; `camera`, `instances` and `depth` describe the sampled state
    that images show.
    """

    def __init__(self, sim: LiberoSim) -> None:
        self._sim = sim
        self._core: Any = sim.core

    @property
    def objects(self) -> tuple[str, ...]:
        """Movable objects."""
        return tuple(self._core.objects_dict)

    @property
    def fixtures(self) -> tuple[str, ...]:
        """Cabinets, stoves, tables and other things that stay."""
        return tuple(self._core.fixtures_dict)

    @property
    def goal(self) -> tuple[Predicate, ...]:
        """Predicates that must all hold for success."""
        return tuple(tuple(predicate) for predicate in self._core.parsed_problem["goal_state"])

    def holds(self, predicate: Predicate) -> bool:
        """Whether a predicate holds in the live state."""
        return bool(self._core._eval_predicate(list(predicate)))

    @cached_property
    def base_position(self) -> np.ndarray:
        """Robot base, (3,)."""
        return self._sim.data.body("robot0_base").xpos.copy()

    def position(self, name: str) -> np.ndarray:
        """Origin of an object, fixture or region site, (3,)."""
        if name in self._core.obj_body_id:
            return self._sim.data.xpos[self._core.obj_body_id[name]].copy()
        if name in self._core.object_sites_dict:
            return self._sim.data.site(name).xpos.copy()
        known = (*self._core.obj_body_id, *self._core.object_sites_dict)
        raise SpatuneError(f"no object, fixture or region {name!r}; there are: {', '.join(known)}")

    def rotation(self, name: str) -> np.ndarray:
        """Orientation of an object or fixture, (3, 3)."""
        return self._sim.data.xmat[self._core.obj_body_id[name]].reshape(3, 3).copy()

    def container(self, name: str) -> str | None:
        """The object or fixture that a region belongs to; the name itself for a body."""
        if name in self._core.obj_body_id:
            return name
        parent = self._core.object_sites_dict[name].parent_name
        return parent if parent in self._core.obj_body_id else None

    def moving_part(self, name: str) -> MovingPart | None:
        """What opens at a region or fixture; None where nothing does."""
        model, data = self._sim.model, self._sim.data
        site = self._core.object_sites_dict.get(name)
        owner = site if site is not None else self._core.fixtures_dict.get(name)
        joints = [joint for joint in getattr(owner, "joints", None) or () if joint]
        if not joints:
            return None
        joint = model.joint(joints[0])
        body = int(model.jnt_bodyid[joint.id])
        geoms = [
            geom
            for geom in range(model.ngeom)
            if model.geom_bodyid[geom] == body
            and (model.geom_contype[geom] or model.geom_conaffinity[geom])
        ]
        return MovingPart(
            hinge=model.jnt_type[joint.id] == mujoco.mjtJoint.mjJNT_HINGE,
            value=float(data.qpos[model.jnt_qposadr[joint.id]]),
            limits=(float(joint.range[0]), float(joint.range[1])),
            axis=data.xaxis[joint.id].copy(),
            anchor=data.xanchor[joint.id].copy(),
            points=np.concatenate([self._placed_points(geom) for geom in geoms]),
        )

    def region_extent(self, name: str) -> np.ndarray:
        """Half extents (3,) of a region along the world axes, m."""
        size = np.asarray(self._core.object_sites_dict[name].size, float)
        rotation = self._sim.data.site(name).xmat.reshape(3, 3)
        return np.abs(rotation) @ size

    def gripper(self) -> tuple[np.ndarray, np.ndarray]:
        """Grip site: position (3,) and rotation (3, 3) whose x column is the finger axis."""
        site = self._sim.data.site("gripper0_grip_site")
        return site.xpos.copy(), site.xmat.reshape(3, 3).copy()

    def collision_points(self, name: str, spacing: float = np.inf) -> np.ndarray:
        """Points on the collision surface of an object (visual surface if it has none), (N, 3).

        `spacing` (m) bounds the gaps between points of boxes, which have at least 4 a side.
        """
        collision, visual = self._body_geoms[name]
        parts = [self._placed_points(geom, spacing) for geom in (collision or visual)]
        return np.concatenate(parts) if parts else np.zeros((0, 3))

    def camera(self, name: str, height: int, width: int) -> CameraMatrices:
        """Matrices of a camera for an image of the given size."""
        position, axes, fovy = self._sim.camera_pose(name)
        focal = 0.5 * height / np.tan(0.5 * fovy)
        intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        return CameraMatrices(intrinsics, position, axes * np.array([1.0, -1.0, -1.0]))

    def instances(self, camera: str, height: int, width: int) -> np.ndarray:
        """Index into `instance_names` per pixel, -1 where none, int32 (height, width)."""
        geoms = self._sim.render_geoms(camera, height, width)
        return np.where(geoms >= 0, self._instance_of_geom[geoms], -1)

    def depth(self, camera: str, height: int, width: int) -> np.ndarray:
        """Distance along the optical axis per pixel, float32 (height, width), m."""
        return self._sim.render_depth(camera, height, width)

    @cached_property
    def instance_names(self) -> tuple[str, ...]:
        """Names of objects, fixtures and robot parts that `instances` indexes."""
        return tuple(self._core.model.instances_to_ids)

    @cached_property
    def _instance_of_geom(self) -> np.ndarray:
        table = np.full(self._sim.model.ngeom, -1, np.int32)
        for index, name in enumerate(self.instance_names):
            ids = self._core.model.instances_to_ids[name]
            table[list(ids["geom"] if isinstance(ids, dict) else ids)] = index
        return table

    @cached_property
    def _body_geoms(self) -> dict[str, tuple[list[int], list[int]]]:
        """Collision and visual geoms of each object and fixture with all its parts."""
        model = self._sim.model
        owner: dict[int, str] = {body: name for name, body in self._core.obj_body_id.items()}
        for body in range(1, model.nbody):
            parent = int(model.body_parentid[body])
            if body not in owner and parent in owner:
                owner[body] = owner[parent]
        geoms: dict[str, tuple[list[int], list[int]]] = {
            name: ([], []) for name in self._core.obj_body_id
        }
        for geom in range(model.ngeom):
            name = owner.get(int(model.geom_bodyid[geom]))
            if name is not None:
                geoms[name][0 if model.geom_contype[geom] > 0 else 1].append(geom)
        return geoms

    @cached_property
    def _local_points(self) -> dict[tuple[int, float], np.ndarray]:
        return {}

    def _placed_points(self, geom: int, spacing: float = np.inf) -> np.ndarray:
        key = (geom, spacing)
        if key not in self._local_points:
            self._local_points[key] = geom_surface_points(self._sim.model, geom, spacing=spacing)
        rotation = self._sim.data.geom_xmat[geom].reshape(3, 3)
        return self._local_points[key] @ rotation.T + self._sim.data.geom_xpos[geom]
