"""`ThorController`: the embedded simulator in this process, called as AI2-THOR's Controller is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ...errors import SpatuneError
from ..embedded.reply import Reply
from ..embedded.simulator import Simulator
from ..houses.library import house_names
from .event import Event

INVALID = frozenset({"InvalidAction", "MissingArguments", "AmbiguousAction", "InvalidArgument"})
"""Error codes of AI2-THOR for calls that are wrong, whatever the state of the world."""


class ThorController:
    """Drives the embedded simulator with AI2-THOR's actions; needs no ai2thor and no Unity.

    A program written for `ai2thor.controller.Controller` runs on it unchanged, as far as it uses
    `step`, `reset`, `last_event`, `stop` and the attributes below. It is not for several threads.

    Args:
        scene: Name of a scene, a ProcTHOR house as a dict, or None for the first house of
            the package.
        width: Pixels of a row.
        height: Pixels of a column.
        **initialization: Arguments of AI2-THOR's `Initialize`: `gridSize`, `rotateStepDegrees`,
            `fieldOfView` (vertical, degrees), `visibilityDistance`, `snapToGrid`,
            `renderDepthImage`, `renderInstanceSegmentation`, `renderSemanticSegmentation`, ...

    Attributes:
        last_event: What the last action gave.
        scene: Name or house of the scene, as `reset` got it.
        initialization_parameters: What `reset` initialises with.
        width: Pixels of a row, as last given to the constructor or to `reset`.
        height: Pixels of a column, likewise.

    Raises:
        ValueError: An unknown scene or a wrong argument.
        SpatuneError: No OpenGL for rendering here.

    Example:
        >>> with ThorController(width=96, height=96) as controller:  # doctest: +SKIP
        ...     event = controller.step("MoveAhead")
        ...     print(event.metadata["lastActionSuccess"], event.frame.shape)
        True (96, 96, 3)
    """

    def __init__(
        self,
        scene: str | dict[str, Any] | None = None,
        width: int = 300,
        height: int = 300,
        **initialization: Any,
    ) -> None:
        self.width, self.height = width, height
        self.initialization_parameters = initialization
        self.scene: str | dict[str, Any] | None = None
        self._scenes: set[str] | None = None
        self._sequence = 0
        self._simulator: Simulator | None = None
        simulator = self._simulator = Simulator(width, height)
        try:
            self.last_event = _event(simulator.current())
            self.reset(house_names()[0] if scene is None else scene)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def simulator(self) -> Simulator:
        """The simulator below, for experts and data that know its state.

        Raises:
            SpatuneError: The controller was stopped.
        """
        if self._simulator is None:
            raise SpatuneError("this controller was stopped; make a new one")
        return self._simulator

    @property
    def scenes_in_build(self) -> set[str]:
        """Names that `reset` takes."""
        if self._scenes is None:
            self._scenes = set(self.step("GetScenesInBuild").metadata["actionReturn"])
        return self._scenes

    def reset(self, scene: str | dict[str, Any] | None = None, **initialization: Any) -> Event:
        """Begin anew, in the same scene where none is given.

        Args:
            scene: Name of a scene or a ProcTHOR house.
            **initialization: Changes of the `Initialize` arguments, and `width` and `height`; they
                hold for later resets as well.

        Raises:
            ValueError: An unknown scene or a wrong argument.
            RuntimeError: The simulator refused an argument for another reason.
        """
        scene = self.scene if scene is None else scene
        if isinstance(scene, str) and re.fullmatch("FloorPlan[0-9]+", scene):
            scene += "_physics"
        if isinstance(scene, str) and scene not in self.scenes_in_build:
            names = ", ".join(sorted(self.scenes_in_build))
            raise ValueError(f"no scene {scene!r}; the embedded backend has: {names}")
        name = scene if isinstance(scene, str) else "Procedural"
        self._send({"action": "Reset", "sceneName": name, "sequenceId": 0})

        initialization = dict(initialization)
        width = initialization.pop("width", self.width)
        height = initialization.pop("height", self.height)
        if (width, height) != (self.last_event.screen_width, self.last_event.screen_height):
            self.step("ChangeResolution", x=width, y=height, raise_for_failure=True)
            self.width, self.height = width, height
        self.initialization_parameters.update(initialization)
        self.step("Initialize", raise_for_failure=True, **self.initialization_parameters)
        if isinstance(scene, dict):
            self.step("CreateHouse", house=scene)
        self.scene = scene
        return self.last_event

    def step(
        self,
        action: str | Mapping[str, Any] | None = None,
        *,
        raise_for_failure: bool = False,
        **arguments: Any,
    ) -> Event:
        """Carry an action out.

        Args:
            action: Name of the action, or the name under `action` with arguments beside it.
            raise_for_failure: Raise when the world does not allow the action, too.
            **arguments: Arguments of the action; numpy values are taken as what they hold, and a
                number as `rotation` means degrees about the vertical. `renderImage=False` leaves
                the images of this step out.

        Returns:
            The world afterwards; false where the action failed, with `errorMessage` in its
            metadata.

        Raises:
            ValueError: There is no such action or argument, or an argument is wrong.
            RuntimeError: The action failed and `raise_for_failure` is set.
            SpatuneError: An argument cannot be written as JSON, or the controller was stopped.
        """
        message = {**(action if isinstance(action, Mapping) else {"action": action}), **arguments}
        rotation = message.get("rotation")
        if rotation is not None and not isinstance(rotation, Mapping):
            message["rotation"] = {"y": rotation}
        event = self._send(message)
        if not event:
            said = event.metadata["errorMessage"]
            if event.metadata["errorCode"] in INVALID:
                raise ValueError(said)
            if raise_for_failure:
                raise RuntimeError(said)
        return event

    def stop(self) -> None:
        """Free the renderer. Stopping twice does nothing."""
        if self._simulator is not None:
            self._simulator.close()
        self._simulator = None

    def _send(self, message: dict[str, Any]) -> Event:
        if self._simulator is None:
            raise SpatuneError("this controller was stopped; make a new one")
        self._sequence = message.setdefault("sequenceId", self._sequence + 1)
        self.last_event = _event(self._simulator.step(_as_json(message)))
        return self.last_event


def _event(reply: Reply) -> Event:
    return Event(reply.agent, reply.view, reply.third_party)


def _as_json(message: dict[str, Any]) -> dict[str, Any]:
    """The message as a simulator in another process would read it, sharing nothing with it."""
    try:
        return json.loads(json.dumps(message, default=_plain))
    except (TypeError, ValueError) as error:
        raise SpatuneError(
            f"{message.get('action')}: an argument cannot be written as JSON ({error}); "
            "give numbers, strings, lists and dicts"
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {str(value)[:60]!r}")
