"""LIBERO and LIBERO-PRO tasks as Gymnasium environments: `LiberoEnv`."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from ..errors import SpatuneError
from .libero_perturbations.perturbation import NONE, Perturbation
from .libero_perturbations.scene import PerturbedScene
from .libero_privileged import LiberoPrivileged
from .libero_sim import LiberoSim
from .libero_spec import libero_env_spec
from .libero_suites import MAX_STEPS, base_suite, init_states, libero_task
from .spec import LIBERO_CAMERAS, EnvSpec, Orientation, StateFrame

REST_ACTION = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0])
"""Hold still with the gripper open: the no-op of LIBERO's protocols."""


class LiberoEnv(gym.Env[dict[str, Any], np.ndarray]):
    """One task of a LIBERO or LIBERO-PRO suite.

    Observation (LeRobot's keys):
        - `observation.images.image`: uint8 (H, W, 3), agent view.
        - `observation.images.image2`: uint8 (H, W, 3), wrist view.
        - `observation.state`: float32 (8,), end-effector position (m, in `state_frame`),
          axis-angle (rad, world), finger positions (m).
        - `task`: the instruction of the bddl file.

    Action: float32 (7,) in [-1, 1]: OSC_POSE deltas (1.0 is 0.05 m or 0.5 rad a step at 20 Hz) and
    the gripper, -1 open, +1 close.

    Reward is 1.0 in the step that reaches the goal, else 0.0; reaching it terminates, the step
    budget truncates. `info["success"]` tells which.

    Everything random in an episode derives from `reset(seed=...)` and the init index, fixture
    placement included, whatever ran before.

    Images are drawn on demand. `render_every=1` (default) draws after every step; `k` draws after
    every k-th; 0 never draws in `step`. In between, observations repeat the last images and
    `info["images_fresh"]` is False. `observe()` draws the current ones at any time. Which frames
    are drawn changes neither the simulation nor any pixel of the frames that are.

    Example:
        >>> import gymnasium, spatune.envs
        >>> env = gymnasium.make("spatune/Libero-v0", suite="libero_object", task_id=0)
        >>> observation, info = env.reset(seed=0, options={"init_index": 3})
        >>> observation["observation.images.image"].shape
        (128, 128, 3)
        >>> env.close()
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(
        self,
        suite: str = "libero_spatial",
        task_id: int = 0,
        *,
        image_size: int | tuple[int, int] = 128,
        cameras: Mapping[str, str] = LIBERO_CAMERAS,
        orientation: Orientation = "upright",
        state_frame: StateFrame = "world",
        render_every: int = 1,
        max_steps: int | None = None,
        settle_steps: int = 10,
        render_mode: str | None = "rgb_array",
    ) -> None:
        """Build the scene of one task.

        Args:
            suite: One of `spatune.envs.libero_suites.SUITES`.
            task_id: Task in the suite.
            image_size: Pixels, one number or (height, width).
            cameras: Observation key to simulator camera, in order; empty for no images (saves
                about 1 GB of memory).
            orientation: `upright` (true view) or `rot180` (OpenVLA's and LeRobot's convention,
                mirrored left to right).
            state_frame: Frame of the end-effector position: `world` (LIBERO's published data) or
                `base` (the robot's base, where positions agree between suites).
            render_every: See the class.
            max_steps: Step budget; the suite's own when None.
            settle_steps: No-op steps at the start of an episode, not counted in the budget.
            render_mode: Only `rgb_array`: `render()` returns the agent view.

        Raises:
            SpatuneError: Unknown suite, task, camera or orientation, or no GL backend.
        """
        if render_every < 0:
            raise SpatuneError(f"render_every is {render_every}; use 0 (never), 1, 2, ...")
        self.task = libero_task(suite, task_id)
        self.env_spec = libero_env_spec(image_size, cameras, orientation, state_frame)
        self.max_steps = MAX_STEPS[base_suite(suite)] if max_steps is None else max_steps
        self.render_every = render_every
        self.render_mode = render_mode
        self._settle_steps = settle_steps
        self._sim = LiberoSim(self.task.bddl_path, cameras=bool(cameras))
        missing = [name for name in cameras.values() if name not in self._sim.camera_names]
        if missing:
            self._sim.close()
            raise SpatuneError(
                f"no camera {missing[0]!r} in this scene; "
                f"it has: {', '.join(self._sim.camera_names)}"
            )
        self._scene = PerturbedScene(self._sim)
        self.observation_space = _observation_space(self.env_spec, self.task.instruction)
        self.action_space = spaces.Box(-1.0, 1.0, (7,), np.float32)
        self._origin = self.privileged.base_position if state_frame == "base" else np.zeros(3)
        self.images: dict[str, np.ndarray] = {}
        """Last images drawn, by observation key."""
        self._steps = 0
        self._ready = False

    @cached_property
    def privileged(self) -> LiberoPrivileged:
        """Poses, goals, cameras, segmentation and depth, for experts and data, not for policies."""
        return LiberoPrivileged(self._sim)

    @property
    def sim(self) -> LiberoSim:
        """The simulator below, for data generation (states in and out)."""
        return self._sim

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the scene (fixtures, sampled objects). None draws from `np_random`.
            options: `{"init_index": i}` puts evaluation init state i in place.
                `{"placement": "sampled", "joint_noise": 0.02}` keeps the objects where the seed
                put them and moves the arm's joints by Gaussian noise (rad), as is done for
                training data. With neither, an init state is drawn from the seed.
                `{"perturbation": "camera:1"}` changes the scene, for this episode only.

        Raises:
            SpatuneError: Unknown option or perturbation, or an init index that the task does not
                have.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        scene_seed = int(self.np_random.integers(2**31)) if seed is None else seed
        init_index = options.pop("init_index", None)
        placement = options.pop("placement", None)
        joint_noise = float(options.pop("joint_noise", 0.02))
        perturbation = str(options.pop("perturbation", NONE))
        if options:
            raise SpatuneError(
                f"unknown reset option {next(iter(options))!r}; "
                "use init_index, or placement='sampled' with joint_noise, and perturbation"
            )
        if placement not in (None, "sampled"):
            raise SpatuneError(f"placement {placement!r} is unknown; use 'sampled' or leave it out")
        if placement is None and init_index is None:
            init_index = int(self.np_random.integers(self.task.init_count))
        self.reset_scene(
            scene_seed, init_index=init_index, joint_noise=joint_noise, perturbation=perturbation
        )
        return self.observe(), self._info(self._sim.success(), fresh=True, init_index=init_index)

    def reset_scene(
        self,
        seed: int,
        *,
        init_index: int | None = None,
        joint_noise: float = 0.02,
        perturbation: str = NONE,
    ) -> None:
        """`reset` without drawing: for experts and data, which look at states, not images."""
        task, change = self.task, Perturbation.parse(perturbation)
        if change.kind and change.suite_of(base_suite(task.suite)) != task.suite:
            raise SpatuneError(
                f"perturbation {perturbation!r} is a suite of its own: "
                f"build LiberoEnv({change.suite_of(base_suite(task.suite))!r}, {task.task_id})"
            )
        state = None if init_index is None else self._init_state(init_index)
        self._scene.undo()
        self._sim.reset(seed)
        start = self._jittered_joints(seed, joint_noise) if state is None else state
        rng = change.generator(task.suite, task.task_id, init_index, seed)
        self._sim.set_state(self._scene.apply(change, start, rng))
        for _ in range(self._settle_steps):
            self._sim.step(REST_ACTION)
        self._steps = 0
        self._ready = True

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Advance one control step (0.05 s).

        Raises:
            SpatuneError: Action of a wrong shape, or not finite, or no `reset` before.
        """
        if not self._ready:
            raise SpatuneError("call reset() before step()")
        values = np.asarray(action, np.float64)
        if values.shape != (7,):
            raise SpatuneError(f"action has shape {values.shape}; LIBERO takes (7,)")
        if not np.isfinite(values).all():
            raise SpatuneError(
                f"action has a value that is not finite: {values.tolist()}; check the policy"
            )
        success = self._sim.step(np.clip(values, -1.0, 1.0))
        self._steps += 1
        fresh = self.render_every > 0 and self._steps % self.render_every == 0
        if fresh:
            self.draw()
        truncated = not success and self._steps >= self.max_steps
        info = self._info(success, fresh=fresh)
        return self._observation(), float(success), success, truncated, info

    def observe(self) -> dict[str, Any]:
        """The current observation with images drawn now."""
        self.draw()
        return self._observation()

    def draw(self) -> None:
        """Render every camera now, into `images`."""
        for camera in self.env_spec.cameras:
            image = self._sim.render(camera.name, camera.height, camera.width)
            if camera.orientation == "rot180":
                image = np.ascontiguousarray(image[:, ::-1])
            self.images[camera.key] = image

    def proprioception(self) -> np.ndarray:
        """`observation.state` now, float32 (8,)."""
        position, quaternion, fingers = self._sim.proprioception()
        parts = [position - self._origin, axis_angle(quaternion), fingers]
        return np.concatenate(parts).astype(np.float32)

    def state_digest(self) -> str:
        """sha256 of the simulator's state, fixture poses included."""
        return self._sim.state_digest()

    def render(self) -> np.ndarray:
        """Agent view of the current state, uint8 (H, W, 3), upright."""
        height, width = self._image_shape()
        return self._sim.render("agentview", height, width)

    def close(self) -> None:
        """Free the simulator and its GL context; calling it again does nothing."""
        self._ready = False
        self._sim.close()

    def _image_shape(self) -> tuple[int, int]:
        cameras = self.env_spec.cameras
        return (cameras[0].height, cameras[0].width) if cameras else (128, 128)

    def _init_state(self, index: int) -> np.ndarray:
        if not 0 <= index < self.task.init_count:
            raise SpatuneError(
                f"{self.task.suite} task {self.task.task_id} has init states "
                f"0..{self.task.init_count - 1}, not {index}"
            )
        return init_states(self.task.suite, self.task.task_id)[index]

    def _jittered_joints(self, seed: int, scale: float) -> np.ndarray:
        state = self._sim.state()
        noise = np.random.default_rng([seed, 7]).normal(size=7)
        state[1:8] += scale * noise
        return state

    def _observation(self) -> dict[str, Any]:
        return {
            **self.images,
            "observation.state": self.proprioception(),
            "task": self.task.instruction,
        }

    def _info(self, success: bool, *, fresh: bool, **extra: Any) -> dict[str, Any]:
        return {"success": success, "images_fresh": fresh, **extra}


def axis_angle(quaternion: np.ndarray) -> np.ndarray:
    """Axis times angle (rad) of a unit quaternion (xyzw), with the angle in [0, 2 pi).

    The hand hangs near a half turn about x, where a rotation vector with angles up to pi would
    jump to its antipode. The sign that the simulator gives the quaternion is kept, as robosuite
    and LIBERO's published data do, so the angle passes through pi without a jump.
    """
    w = float(np.clip(quaternion[3], -1.0, 1.0))
    sine = np.sqrt(1.0 - w * w)
    if sine < 1e-12:
        return np.zeros(3)
    return np.asarray(quaternion[:3]) * (2.0 * np.arccos(w) / sine)


def _observation_space(spec: EnvSpec, instruction: str) -> spaces.Dict:
    entries: dict[str, spaces.Space[Any]] = {
        camera.key: spaces.Box(0, 255, (camera.height, camera.width, 3), np.uint8)
        for camera in spec.cameras
    }
    entries["observation.state"] = spaces.Box(-np.inf, np.inf, (spec.state_dim,), np.float32)
    charset = string.ascii_letters + string.digits + string.punctuation + " "
    entries["task"] = spaces.Text(max(256, len(instruction)), charset=charset)
    return spaces.Dict(entries)
