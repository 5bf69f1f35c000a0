"""`LiberoOrbit`: a LIBERO scene seen from anywhere, with boxes around what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from .experts.libero import LiberoExpert
from .geom_points import geom_surface_points
from .libero import LiberoEnv
from .libero_privileged import CameraMatrices
from .mujoco_api import mujoco

STILL = 0.005
"""Metres; what moves by no more still stands where it stood."""

_CAMERA, _WRIST = "agentview", "robot0_eye_in_hand"
_DRAWN_GROUP = 1
"""Group of robosuite's visual geoms; collision geoms are in group 0 and not drawn."""
_SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])


@dataclass(frozen=True, eq=False)
class OrbitView:
    """What a camera sees; MuJoCo's world frame (z up, right-handed), row 0 on top.

    Attributes:
        rotation: (3, 3); columns are the image's right, down and forward axes.
        rgb: uint8 (H, W, 3).
        depth: float32 (H, W), metres along the optical axis.
        owners: int32 (H, W), indices in `LiberoOrbit.names`.
    """

    rotation: np.ndarray
    rgb: np.ndarray
    depth: np.ndarray
    owners: np.ndarray


class LiberoOrbit:
    """One LIBERO task whose agent-view camera is moved around.

    Args:
        suite: One of `spatune.envs.libero_suites.SUITES`.
        task_id: Task in the suite.

    Raises:
        SpatuneError: Unknown suite or task, or no GL backend.
    """

    def __init__(self, suite: str, task_id: int) -> None:
        self._env = LiberoEnv(suite, task_id, render_every=0)
        self._sim = self._env.sim
        self._model: Any = self._sim.model

    @cached_property
    def things(self) -> tuple[str, ...]:
        """Movable objects, then fixtures."""
        return (*self._env.privileged.objects, *self._env.privileged.fixtures)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that `OrbitView.owners` indexes: nothing, `things`, robot parts, surroundings."""
        return self._owners[0]

    def place(self, init_index: int) -> None:
        """Put an evaluation init state in place; fixtures stand where seed 0 puts them.

        Raises:
            SpatuneError: An init index that the task does not have.
        """
        self._env.reset_scene(0, init_index=init_index)

    def reach(self, every: int) -> list[np.ndarray]:
        """The scripted expert reaches for its object, until anything but the robot moves.

        A thing has moved when a corner of what is drawn of it is more than `STILL` away from where
        it was at the start.

        Args:
            every: Keep every such control step (0.05 s), from the start on.

        Returns:
            States that `put` takes; in all of them things stand as they do at the start.

        Raises:
            SpatuneError: The goal of the task needs a skill that the expert lacks.
        """
        before, states = self._corners(), [self._sim.sampled_state()]
        steps = islice(LiberoExpert(self._env.privileged).actions(), self._env.max_steps)
        for number, action in enumerate(steps, start=1):
            self._sim.step(action)
            if np.linalg.norm(self._corners() - before, axis=-1).max() > STILL:
                break
            if number % every == 0:
                states.append(self._sim.sampled_state())
        return states

    def put(self, state: np.ndarray) -> None:
        """Put a state of `reach` in place."""
        self._sim.set_state(state)

    def wrist(self) -> CameraMatrices:
        """Where the wrist's camera is, as LIBERO mounts it; it looks along the hand."""
        return self._env.privileged.camera(_WRIST, 1, 1)

    def box(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The box around what is drawn of a thing, along the axes of its body.

        Returns:
            Centre (3,) and lengths (3,) in metres, and rotation (3, 3) whose columns are its axes.
        """
        rotation = self._env.privileged.rotation(name)
        local = np.concatenate([self._points(geom) for geom in self._drawn[name]]) @ rotation
        low, high = local.min(axis=0), local.max(axis=0)
        return rotation @ ((low + high) / 2), high - low, rotation

    def view(
        self, position: np.ndarray, target: np.ndarray, fov: float, height: int, width: int
    ) -> OrbitView:
        """Draw what is seen from `position` towards `target`, both (3,) in metres.

        Args:
            position: The camera.
            target: What it looks at; not straight above or below it.
            fov: Vertical field of view, degrees.
            height: Pixels.
            width: Pixels.
        """
        forward = (target - position) / np.linalg.norm(target - position)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward], axis=1)
        camera = self._model.camera(_CAMERA).id
        # MuJoCo's cameras look along their own -z, with y up.
        turn = np.zeros(4)
        mujoco.mju_mat2Quat(turn, (rotation * np.array([1.0, -1.0, -1.0])).ravel())
        self._model.cam_pos[camera] = position
        self._model.cam_quat[camera] = turn
        self._model.cam_fovy[camera] = fov
        # Images show the sampled state, which takes the camera's pose along.
        self._sim.set_state(self._sim.state())
        geoms = self._sim.render_geoms(_CAMERA, height, width)
        return OrbitView(
            rotation,
            self._sim.render(_CAMERA, height, width),
            self._sim.render_depth(_CAMERA, height, width),
            np.where(geoms >= 0, self._owners[1][geoms], 0).astype(np.int32),
        )

    def close(self) -> None:
        """Free the simulator; calling it again does nothing."""
        self._env.close()

    @cached_property
    def _instances(self) -> dict[str, list[int]]:
        """Geoms by name of object, fixture or robot part."""
        found = self._sim.core.model.instances_to_ids
        return {
            name: sorted(ids["geom"] if isinstance(ids, dict) else ids)
            for name, ids in found.items()
        }

    @cached_property
    def _drawn(self) -> dict[str, list[int]]:
        group = self._model.geom_group
        return {
            name: [geom for geom in self._instances[name] if group[geom] == _DRAWN_GROUP]
            for name in self.things
        }

    @cached_property
    def _owners(self) -> tuple[tuple[str, ...], np.ndarray]:
        """Names, and the index among them of each geom's owner."""
        known = [*self.things, *(name for name in self._instances if name not in self.things)]
        names = ["", *known]
        table = np.zeros(self._model.ngeom, np.int32)
        for geom in range(self._model.ngeom):
            name = self._surroundings_name(geom)
            if name not in names:
                names.append(name)
            table[geom] = names.index(name)
        for number, name in enumerate(known, start=1):
            table[self._instances[name]] = number
        return tuple(names), table

    def _surroundings_name(self, geom: int) -> str:
        """Name of what belongs to no instance, such as `wall_left_visual (surroundings)`."""
        body = self._model.body(self._model.geom_bodyid[geom]).name
        name = self._model.geom(geom).name if body == "world" else body
        return f"{name or 'scenery'} (surroundings)"

    def _corners(self) -> np.ndarray:
        """Corners (geoms, 8, 3) of the boxes around each geom that is drawn of a thing."""
        geoms = [geom for name in self.things for geom in self._drawn[name]]
        boxes = self._model.geom_aabb[geoms]
        local = boxes[:, None, :3] + _SIGNS * boxes[:, None, 3:]
        turns = self._sim.data.geom_xmat[geoms].reshape(-1, 3, 3)
        return local @ turns.transpose(0, 2, 1) + self._sim.data.geom_xpos[geoms][:, None]

    def _points(self, geom: int) -> np.ndarray:
        """All vertices (N, 3) of a geom in the world frame."""
        local = geom_surface_points(self._model, geom, limit=self._model.nmeshvert)
        turn = self._sim.data.geom_xmat[geom].reshape(3, 3)
        return local @ turn.T + self._sim.data.geom_xpos[geom]
