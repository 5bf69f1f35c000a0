"""`Simulator`: AI2-THOR's actions and metadata for houses, without Unity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..houses.house import House
from ..houses.model import FAR
from ..houses.renderer import HouseRenderer, Images
from .actions.movement import Collision
from .actions.registry import ACTIONS
from .faults import ActionFault
from .metadata import Outcome, Screen, agent_metadata, colours_of
from .object_metadata import ObjectMetadata
from .reply import Reply, View
from .settings import Settings
from .third_party import ThirdPartyCamera
from .visibility import seen
from .world import World

_NOTHING = 0.99 * FAR
_OLD_NAMES = {
    "renderInstanceSegmentation": "renderObjectImage",
    "renderSemanticSegmentation": "renderClassImage",
}


class Simulator:
    """Answers one action after another; the same actions give the same bits.

    Args:
        width: Pixels of every image.
        height: Pixels of every image.

    Attributes:
        width: As above; `ChangeResolution` changes it.
        height: As above.
        world: The house, or None before `CreateHouse` or a `Reset` to a named scene.
        objects: Metadata of the house's objects, or None like the world.
        cameras: Third-party cameras.
        listed: Ids of the objects in the metadata, or None for all.
    """

    def __init__(self, width: int = 300, height: int = 300) -> None:
        self.width, self.height = width, height
        self.world: World | None = None
        self.objects: ObjectMetadata | None = None
        self.cameras: list[ThirdPartyCamera] = []
        self.listed: frozenset[str] | None = None
        self._settings = Settings()
        self._scene = "Procedural"
        self._renderer: HouseRenderer | None = None
        self._colours: dict[str, tuple[int, int, int]] = {}
        self._palette: list[dict[str, Any]] = []
        self._instance_paint = self._class_paint = np.zeros(0, np.uint32)
        self._outcome = Outcome()
        self._sequence = 0
        self._visible: frozenset[str] | None = None
        self._waiting: tuple[House, str] | None = None

    @property
    def renderer(self) -> HouseRenderer:
        """Draws the house that the world has."""
        assert self.world is not None, "there is a house"
        if self._renderer is None:
            self._renderer = HouseRenderer(self.world.model, self.width, self.height)
        return self._renderer

    def step(self, action: Mapping[str, Any]) -> Reply:
        """Carry out one action.

        Args:
            action: AI2-THOR's message: `action`, its arguments, and maybe `sequenceId`.

        Returns:
            The state after it. A fault of the action is in the metadata, not an exception.
        """
        self._sequence = int(action.get("sequenceId", self._sequence + 1))
        name = str(action.get("action", ""))
        try:
            value = self._run(name, action)
            self._outcome = Outcome(name, value=value)
        except Collision as fault:
            self._outcome = Outcome(name, False, fault.message, blocked=(fault.blocker,))
        except ActionFault as fault:
            self._outcome = Outcome(name, False, fault.message, fault.code)
        finally:
            self._visible = None
        return self._reply(action)

    def current(self) -> Reply:
        """The state now, without an action."""
        return self._reply({})

    def visible(self) -> frozenset[str]:
        """Ids of the objects that the agent sees now."""
        if self._visible is None:
            camera = self._world.camera
            self._note_visible(self.renderer.render(camera, rgb=False, depth=True, owners=True))
        assert self._visible is not None, "it was noted"
        return self._visible

    def open_scene(self, house: House, scene: str) -> None:
        """Prepare a house that `Initialize` will put the agent into, as AI2-THOR's order is."""
        self.leave_house()
        self._waiting, self._scene = (house, scene), scene

    def enter_house(self, house: House, scene: str) -> None:
        """Put the agent into a house, with the settings as they are."""
        self.leave_house()
        self.world = World(house, self._settings)
        self._scene = scene
        self.objects = ObjectMetadata(self.world)
        self._colours = colours_of(self.world)
        self._palette = [
            {"name": name, "color": list(colour)} for name, colour in self._colours.items()
        ]
        self._instance_paint = self._paint(lambda name: name)
        self._class_paint = self._paint(lambda name: name.split("|")[0])

    def leave_house(self) -> None:
        """Forget the house and the cameras in it."""
        self._close_renderer()
        self.world, self.objects, self._waiting, self._scene = None, None, None, "Procedural"
        self.cameras, self.listed, self._colours = [], None, {}

    def initialize(self, arguments: Mapping[str, Any]) -> None:
        """Set what AI2-THOR's `Initialize` sets; what is not named gets AI2-THOR's default."""
        self._settings = Settings().updated(arguments)
        if self._waiting is not None:
            self.enter_house(*self._waiting)
        elif self.world is not None:
            self.enter_house(self.world.house, self._scene)

    def resize(self, width: int, height: int) -> None:
        """Change the size of every image."""
        self._close_renderer()
        self.width, self.height = width, height

    def close(self) -> None:
        """Free the renderer; calling it again does nothing."""
        self._close_renderer()

    @property
    def _world(self) -> World:
        assert self.world is not None, "there is a house"
        return self.world

    def _run(self, name: str, action: Mapping[str, Any]) -> Any:
        if name not in ACTIONS:
            raise ActionFault.invalid_action(
                f"{name!r} is not an action; actions are: {', '.join(sorted(ACTIONS))}"
            )
        return ACTIONS[name](self, action)

    def _reply(self, action: Mapping[str, Any]) -> Reply:
        view, third = View(), ()
        instances = self._asked(action, "renderInstanceSegmentation", self._settings.instances)
        classes = self._asked(action, "renderSemanticSegmentation", self._settings.classes)
        if self.world is not None:
            view, third = self._views(action, instances, classes)
        metadata = agent_metadata(
            self.world,
            Screen(
                self.width,
                self.height,
                self._scene,
                tuple(camera.to_json(index) for index, camera in enumerate(self.cameras)),
            ),
            self._outcome,
            objects=self._objects(),
            colours=self._palette if self.world and (instances or classes) else None,
        )
        message = {
            "agents": [metadata],
            "thirdPartyCameras": [camera.to_json(i) for i, camera in enumerate(self.cameras)],
            "activeAgentId": 0,
            "sequenceId": self._sequence,
        }
        return Reply(message, view, third)

    def _objects(self) -> list[dict[str, Any]]:
        if self.objects is None or self.listed == frozenset():
            return []
        return self.objects.all(self.visible(), self.listed)

    def _views(
        self, action: Mapping[str, Any], instances: bool, classes: bool
    ) -> tuple[View, tuple[View, ...]]:
        """The images that the action asks for, and what the agent sees on the way to them."""
        shown = action.get("renderImage", True) is not False
        depth = shown and self._asked(action, "renderDepthImage", self._settings.depth)
        labels = shown and (instances or classes)
        if not shown and self.listed == frozenset():
            return View(), tuple(View() for _ in self.cameras)
        looked = self._visible is None and self.listed != frozenset()
        images = self.renderer.render(
            self._world.camera,
            rgb=shown,
            depth=depth or looked,
            owners=labels or looked,
        )
        if looked:
            self._note_visible(images)
        if not shown:
            return View(), tuple(View() for _ in self.cameras)
        third = tuple(
            self._third_view(camera, depth, instances, classes) for camera in self.cameras
        )
        return self._view(images, depth, instances, classes), third

    def _view(self, images: Images, depth: bool, instances: bool, classes: bool) -> View:
        return View(
            rgb=images.rgb,
            depth=images.depth if depth else None,
            instances=self._painted(images, self._instance_paint) if instances else None,
            classes=self._painted(images, self._class_paint) if classes else None,
        )

    def _third_view(
        self, camera: ThirdPartyCamera, depth: bool, instances: bool, classes: bool
    ) -> View:
        images = self.renderer.render(camera.camera(), depth=True, owners=instances or classes)
        assert images.rgb is not None and images.depth is not None, "both were asked for"
        rgb = np.where(
            images.depth[..., None] >= _NOTHING, np.array(camera.background, np.uint8), images.rgb
        )
        return self._view(Images(rgb, images.depth, images.owners), depth, instances, classes)

    def _painted(self, images: Images, paint: np.ndarray) -> np.ndarray:
        assert images.owners is not None, "owners were asked for"
        return paint[images.owners].view(np.uint8).reshape(*images.owners.shape, 4)

    def _paint(self, label: Callable[[str], str]) -> np.ndarray:
        """RGBA by index in `HouseModel.owners` as one number each, uint32 (O,).

        Alpha is 255, and the colour black where there is no object.
        """
        paint = np.zeros((len(self._world.model.owners), 4), np.uint8)
        paint[:, 3] = 255
        for name, number in self._world.numbers.items():
            paint[number, :3] = self._colours[label(name)]
        return paint.view(np.uint32)[:, 0]

    def _note_visible(self, images: Images) -> None:
        world = self._world
        found = seen(
            images,
            world.settings.field_of_view,
            world.agent.horizon,
            world.settings.visibility_distance,
        )
        self._visible = frozenset(
            name for name, number in world.numbers.items() if number < len(found) and found[number]
        )

    def _asked(self, action: Mapping[str, Any], name: str, usual: bool) -> bool:
        return bool(action.get(name, action.get(_OLD_NAMES.get(name, ""), usual)))

    def _close_renderer(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
