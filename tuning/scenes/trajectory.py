"""`Trajectory`: frames of a camera on its way through a scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .pinhole import Pinhole
from .scene import Scene


@dataclass(frozen=True)
class Sighting:
    """How much of an object a frame shows.

    Attributes:
        pixels: Number of its pixels.
        share: Of all pixels, 0 to 1 (SIMS-V's `pct_pixels`).
        distance: Metres from the camera to the centre of its box.
        visible: AI2-THOR's `visible`: in sight and within 1.5 m of the agent.
    """

    pixels: int
    share: float
    distance: float
    visible: bool = False


@dataclass(frozen=True, eq=False)
class Labels:
    """What each pixel of a frame shows.

    Attributes:
        depth: float32 (H, W), metres along the camera's axis; the far plane where there is nothing.
        owners: int32 (H, W), indices in `names`.
        names: Ids of objects; also those of walls, floors and doors, which are no objects of the
            scene. Entry 0 is the empty string, for nothing.
    """

    depth: np.ndarray
    owners: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    Attributes:
        index: Its number in the whole trajectory, from 0.
        time: Seconds from the trajectory's start.
        camera: The camera that took it.
        sightings: Objects of the scene with at least one pixel, by id.
        agent: Where the agent stands (x, y, z), metres; the camera's position if it has no body.
        labels: Depth and owners of pixels, or None where they are not kept.
        image: uint8 (H, W, 3), or None where it is not in memory.
        file: Name of the image's file within the trajectory's folder, or empty.
    """

    index: int
    time: float
    camera: Pinhole
    sightings: Mapping[str, Sighting]
    agent: tuple[float, float, float]
    labels: Labels | None = None
    image: np.ndarray | None = None
    file: str = ""

    def share(self, name: str) -> float:
        """Share of all pixels that an object has, 0 to 1, by its id."""
        sighting = self.sightings.get(name)
        return sighting.share if sighting else 0.0


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Frames of one walk or orbit.

    Attributes:
        name: Unique among those of the scene.
        scene: The place.
        frames: In order of time. Empty for a scene without pictures: questions then take all of
            its objects as seen.
    """

    name: str
    scene: Scene
    frames: tuple[Frame, ...] = field(default=())

    @property
    def id(self) -> str:
        """Unique name: that of the scene and its own."""
        return f"{self.scene.name}/{self.name}"

    def sampled(self, count: int) -> Trajectory:
        """At most `count` of its frames, spread evenly from the first to the last."""
        return self.chosen(sampled_places(len(self.frames), count))

    def chosen(self, places: Sequence[int]) -> Trajectory:
        """Some of its frames, by their places in `frames`."""
        return replace(self, frames=tuple(self.frames[place] for place in places))


def sampled_places(total: int, count: int) -> list[int]:
    """Places of at most `count` of `total` frames, spread evenly, first and last included.

    They are those of `numpy.linspace(0, total - 1, count)` rounded down, as the loaders of video
    language models take them.
    """
    if total <= count:
        return list(range(total))
    return [int(place) for place in np.linspace(0, total - 1, count)]
