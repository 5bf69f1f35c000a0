"""`Action`: what an action is called with, checked before it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..faults import ActionFault
from ..world import World

if TYPE_CHECKING:
    from ..simulator import Simulator

_ENVELOPE = frozenset({"action", "sequenceId", "agentId"})
COMMON = _ENVELOPE | frozenset(
    {
        *("renderImage", "renderDepthImage"),
        *("renderInstanceSegmentation", "renderSemanticSegmentation"),
        *("renderObjectImage", "renderClassImage", "manualInteract", "fastActionEmit"),
    }
)
"""Arguments that every action takes."""


class Action:
    """A function that carries out an action.

    Args:
        function: Takes the simulator and the action's own arguments by AI2-THOR's names; returns
            `actionReturn`, and raises `ActionFault` where the action fails.

    Attributes:
        arguments: The action's own arguments.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        parameters = list(inspect.signature(function).parameters.values())[1:]
        self._free = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
        named = [p for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
        self.arguments = tuple(p.name for p in named)
        self._required = tuple(p.name for p in named if p.default is inspect.Parameter.empty)

    def __call__(self, simulator: Simulator, message: Mapping[str, Any]) -> Any:
        """Run it with the arguments of a message.

        Raises:
            ActionFault: An argument is unknown or missing, or the action fails.
        """
        common = _ENVELOPE if self._free else COMMON
        own = {
            name: value
            for name, value in message.items()
            if name in self.arguments or name not in common
        }
        unknown = [name for name in own if name not in self.arguments]
        if unknown and not self._free:
            takes = ", ".join(self.arguments) or "no arguments"
            raise ActionFault.invalid_argument(
                f"{message['action']} takes no {unknown[0]!r}; it takes: {takes}"
            )
        missing = [name for name in self._required if own.get(name) is None]
        if missing:
            raise ActionFault.missing_argument(f"{message['action']} needs {missing[0]!r}")
        return self._function(simulator, **own)


def actions_of(functions: Mapping[str, Callable[..., Any]]) -> dict[str, Action]:
    """Actions by name."""
    return {name: Action(function) for name, function in functions.items()}


def world_of(simulator: Simulator) -> World:
    """The house, which most actions need.

    Raises:
        ActionFault: There is none yet.
    """
    if simulator.world is None:
        raise ActionFault(
            "there is no house yet: send Reset (a scene's name) and Initialize, or CreateHouse"
        )
    return simulator.world
