"""Scenes, settings and what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....errors import SpatuneError
from ...houses.library import house_names, load_house
from ...houses.read import read_house
from ..faults import ActionFault
from ..metadata import FAR_PLANE, NEAR_PLANE
from ..values import number, text
from .action import actions_of, world_of

if TYPE_CHECKING:
    from ..simulator import Simulator

PROCEDURAL = "Procedural"
"""AI2-THOR's name of the scene in which houses are made."""

_LARGEST = 4096


def _reset(simulator: Simulator, sceneName: Any = PROCEDURAL, **ignored: Any) -> None:
    name = text("sceneName", sceneName)
    if name == PROCEDURAL:
        simulator.leave_house()
        return
    try:
        simulator.open_scene(load_house(name), name)
    except SpatuneError as error:
        raise ActionFault.invalid_argument(str(error)) from None


def _scenes(simulator: Simulator) -> list[str]:
    return [*house_names(), PROCEDURAL]


def _initialize(simulator: Simulator, **arguments: Any) -> dict[str, float]:
    simulator.initialize(arguments)
    return {"cameraNearPlane": NEAR_PLANE, "cameraFarPlane": FAR_PLANE}


def _create_house(simulator: Simulator, house: Any) -> None:
    if not isinstance(house, dict):
        raise ActionFault.invalid_argument("house must be a ProcTHOR house, a JSON object")
    try:
        found = read_house(house)
    except SpatuneError as error:
        raise ActionFault(str(error)) from None
    simulator.enter_house(found, PROCEDURAL)


def _resolution(simulator: Simulator, x: Any, y: Any) -> None:
    width, height = number("x", x), number("y", y)
    for size in (width, height):
        if not (size.is_integer() and 1 <= size <= _LARGEST):
            raise ActionFault.invalid_argument(
                f"x and y must be whole numbers of pixels up to {_LARGEST}, not {x!r} and {y!r}"
            )
    simulator.resize(int(width), int(height))


def _filter(simulator: Simulator, objectIds: Any) -> None:
    world_of(simulator)
    if not isinstance(objectIds, list) or not all(isinstance(name, str) for name in objectIds):
        raise ActionFault.invalid_argument("objectIds must be a list of object ids")
    simulator.listed = frozenset(objectIds)


def _no_filter(simulator: Simulator) -> None:
    simulator.listed = None


def _nothing(simulator: Simulator, **ignored: Any) -> None:
    """Accepted because programs send it, and of no effect here."""


ACTIONS = actions_of(
    {
        "Reset": _reset,
        "GetScenesInBuild": _scenes,
        "Initialize": _initialize,
        "CreateHouse": _create_house,
        "ChangeResolution": _resolution,
        "ChangeQuality": _nothing,
        "SetRandomSeed": _nothing,
        "SetObjectFilter": _filter,
        "ResetObjectFilter": _no_filter,
    }
)
