"""`Tabletop`: a camera around a LIBERO table or on the robot's wrist, drawn and annotated."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from ...envs.houses.frames import to_mujoco
from ...envs.libero_orbit import LiberoOrbit, OrbitView
from ..demo_scenes import in_words
from ..scenes.box import Box
from ..scenes.pinhole import Pinhole
from ..scenes.scene import Scene, SceneObject
from ..scenes.trajectory import Frame, Labels, Sighting, Trajectory, sampled_places
from ..seeds import generator_of

FRAMES_A_SECOND = 10.0
VISIBLE_METRES = 1.5

WRIST_FOV = 75.0
"""Vertical field of view of the camera on the wrist, degrees: LIBERO's."""

WRIST_TILT = 35.0
"""Degrees that the camera on the wrist is tilted ahead. LIBERO's looks straight down between the
fingers, where ahead, left and a turn mean nothing, and sees little else than the thing below."""

_CONTROL_STEPS = 2
"""Control steps (20 a second) from frame to frame."""

# From MuJoCo's axes (z up, right-handed) to the scene's (y up, left-handed), and back.
_flip = to_mujoco


@dataclass(frozen=True)
class OrbitConfig:
    """How the camera goes around the things on the table; ranges are (least, greatest).

    Attributes:
        fov: Vertical field of view, degrees.
        reach: Degrees to either side of the place opposite the robot that the camera may go;
            farther round the arm fills the picture.
        sweep: Degrees from the first frame to the last.
        radius: Metres from the middle of the things, seen from above.
        height: Metres above the middle of the things.
        aim: Greatest distance along each level axis of the point looked at from that middle,
            metres.
    """

    fov: float = 50.0
    reach: float = 125.0
    sweep: tuple[float, float] = (90.0, 240.0)
    radius: tuple[float, float] = (0.55, 0.85)
    height: tuple[float, float] = (0.3, 0.75)
    aim: float = 0.05


class Tabletop:
    """Makes trajectories in one LIBERO task; nothing in them moves but the camera and the robot.

    An orbit follows from seed, task, init index and number alone, a reach from task and init index.

    Args:
        suite: One of `spatune.envs.libero_suites.SUITES`.
        task_id: Task in the suite.
        config: How the camera goes.

    Raises:
        SpatuneError: Unknown suite or task, or no GL backend.
    """

    def __init__(self, suite: str, task_id: int, config: OrbitConfig | None = None) -> None:
        self._key = (suite, task_id)
        self._config = config or OrbitConfig()
        self._simulator = LiberoOrbit(suite, task_id)

    def orbit(
        self, init_index: int, number: int, *, frames: int, width: int, height: int, seed: int
    ) -> Trajectory:
        """A trajectory with images and labels in memory.

        Args:
            init_index: Evaluation init state of the task: where its objects are.
            number: Which of the orbits.
            frames: How many frames.
            width: Pixels.
            height: Pixels.
            seed: Base seed.

        Raises:
            SpatuneError: An init index that the task does not have.
        """
        scene = self._placed(init_index)
        suite, task_id = self._key
        text = json.dumps([seed, suite, task_id, init_index, number])
        rng = generator_of(f"orbit {text}")
        middle = np.mean([thing.box.center for thing in scene.objects], axis=0)
        positions, target = orbit_path(middle, frames, self._config, rng)
        fov = self._config.fov
        pictures = tuple(
            self._frame(index, scene, position, target, fov, width, height)
            for index, position in enumerate(positions)
        )
        return Trajectory(f"orbit-{number:04d}", scene, pictures)

    def reach(
        self, init_index: int, *, frames: int | None = None, width: int, height: int
    ) -> Trajectory:
        """What the wrist sees while the scripted expert reaches for its object.

        It ends before anything but the robot moves. The camera is where LIBERO's wrist camera is,
        tilted ahead by `WRIST_TILT` and held level; the robot is no object of the scene.

        Args:
            init_index: Evaluation init state of the task: where its objects are.
            frames: Draw at most this many frames, spread evenly; None for all, 10 a second.
            width: Pixels.
            height: Pixels.

        Raises:
            SpatuneError: An init index that the task does not have, or a task whose goal the
                expert cannot reach.
        """
        scene = self._placed(init_index)
        states = self._simulator.reach(_CONTROL_STEPS)
        pictures = []
        for place in sampled_places(len(states), frames or len(states)):
            self._simulator.put(states[place])
            position, ahead = self._wrist()
            pictures.append(
                self._frame(place, scene, position, position + ahead, WRIST_FOV, width, height)
            )
        return Trajectory(f"reach-{init_index:04d}", scene, tuple(pictures))

    def close(self) -> None:
        """Free the simulator; calling it again does nothing."""
        self._simulator.close()

    def __enter__(self) -> Tabletop:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _placed(self, init_index: int) -> Scene:
        """The scene of an init state, which is put in place."""
        self._simulator.place(init_index)
        suite, task_id = self._key
        objects = tuple(
            SceneObject(thing, in_words(thing), scene_box(*self._simulator.box(thing)))
            for thing in self._simulator.things
        )
        return Scene(f"{suite}-{task_id:02d}-{init_index:02d}", "libero", objects)

    def _wrist(self) -> tuple[np.ndarray, np.ndarray]:
        """Place (3,) of the camera on the wrist, metres, and direction (3,) in which it looks."""
        mount, tilt = self._simulator.wrist(), np.radians(WRIST_TILT)
        _, down, along = mount.rotation.T
        return _flip(mount.position), _flip(np.cos(tilt) * along - np.sin(tilt) * down)

    def _frame(
        self,
        index: int,
        scene: Scene,
        position: np.ndarray,
        target: np.ndarray,
        fov: float,
        width: int,
        height: int,
    ) -> Frame:
        view = self._simulator.view(_flip(position), _flip(target), fov, height, width)
        x, y, z = (float(value) for value in position)
        return Frame(
            index=index,
            time=index / FRAMES_A_SECOND,
            camera=Pinhole(position, _flip(view.rotation.T), fov, width, height),
            sightings=self._sightings(scene, view, position),
            agent=(x, y, z),
            labels=Labels(view.depth, view.owners, self._simulator.names),
            image=view.rgb,
        )

    def _sightings(self, scene: Scene, view: OrbitView, eye: np.ndarray) -> dict[str, Sighting]:
        counts = np.bincount(view.owners.ravel(), minlength=len(self._simulator.names))
        sightings = {}
        for number, name in enumerate(self._simulator.names):
            if name in scene.by_id and counts[number]:
                pixels = int(counts[number])
                distance = float(np.linalg.norm(scene.by_id[name].box.center - eye))
                share = pixels / view.owners.size
                sightings[name] = Sighting(pixels, share, distance, distance <= VISIBLE_METRES)
        return sightings


