"""`ThorWalker`: walks through a house behind AI2-THOR's controller, Unity's or the embedded one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...envs.embedded.settings import Settings
from ...envs.embedded.world import World
from ...envs.houses.house import House
from ...envs.houses.write import house_json
from ...envs.thor_backends.backend import Backend, make_controller
from ...errors import SpatuneError
from ..scenes.house_scene import house_scene
from ..scenes.trajectory import Trajectory, sampled_places
from .house_trajectory import WalkCamera
from .thor_walk import thor_scene, thor_walk
from .walk_plans import WalkPlans
from .walkthrough import STEP_METRES, TURN_DEGREES


class ThorWalker:
    """`HouseWalker` for any backend: the same walks, annotated from AI2-THOR's events.

    Rooms and walkable places are those of the house; objects and pictures are the backend's.

    Args:
        house: The house.
        name: Its name.
        camera: The camera.
        backend: As of `make_controller`.

    Attributes:
        scene: The house as questions see it.

    Raises:
        SpatuneError: A room cannot be reached, or the backend cannot run here.
    """

    def __init__(
        self, house: House, name: str, camera: WalkCamera | None = None, backend: Backend = "unity"
    ) -> None:
        self._camera = camera or WalkCamera()
        self._plans = WalkPlans(house, name, World(house, Settings()))
        self._controller = make_controller(
            backend,
            scene=house_json(house),
            width=self._camera.width,
            height=self._camera.height,
            gridSize=STEP_METRES,
            rotateStepDegrees=TURN_DEGREES,
            fieldOfView=self._camera.fov,
            snapToGrid=False,
            renderDepthImage=True,
            renderInstanceSegmentation=True,
        )
        event: Any = self._controller.last_event
        metadata = event.metadata
        if not metadata["lastActionSuccess"]:
            self.close()
            raise SpatuneError(f"house {name!r}: {metadata['errorMessage']}")
        rooms = house_scene(house, name).rooms
        self.scene = replace(thor_scene(metadata, name, rooms), walkable=self._plans.walkable)

    def walk(self, number: int, seed: int, frames: int | None = None) -> Trajectory:
        """A trajectory with images and labels in memory, as `HouseWalker.walk`."""
        poses = self._plans.plan(number, seed)
        places = sampled_places(len(poses), frames or len(poses))
        return thor_walk(
            self._controller, self.scene, poses, f"walk-{number:04d}", self._camera.horizon, places
        )

    def close(self) -> None:
        """Stop the backend; calling it again does nothing."""
        self._controller.stop()

    def __enter__(self) -> ThorWalker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
