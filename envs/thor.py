"""Navigation in AI2-THOR's worlds as Gymnasium environments: `ThorEnv`."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any, ClassVar, get_args

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from ..errors import SpatuneError
from .houses.assets import Split
from .houses.house import GroundPoint, House
from .houses.library import house_names, house_sha256_of, load_house
from .houses.polygon import contains
from .houses.write import house_json
from .navigation.episode import NavEpisode
from .navigation.guide import NavController, NavGuide
from .navigation.library import stored_episodes
from .navigation.reset_options import ResetOptions
from .navigation.sampling import sample_episode
from .navigation.spaces import action_number, observation_space, state_vector
from .navigation.task import (
    DEPTH_KEY,
    DONE,
    FIELD_OF_VIEW,
    GOAL_METRES,
    IMAGE_KEY,
    MAX_STEPS,
    NAV_ACTIONS,
    NAV_TASKS,
    STEP_METRES,
    TURN_DEGREES,
    VISIBILITY_METRES,
    NavTask,
    nav_env_spec,
)
from .thor_backends.backend import Backend, make_controller
from .thor_backends.controller import ThorController

SPLITS = get_args(Split)


class ThorEnv(gym.Env[dict[str, Any], Any]):
    """ObjectNav, PointNav or RoomVisit in houses, by RoboTHOR's rules.

    Observation (LeRobot's keys):
        - `observation.images.image`: uint8 (H, W, 3), the agent's camera.
        - `observation.depth.image`: float32 (H, W), metres, with `depth=True` only.
        - `observation.state`: float32 (5,), see `spatune.envs.navigation.task.STATE_LAYOUT`.
        - `task`: the task in words, for example "find an apple".

    Action: a number of `NAV_ACTIONS`: MoveAhead (0.25 m), RotateLeft, RotateRight, LookUp,
    LookDown (30 degrees), Done.

    Done ends the episode. ObjectNav succeeds if an object of the type is then visible within 1 m;
    PointNav if the goal is at most 0.2 m away along the way; RoomVisit if the agent has been in
    every room. Reward is 1.0 for success, else 0.0; 500 steps truncate.

    `info` has `success`, `steps`, `collisions` and `path_length` (m) at every step. When the
    episode is over it also has `distance_to_goal`, `start_distance`, `optimal_length` (m) and
    `optimal_steps`, None where they are unknown: the ingredients of SPL, SoftSPL and SEL.

    Images are drawn on demand, as in `LiberoEnv`: `render_every=1` draws after every step, 0 never;
    `observe()` draws at any time. Which frames are drawn changes nothing else.

    Example:
        >>> import gymnasium, spatune.envs
        >>> env = gymnasium.make("spatune/ObjectNav-v0", split="test", backend="embedded")
        >>> observation, info = env.reset(seed=0)
        >>> observation["observation.images.image"].shape
        (224, 224, 3)
        >>> env.close()
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 5}

    def __init__(
        self,
        task: NavTask = "objectnav",
        *,
        split: Split = "train",
        houses: Sequence[str] | None = None,
        backend: Backend = "auto",
        image_size: int | tuple[int, int] = 224,
        depth: bool = False,
        max_steps: int = MAX_STEPS,
        render_every: int = 1,
        render_mode: str | None = "rgb_array",
    ) -> None:
        """Check the arguments; the simulator starts when it is first needed, by `reset`.

        Args:
            task: `objectnav`, `pointnav` or `roomvisit`.
            split: Houses and stored episodes: `train`, `val` or `test`.
            houses: Names of the houses to use; all of the split if None.
            backend: `embedded`, `unity`, or `auto`, which takes Unity where it can run.
            image_size: Pixels, one number or (height, width).
            depth: Whether observations have depth.
            max_steps: Actions after which an episode is truncated.
            render_every: See the class.
            render_mode: Only `rgb_array`: `render()` returns the camera's image.

        Raises:
            SpatuneError: Unknown task, split or house, or a number out of range.
        """
        if task not in NAV_TASKS:
            raise SpatuneError(f"unknown task {task!r}; tasks are: {', '.join(NAV_TASKS)}")
        if split not in SPLITS:
            raise SpatuneError(f"unknown split {split!r}; splits are: {', '.join(SPLITS)}")
        if render_every < 0:
            raise SpatuneError(f"render_every is {render_every}; use 0 (never), 1, 2, ...")
        if max_steps < 1:
            raise SpatuneError(f"max_steps is {max_steps}; use 1, 2, ...")
        known = house_names(split)
        self.houses = tuple(houses) if houses is not None else known
        unknown = [name for name in self.houses if name not in known]
        if unknown or not self.houses:
            raise SpatuneError(
                f"no house {unknown[0]!r} in split {split!r}; it has: {', '.join(known)}"
                if unknown
                else f"no houses: split {split!r} has: {', '.join(known)}"
            )
        self.task: NavTask = task
        self.split: Split = split
        self.max_steps = max_steps
        self.render_every = render_every
        self.render_mode = render_mode
        self.env_spec = nav_env_spec(image_size)
        camera = self.env_spec.cameras[0]
        self._depth = depth
        self._backend: Backend = backend
        self._controller: NavController | None = None
        self.images: dict[str, np.ndarray] = {}
        """Last images drawn, by observation key."""
        self.observation_space = observation_space(camera.height, camera.width, depth=depth)
        self.action_space = spaces.Discrete(len(NAV_ACTIONS))
        self.episode: NavEpisode | None = None
        """The episode that is played."""
        self.house: House | None = None
        """The house of the episode."""
        self._entered = ""
        self._over = True

    @property
    def controller(self) -> NavController:
        """What drives the simulator; started when it is first asked for."""
        if self._controller is None:
            self.enter(self.houses[0])
        assert self._controller is not None, "entering a house starts it"
        return self._controller

    @property
    def guide(self) -> NavGuide:
        """Distances in the house."""
        return NavGuide(self.controller)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the draw of house and episode. None goes on with `np_random`.
            options: `{"house": name}` chooses the house, `{"init_index": i}` the stored episode i
                of that house, `{"episode": NavEpisode}` any episode. With none of them a house is
                drawn, and in it a new episode for split `train`, else a stored one.

        Raises:
            SpatuneError: Unknown option, house or episode, a target that the house does not have,
                a start where no agent can stand, or the backend cannot run here.
        """
        super().reset(seed=seed)
        self._over = True
        asked = ResetOptions.read(options)
        episode = asked.episode
        if episode is None:
            house = asked.house
            if house is None:
                house = self.houses[int(self.np_random.integers(len(self.houses)))]
            episode = self._choose(house, asked.index)
        self._begin(episode)
        return self.observe(), self._info(False)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Carry out one action.

        Raises:
            SpatuneError: No such action, or the episode is over.
        """
        if self._over:
            raise SpatuneError("call reset() before step()")
        number = action_number(action)
        self._steps += 1
        fresh = self.render_every > 0 and self._steps % self.render_every == 0
        if number == DONE:
            success = self._succeeds()
            if fresh:
                self.draw()
            self._over = True
            return self._observation(), float(success), True, False, self._end(success)
        event = self.controller.step(action=NAV_ACTIONS[number], renderImage=fresh)
        if fresh:
            self._keep_images(event)
        self._note_move(event, moved=NAV_ACTIONS[number] == "MoveAhead")
        truncated = self._over = self._steps >= self.max_steps
        info = self._end(False) if truncated else self._info(False)
        return self._observation(), 0.0, False, truncated, info

    def observe(self) -> dict[str, Any]:
        """The current observation with images drawn now."""
        self.draw()
        return self._observation()

    def draw(self) -> None:
        """Render the agent's camera now, into `images`."""
        self._keep_images(self.controller.step(action="Pass"))

    def render(self) -> np.ndarray:
        """The agent's camera now, uint8 (H, W, 3)."""
        self.draw()
        return self.images[IMAGE_KEY]

    def state_digest(self) -> str:
        """sha256 of the episode and of the agent's pose."""
        pose = struct.pack("<4d", *self.place, self._yaw, self._horizon)
        return hashlib.sha256(repr(self.episode).encode() + pose).hexdigest()

    def close(self) -> None:
        """Stop the simulator; calling it again does nothing."""
        self._over = True
        self._entered = ""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def _choose(self, house: str, index: int | None) -> NavEpisode:
        if house not in self.houses:
            raise SpatuneError(f"no house {house!r} here; houses are: {', '.join(self.houses)}")
        if index is None and self.split == "train":
            self.enter(house)
            self._go_home()
            sha256 = house_sha256_of(house)
            return sample_episode(self.guide, self.task, house, sha256, self.np_random)
        episodes = stored_episodes(self.task, self.split).get(house, ())
        if index is None:
            index = int(self.np_random.integers(len(episodes))) if episodes else 0
        if not 0 <= index < len(episodes):
            raise SpatuneError(
                f"{self.task} in house {house!r} has stored episodes 0..{len(episodes) - 1}, "
                f"not {index}"
            )
        return episodes[index]

    def _begin(self, episode: NavEpisode) -> None:
        if episode.task != self.task:
            raise SpatuneError(f"a {episode.task} episode cannot be played as {self.task}")
        if episode.house_sha256 != house_sha256_of(episode.house):
            raise SpatuneError(
                f"the episode was made for another version of house {episode.house!r}: "
                "its content hash differs"
            )
        self.enter(episode.house)
        if episode.target and episode.target not in self.guide.object_types():
            raise SpatuneError(f"house {episode.house!r} has no {episode.target}")
        height = self.controller.last_event.metadata["agent"]["position"]["y"]
        event = self.controller.step(
            action="TeleportFull",
            position={"x": episode.start[0], "y": height, "z": episode.start[1]},
            rotation={"x": 0.0, "y": episode.yaw, "z": 0.0},
            horizon=episode.horizon,
            standing=True,
            renderImage=False,
        )
        if not event.metadata["lastActionSuccess"]:
            raise SpatuneError(
                f"the episode cannot start in house {episode.house!r}: "
                f"{event.metadata['errorMessage']}"
            )
        self.episode = episode
        self._steps = self._collisions = 0
        self._path_length, self._blocked = 0.0, False
        self._over = False
        self._note_pose(event)
        self.path: list[GroundPoint] = [self.place]
        self.rooms: set[str | None] = {self._room()}

    def enter(self, name: str) -> None:
        """Go into a house, unless the agent is in it: navigation leaves houses as they are."""
        if self._entered == name:
            return
        self._entered = ""
        started = self._controller is None
        if self._controller is None:
            self._controller = self._start(name)
        event = self._controller.last_event
        # What `auto` stands for, and so the form of a scene, is known from the start on only.
        if not started or self._backend == "auto":
            event = self._controller.reset(scene=self._scene(name))
        if not event.metadata["lastActionSuccess"]:
            raise SpatuneError(f"house {name!r}: {event.metadata['errorMessage']}")
        self.house, self._entered, self._home = load_house(name), name, event.metadata["agent"]
        self.guide.hide_objects()

    def _start(self, house: str) -> NavController:
        camera = self.env_spec.cameras[0]
        return make_controller(
            self._backend,
            scene=self._scene(house),
            width=camera.width,
            height=camera.height,
            gridSize=STEP_METRES,
            rotateStepDegrees=TURN_DEGREES,
            visibilityDistance=VISIBILITY_METRES,
            fieldOfView=FIELD_OF_VIEW,
            snapToGrid=False,
            renderDepthImage=self._depth,
        )

    def _go_home(self) -> None:
        """Back to where the agent entered the house: places to draw from lie around the agent."""
        self.controller.step(
            action="TeleportFull",
            position=self._home["position"],
            rotation=self._home["rotation"],
            horizon=self._home["cameraHorizon"],
            standing=True,
            forceAction=True,
            renderImage=False,
        )

    def _scene(self, name: str) -> Any:
        """What the backend takes for a house: its name, or its JSON for Unity."""
        embedded = isinstance(self._controller, ThorController) or self._backend == "embedded"
        return name if embedded else house_json(load_house(name))

    def _succeeds(self) -> bool:
        assert self.episode is not None, "an episode is played"
        if self.task == "objectnav":
            return self.guide.sees(self.episode.target)
        if self.task == "pointnav":
            distance = self.guide.distance(self.episode, self.place)
            return distance is not None and distance <= GOAL_METRES
        assert self.house is not None, "an episode is played"
        return self.rooms >= {room.id for room in self.house.rooms}

    def _note_pose(self, event: Any) -> None:
        agent = event.metadata["agent"]
        self.place: GroundPoint = (agent["position"]["x"], agent["position"]["z"])
        self._yaw = agent["rotation"]["y"]
        self._horizon = agent["cameraHorizon"]

    def _note_move(self, event: Any, *, moved: bool) -> None:
        before = self.place
        self._note_pose(event)
        self._path_length += float(np.hypot(*np.subtract(self.place, before)))
        self._blocked = moved and not event.metadata["lastActionSuccess"]
        self._collisions += self._blocked
        if self.place != before:
            self.path.append(self.place)
            self.rooms.add(self._room())

    def _room(self) -> str | None:
        assert self.house is not None, "an episode is played"
        inside = (room.id for room in self.house.rooms if contains(room.floor, self.place))
        return next(inside, None)

    def _keep_images(self, event: Any) -> None:
        self.images[IMAGE_KEY] = np.ascontiguousarray(event.frame)
        if self._depth:
            self.images[DEPTH_KEY] = np.ascontiguousarray(event.depth_frame)

    def _observation(self) -> dict[str, Any]:
        assert self.episode is not None, "an episode is played"
        return {
            **self.images,
            "observation.state": state_vector(
                self.place, self._yaw, self._horizon, self.episode.goal, blocked=self._blocked
            ),
            "task": self.episode.instruction,
        }

    def _info(self, success: bool) -> dict[str, Any]:
        return {
            "success": success,
            "steps": self._steps,
            "collisions": self._collisions,
            "path_length": self._path_length,
        }

    def _end(self, success: bool) -> dict[str, Any]:
        assert self.episode is not None, "an episode is played"
        distance: float | None = None
        if self.task == "objectnav" and success:
            distance = 0.0
        elif self.task != "roomvisit":
            distance = self.guide.distance(self.episode, self.place)
        return {
            **self._info(success),
            "distance_to_goal": distance,
            "start_distance": self.episode.start_distance,
            "optimal_length": self.episode.start_distance,
            "optimal_steps": self.episode.optimal_steps,
        }