def orbit_path(
    middle: np.ndarray, frames: int, config: OrbitConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where the camera is in each frame (frames, 3) and what it looks at (3,), metres.

    LIBERO's robots stand on the side of -x, so the arc lies around +x. Radius and height change
    evenly from the first frame to the last.

    Args:
        middle: Of the things, (3,) in the scene's frame.
        frames: How many.
        config: Ranges.
        rng: Decides everything.
    """
    sweep = rng.uniform(*config.sweep)
    start = rng.uniform(-config.reach, config.reach - sweep)
    angles = np.radians(np.linspace(start, start + sweep, frames))
    if rng.random() < 0.5:
        angles = angles[::-1]
    along = np.linspace(0.0, 1.0, frames)
    radius, height = (
        first + along * (last - first)
        for first, last in (rng.uniform(*config.radius, 2), rng.uniform(*config.height, 2))
    )
    offsets = np.stack([radius * np.cos(angles), height, radius * np.sin(angles)], axis=1)
    aim = rng.uniform(-config.aim, config.aim, 2)
    return middle + offsets, middle + np.array([aim[0], 0.0, aim[1]])


def scene_box(center: np.ndarray, lengths: np.ndarray, rotation: np.ndarray) -> Box:
    """A MuJoCo box in the scene's frame, its own axes named after the scene's nearest ones.

    Args:
        center: (3,), metres, in MuJoCo's world frame; so is `rotation`.
        lengths: (3,), metres.
        rotation: (3, 3); columns are the box's axes.
    """
    axes = _flip(rotation.T)
    up = int(np.argmax(np.abs(axes[:, 1])))
    first, second = (place for place in range(3) if place != up)
    if abs(axes[first, 2]) > abs(axes[second, 2]):
        first, second = second, first
    y, z = axes[up] * np.sign(axes[up, 1]), axes[second] * np.sign(axes[second, 2])
    return Box(_flip(center), np.stack([np.cross(y, z), y, z]), lengths[[first, up, second]])
