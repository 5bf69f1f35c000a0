"""The LIBERO simulator made exact: seeded resets, single-pass physics, cameras on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ..errors import SpatuneError
from .libero_suites import import_libero
from .mujoco_api import mujoco
from .render_context import free_render_context
from .sample_clock import SampleClock
from .view_culling import ViewCulling

GRIPPER_SITE = "gripper0_grip_site"
_HIDDEN_GROUP = 5
_POSE = ("pos", "quat", "axisangle", "euler", "xyaxes", "zaxis")


class LiberoSim:
    """One LIBERO scene: robosuite's dynamics bit for bit, without its overhead.

    What differs from stepping robosuite's own environment, and why the results do not:

    - *Physics in one pass.* robosuite calls `mj_forward` twice before each `mj_step`. Here each
      substep runs `mj_step1`, the controller, `mj_step2`, which evaluates the same functions on the
      same state once.
    - *Cameras on demand.* robosuite samples every sensor at one substep of a control period, which
      `SampleClock` finds. At that substep the state is copied (about 50 microseconds);
      `render` draws from the copy whenever somebody asks, so images that nobody asks for cost
      nothing. Geoms out of the camera's view are not sent to the renderer. Images equal
      robosuite's pixel for pixel.
    - *Soft resets.* `reset` keeps the compiled model, restores fixture poses that the last episode
      moved, and clears the gripper command that robosuite leaves set. The result equals the first
      reset of a freshly built stock environment with the same seed.

    Attributes:
        core: robosuite's environment (problem class of the bddl file).
        model: Compiled `mujoco.MjModel`.
        data: Live `mujoco.MjData`.
    """

    def __init__(self, bddl_path: Path, *, cameras: bool = True) -> None:
        """Build the scene.

        Args:
            bddl_path: Problem description.
            cameras: Whether `render` will be used. Without, memory is about 1 GB lower.
        """
        import_libero()
        from libero.libero.envs.env_wrapper import ControlEnv

        with _kept_numpy_rng():
            np.random.seed(0)
            self._env = ControlEnv(
                bddl_file_name=str(bddl_path),
                has_offscreen_renderer=cameras,
                use_camera_obs=False,
                hard_reset=False,
                ignore_done=True,
            )
        self.core: Any = self._env.env
        self.model: Any = self.core.sim.model._model
        self.data: Any = self.core.sim.data._data
        self._cameras = cameras
        self._closed = False
        # A stock environment loads its model twice before the first episode (constructor, hard
        # reset) and each load appends its drawer and knob samplers, so each draws twice.
        self.core.object_property_initializers *= 2
        # The constructor has placed the fixtures already: the poses before that are in the XML.
        self._fixture_poses = dict(self._xml_fixture_poses())
        self._substeps = int(self.core.control_timestep / self.core.model_timestep)
        self._clock = SampleClock(1.0 / self.core.control_freq, self.core.model_timestep)
        self._sampled = mujoco.MjData(self.model)
        self._culling = ViewCulling(self.model)
        self._sampled_site_rgba = self.model.site_rgba.copy()
        self._camera_ids = {self.model.camera(i).name: i for i in range(self.model.ncam)}
        self._site = self.model.site(GRIPPER_SITE).id
        self._hand = self.model.body(self.core.robots[0].robot_model.eef_name).id
        self._fingers = [
            self.model.joint(name).qposadr[0] for name in self.core.robots[0].gripper.joints
        ]

    @property
    def camera_names(self) -> tuple[str, ...]:
        """Names that `render` accepts."""
        return tuple(self._camera_ids)

    def reset(self, seed: int) -> None:
        """Sample a scene (fixtures and objects) from `seed` alone, whatever ran before."""
        self._restore_xml_fixture_poses()
        mujoco.mj_forward(self.model, self.data)
        with _kept_numpy_rng():
            np.random.seed(seed)
            self._env.reset()
        gripper = self.core.robots[0].gripper
        gripper.current_action = np.zeros_like(gripper.current_action)
        self._clock.reset()
        self._clock.tick(force=True)
        self._sample()

    def set_state(self, state: np.ndarray) -> None:
        """Put a flattened state (time, qpos, qvel) in place, as LIBERO's `set_init_state`."""
        expected = 1 + self.model.nq + self.model.nv
        if state.shape != (expected,):
            raise SpatuneError(f"state has shape {state.shape}, this scene needs ({expected},)")
        self.core.sim.set_state_from_flattened(state)
        mujoco.mj_forward(self.model, self.data)
        self.core._check_success()
        self.core._post_process()
        self._clock.tick(force=True)
        self._sample()

    def state(self) -> np.ndarray:
        """Flattened MuJoCo state (time, qpos, qvel), float64."""
        return np.concatenate([[self.data.time], self.data.qpos, self.data.qvel])

    def sampled_state(self) -> np.ndarray:
        """Flattened state at the moment that images and proprioception show, float64."""
        sampled = self._sampled
        return np.concatenate([[sampled.time], sampled.qpos, sampled.qvel])

    def state_digest(self) -> str:
        """sha256 of the dynamic state and of the fixture poses, which `state` leaves out."""
        digest = hashlib.sha256(self.state().tobytes())
        for body in self._fixture_poses:
            digest.update(self.model.body_pos[body].tobytes())
            digest.update(self.model.body_quat[body].tobytes())
        return digest.hexdigest()

    def step(self, action: np.ndarray) -> bool:
        """Advance one control period (25 substeps of 2 ms).

        Args:
            action: float64 (7,), OSC_POSE deltas and gripper in [-1, 1].

        Returns:
            Whether the goal predicates hold now.
        """
        core, sim = self.core, self.core.sim
        core.timestep += 1
        policy_step = True
        with _forward_already_done(sim):
            for _ in range(self._substeps):
                mujoco.mj_step1(self.model, self.data)
                core._pre_action(action, policy_step)
                mujoco.mj_step2(self.model, self.data)
                if self._clock.tick():
                    self._sample()
                policy_step = False
        core.cur_time += core.control_timestep
        core._post_process()
        return bool(core._check_success())

    def success(self) -> bool:
        """Whether the goal predicates hold now."""
        return bool(self.core._check_success())

    def proprioception(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sampled gripper position (m, world), hand quaternion (xyzw), finger positions (m)."""
        quaternion = self._sampled.xquat[self._hand]
        return (
            self._sampled.site_xpos[self._site].copy(),
            quaternion[[1, 2, 3, 0]].copy(),
            self._sampled.qpos[self._fingers].copy(),
        )

    def render(self, camera: str, height: int, width: int) -> np.ndarray:
        """Image of the sampled state, uint8 (height, width, 3), row 0 on top."""
        return self._draw(camera, height, width, depth=False, segmentation=False)[0]

    def render_depth(self, camera: str, height: int, width: int) -> np.ndarray:
        """Metric distance along the optical axis, float32 (height, width), m, row 0 on top."""
        depth = self._draw(camera, height, width, depth=True, segmentation=False)[1]
        extent = self.model.stat.extent
        near, far = self.model.vis.map.znear * extent, self.model.vis.map.zfar * extent
        return near / (1.0 - depth * (1.0 - near / far))

    def render_geoms(self, camera: str, height: int, width: int) -> np.ndarray:
        """Geom id of each pixel (-1 where none), int32 (height, width), row 0 on top."""
        return self._draw(camera, height, width, depth=False, segmentation=True)[0]

    def camera_pose(self, camera: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Sampled position (m, world), rotation (right, up, backward), vertical FoV (rad)."""
        index = self._camera_id(camera)
        return (
            self._sampled.cam_xpos[index].copy(),
            self._sampled.cam_xmat[index].reshape(3, 3).copy(),
            float(np.deg2rad(self.model.cam_fovy[index])),
        )

    def upload_texture(self, texture: int) -> None:
        """Send a texture whose pixels in `model.tex_data` were changed to the renderer."""
        if self._cameras:
            context = self.core.sim._render_context_offscreen
            context.gl_ctx.make_current()
            mujoco.mjr_uploadTexture(self.model, context.con, texture)

    def close(self) -> None:
        """Free the scene and its GL context; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        context = self.core.sim._render_context_offscreen
        if context is not None:
            free_render_context(context)
        self._env.close()

    def _fixture_bodies(self) -> Iterator[int]:
        for fixture in self.core.fixtures_dict.values():
            body = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, fixture.root_body)
            if body >= 0:
                yield body

    def _xml_fixture_poses(self) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
        """Fixture bodies with the poses that the XML gives them, without compiling its meshes."""
        scene = ElementTree.fromstring(self.core.model.get_xml())
        by_name = {body.get("name"): body for body in scene.iter("body")}
        for body in self._fixture_bodies():
            bare = {k: v for k, v in by_name[self.model.body(body).name].items() if k in _POSE}
            skeleton = ElementTree.Element("mujoco")
            skeleton.extend(scene.findall("compiler"))
            ElementTree.SubElement(ElementTree.SubElement(skeleton, "worldbody"), "body", bare)
            alone = mujoco.MjModel.from_xml_string(ElementTree.tostring(skeleton, "unicode"))
            yield body, (alone.body_pos[1].copy(), alone.body_quat[1].copy())

    def _restore_xml_fixture_poses(self) -> None:
        for body, (position, quaternion) in self._fixture_poses.items():
            self.model.body_pos[body] = position
            self.model.body_quat[body] = quaternion

    def _sample(self) -> None:
        mujoco.mj_copyData(self._sampled, self.model, self.data)
        self._sampled_site_rgba[:] = self.model.site_rgba

    def _camera_id(self, camera: str) -> int:
        if camera not in self._camera_ids:
            raise SpatuneError(
                f"no camera {camera!r} in this scene; it has: {', '.join(self._camera_ids)}"
            )
        return self._camera_ids[camera]

    def _draw(
        self, camera: str, height: int, width: int, *, depth: bool, segmentation: bool
    ) -> tuple[np.ndarray, Any]:
        index = self._camera_id(camera)
        if not self._cameras:
            raise SpatuneError("this simulator was built with cameras=False and cannot render")
        context = self.core.sim._render_context_offscreen
        context.gl_ctx.make_current()
        live_data, live_rgba = context.data, self.model.site_rgba.copy()
        groups = self.model.geom_group.copy()
        context.data = _SampledData(self._sampled)
        self.model.site_rgba[:] = self._sampled_site_rgba
        hidden = self._culling.hidden(self._sampled, index, width / height)
        self.model.geom_group[hidden] = _HIDDEN_GROUP
        try:
            context.render(width, height, camera_id=index, segmentation=segmentation)
            pixels = context.read_pixels(width, height, depth=depth, segmentation=segmentation)
        finally:
            context.data = live_data
            self.model.site_rgba[:] = live_rgba
            self.model.geom_group[:] = groups
        image, distance = pixels if depth else (pixels, None)
        if segmentation:
            is_geom = image[..., 0] == mujoco.mjtObj.mjOBJ_GEOM
            image = np.where(is_geom, image[..., 1], -1).astype(np.int32)
        return image[::-1].copy(), None if distance is None else distance[::-1].copy()


class _SampledData:
    """robosuite's render context reads `data._data`; this hands it the sampled copy."""

    def __init__(self, data: Any) -> None:
        self._data = data


@contextmanager
def _kept_numpy_rng() -> Iterator[None]:
    """LIBERO draws from numpy's global generator; leave the caller's stream untouched."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)


@contextmanager
def _forward_already_done(sim: Any) -> Iterator[None]:
    """robosuite's controller calls `sim.forward()` on a state that `mj_step1` just evaluated."""
    sim.forward = lambda: None
    try:
        yield
    finally:
        del sim.forward
