"""`ViewpointSearch`: from where in a room an agent sees most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..floorplan import FloorPlan
from ..house import Room
from ..model import HouseModel
from ..polygon import contains
from ..reachable import ReachableGrid
from ..renderer import Camera, HouseRenderer

EYE = 1.576
"""Height of a standing agent's camera, metres."""
FIELD_OF_VIEW = 63.45
"""Vertical field of view of an agent's camera, degrees."""

_PIXELS = 64
_PLACES = 8
_YAWS = 12
_HORIZON = 15.0
_NEAR = 1.5
_LARGE = 0.15
_OTHER_WAY = 90.0


@dataclass(frozen=True)
class Viewpoint:
    """A camera of an agent, and how much it sees.

    Attributes:
        camera: Where it is.
        interest: Larger where more objects are in view; comparable within a house.
    """

    camera: Camera
    interest: float


class ViewpointSearch:
    """Looks around from a few places of each room, in small pictures.

    A view is good when many objects are in it and little is close in front of the camera.

    Args:
        model: The house.
    """

    def __init__(self, model: HouseModel) -> None:
        house = model.house
        start = (house.agent.position[0], house.agent.position[2])
        self._points = ReachableGrid(FloorPlan(house), start).points
        self._renderer = HouseRenderer(model, _PIXELS, _PIXELS)
        things = {thing.id for thing, _ in house.all_objects()}
        self._is_object = np.array([owner in things for owner in model.owners])

    def best(self, room: Room, count: int = 1) -> tuple[Viewpoint, ...]:
        """The best views of a room, the best first, each turned well away from the others.

        Args:
            room: One of the house.
            count: Views that are wanted; there are fewer where a room is too small for them.
        """
        found = [
            self._look(x, z, 360.0 / _YAWS * turn)
            for x, z in self._places(room)
            for turn in range(_YAWS)
        ]
        found.sort(key=lambda view: -view.interest)
        kept: list[Viewpoint] = []
        for view in found:
            if len(kept) == count:
                break
            if all(_turn(view.camera, other.camera) >= _OTHER_WAY for other in kept):
                kept.append(view)
        return tuple(kept)

    def close(self) -> None:
        """Free the OpenGL context."""
        self._renderer.close()

    def _places(self, room: Room) -> list[tuple[float, float]]:
        """Reachable points all over a room; its middle where none is reachable."""
        inside = [p for p in self._points if contains(room.floor, (float(p[0]), float(p[1])))]
        if not inside:
            x, z = np.mean(room.floor, axis=0)
            return [(float(x), float(z))]
        points = np.array(inside)
        gaps = np.linalg.norm(points - points.mean(axis=0), axis=1)
        chosen: list[tuple[float, float]] = []
        for _ in range(min(_PLACES, len(points))):
            x, z = points[int(np.argmax(gaps))]
            chosen.append((float(x), float(z)))
            gaps = np.minimum(gaps, np.linalg.norm(points - (x, z), axis=1))
        return chosen

    def _look(self, x: float, z: float, yaw: float) -> Viewpoint:
        camera = Camera((x, EYE, z), (_HORIZON, yaw, 0.0), FIELD_OF_VIEW)
        images = self._renderer.render(camera, rgb=False, depth=True, owners=True)
        assert images.owners is not None and images.depth is not None, "both were asked for"
        shares = np.bincount(images.owners.ravel(), minlength=len(self._is_object)) / _PIXELS**2
        # Square root and limit prefer many objects to a large one, the penalty an overview to a
        # close look.
        interest = float(np.minimum(np.sqrt(shares[self._is_object]), _LARGE).sum())
        return Viewpoint(camera, interest - float(np.mean(images.depth < _NEAR)))


def _turn(one: Camera, other: Camera) -> float:
    """Degrees between the directions of two cameras."""
    return abs((one.rotation[1] - other.rotation[1] + 180.0) % 360.0 - 180.0)
