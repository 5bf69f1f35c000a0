"""`NavGuide`: distances and goals of navigation, asked of an AI2-THOR controller."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np

from ..embedded.tour import shortest_tour
from ..houses.house import GroundPoint
from ..houses.reachable import path_length
from ..thor_backends.controller import ThorController
from .episode import NavEpisode

_ALLOWED_ERRORS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5)
"""Metres that AI2-THOR may move the ends of a path to put them on its mesh, tried in turn."""


class NavController(Protocol):
    """What navigation asks of a controller: `ThorController`'s or ai2thor's `Controller`."""

    last_event: Any

    def step(self, action: Any = None, **arguments: Any) -> Any:
        """Carry out an action of AI2-THOR."""
        ...

    def reset(self, scene: Any = None, **initialization: Any) -> Any:
        """Enter a scene."""
        ...

    def stop(self) -> None:
        """Release the simulator."""
        ...


class NavGuide:
    """Answers questions about a house with AI2-THOR's actions, so that any backend will do.

    Args:
        controller: In the house that is asked about.
    """

    def __init__(self, controller: NavController) -> None:
        self._controller = controller

    def distance(self, episode: NavEpisode, place: GroundPoint) -> float | None:
        """Metres along the shortest way from a place to what the episode is about; see `path`."""
        corners = self.path(episode, place)
        return None if corners is None else path_length(corners)

    def path(self, episode: NavEpisode, place: GroundPoint) -> np.ndarray | None:
        """The shortest way from a place to what an episode is about, corners (K, 2) in metres.

        To an object, that is the way to the nearest place from which it is visible. None where
        there is no way. RoomVisit's leads through every room, and only embedded houses know it.
        """
        if episode.task == "objectnav":
            return self._corners("GetShortestPath", place, objectType=episode.target)
        if episode.task == "pointnav":
            assert episode.goal is not None, "from_json checks it"
            x, z = episode.goal
            target = {"x": x, "y": self._height(), "z": z}
            return self._corners("GetShortestPathToPoint", place, target=target)
        if isinstance(self._controller, ThorController):
            assert self._controller.simulator.world is not None, "the controller is in a house"
            return shortest_tour(self._controller.simulator.world, place)
        return None

    def reachable(self) -> np.ndarray:
        """Places where an agent can get to (P, 2), metres."""
        event = self._controller.step(action="GetReachablePositions", renderImage=False)
        points = event.metadata["actionReturn"] or []
        return np.array([[point["x"], point["z"]] for point in points]).reshape(-1, 2)

    def sees(self, object_type: str) -> bool:
        """Whether an object of that type is visible now."""
        event = self._controller.step(action="ResetObjectFilter", renderImage=False)
        found = any(
            thing["visible"] and thing["objectType"] == object_type
            for thing in event.metadata["objects"]
        )
        self.hide_objects()
        return found

    def object_types(self) -> Collection[str]:
        """Types of the objects in the house."""
        event = self._controller.step(action="ResetObjectFilter", renderImage=False)
        types = {thing["objectType"] for thing in event.metadata["objects"]}
        self.hide_objects()
        return types

    def hide_objects(self) -> None:
        """Leave objects out of the metadata, which makes steps faster."""
        self._controller.step(action="SetObjectFilter", objectIds=[], renderImage=False)

    def _corners(self, action: str, place: GroundPoint, **arguments: Any) -> np.ndarray | None:
        position = {"x": place[0], "y": self._height(), "z": place[1]}
        # Ways in embedded houses are exact; Unity's mesh may leave out a place one can stand at.
        exact = isinstance(self._controller, ThorController)
        for error in _ALLOWED_ERRORS[:1] if exact else _ALLOWED_ERRORS:
            event = self._controller.step(
                action=action,
                position=position,
                allowedError=error,
                renderImage=False,
                **arguments,
            )
            if event.metadata["lastActionSuccess"]:
                corners = event.metadata["actionReturn"]["corners"]
                return np.array([[corner["x"], corner["z"]] for corner in corners])
        return None

    def _height(self) -> float:
        return float(self._controller.last_event.metadata["agent"]["position"]["y"])
