"""`HouseWalker`: walks through an embedded house, drawn and annotated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...envs.embedded.settings import Settings
from ...envs.embedded.visibility import seen
from ...envs.embedded.world import AGENT_HEIGHT, CAMERA_ABOVE_AGENT, World
from ...envs.houses.house import House
from ...envs.houses.renderer import Camera, HouseRenderer
from ..scenes.house_scene import house_scene
from ..scenes.pinhole import Pinhole
from ..scenes.trajectory import Frame, Labels, Sighting, Trajectory, sampled_places
from .walk_plans import WalkPlans
from .walkthrough import WalkPose

FRAMES_A_SECOND = 10.0
VISIBLE_METRES = 1.5


@dataclass(frozen=True)
class WalkCamera:
    """The camera that is carried through a house.

    Attributes:
        width: Pixels.
        height: Pixels.
        fov: Vertical field of view, degrees (SIMS-V: 59).
        horizon: Degrees that it looks down. No public source says it of SIMS-V; from 1.58 m a
            camera that looks straight ahead misses what stands on the floor nearby.
    """

    width: int = 224
    height: int = 224
    fov: float = 59.0
    horizon: float = 15.0


class HouseWalker:
    """Makes trajectories in one house; each follows from the seed, the house and its number alone.

    Args:
        house: The house.
        name: Its name.
        camera: The camera.

    Attributes:
        scene: The house as questions see it.

    Raises:
        SpatuneError: A room cannot be reached, or OpenGL does not answer.
    """

    def __init__(self, house: House, name: str, camera: WalkCamera | None = None) -> None:
        self._camera = camera or WalkCamera()
        self._world = World(house, Settings())
        self._plans = WalkPlans(house, name, self._world)
        self.scene = house_scene(house, name, self._plans.walkable)
        numbers = {number: name for name, number in self._world.numbers.items()}
        self._names = tuple(
            numbers.get(number, owner) for number, owner in enumerate(self._world.model.owners)
        )
        self._places = {
            number: self.scene.by_id[name]
            for number, name in numbers.items()
            if name in self.scene.by_id
        }
        self._renderer = HouseRenderer(self._world.model, self._camera.width, self._camera.height)

    def plan(self, number: int, seed: int) -> list[WalkPose]:
        """Poses of a walk; see `WalkPlanner.plan`."""
        return self._plans.plan(number, seed)

    def walk(self, number: int, seed: int, frames: int | None = None) -> Trajectory:
        """A trajectory with images and labels in memory.

        Args:
            number: Which of the house's walks.
            seed: Base seed.
            frames: Draw at most this many of its frames, spread evenly; None for all. The others
                are neither drawn nor annotated.
        """
        poses = self.plan(number, seed)
        places = sampled_places(len(poses), frames or len(poses))
        return Trajectory(
            f"walk-{number:04d}", self.scene, tuple(self.frame(poses[p], p) for p in places)
        )

    def frame(self, pose: WalkPose, index: int = 0) -> Frame:
        """What the camera sees from a pose."""
        settings = self._camera
        eye = (pose.x, AGENT_HEIGHT + CAMERA_ABOVE_AGENT, pose.z)
        rotation = (settings.horizon, pose.yaw, 0.0)
        images = self._renderer.render(Camera(eye, rotation, settings.fov), depth=True, owners=True)
        assert images.depth is not None and images.owners is not None, "both were asked for"
        near = seen(images, settings.fov, settings.horizon, VISIBLE_METRES)
        counts = np.bincount(images.owners.ravel())
        sightings = {}
        for number in np.flatnonzero(counts):
            thing = self._places.get(int(number))
            if thing is not None:
                pixels = int(counts[number])
                sightings[thing.id] = Sighting(
                    pixels,
                    pixels / images.owners.size,
                    float(np.linalg.norm(thing.box.center - np.array(eye))),
                    bool(number < len(near) and near[number]),
                )
        return Frame(
            index=index,
            time=index / FRAMES_A_SECOND,
            camera=Pinhole.looking(eye, rotation, settings.fov, settings.width, settings.height),
            sightings=sightings,
            agent=(pose.x, AGENT_HEIGHT, pose.z),
            labels=Labels(images.depth, images.owners, self._names),
            image=images.rgb,
        )

    def close(self) -> None:
        """Free the renderer; calling it again does nothing."""
        self._renderer.close()

    def __enter__(self) -> HouseWalker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
