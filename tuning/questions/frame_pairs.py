"""`FramePairs`: how the cameras of shown frames stand to each other, and which pairs fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..scenes.subject import Subject
from ..scenes.trajectory import Frame
from .keeping import kept
from .overlap import overlap
from .skill import Unsuitable
from .turns import clockwise

COMMON_SHARE = 0.005
"""Share of the picture from which an object ties two frames together."""

ATTEMPTS = 10


class FramePairs:
    """All ordered pairs of frames; row: the first frame's place, column: the second's.

    Overlaps are kept; get the pairs of a subject by `pairs_of`, which keeps them too.

    Args:
        frames: The shown frames, N of them.

    Attributes:
        distance: (N, N) metres in a straight line from the first camera to the second.
        floor: (N, N) metres of that along the floor.
        heading: (N, N) degrees in (-180, 180] of the move along the floor from the first view's
            direction, positive to the right; meaningless where nothing moves.
        turn: (N, N) degrees in (-180, 180] that the camera turns about the vertical, positive to
            the right.
        common: (N, N) number of objects with at least `COMMON_SHARE` of both pictures.

    Raises:
        Unsuitable: There are no frames.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        if not frames:
            raise Unsuitable("no frames")
        self._frames = frames
        places = np.array([frame.camera.position for frame in frames])
        ahead = np.array([frame.camera.axes[2][[0, 2]] for frame in frames])
        moves = places[None] - places[:, None]
        self.distance = np.linalg.norm(moves, axis=-1)
        self.floor = np.hypot(moves[..., 0], moves[..., 2])
        self.heading = clockwise(ahead[:, None], moves[..., [0, 2]])
        self.turn = clockwise(ahead[:, None], ahead[None])
        self.common = _common(frames)
        self._overlaps: dict[tuple[int, int], float] = {}

    def overlap(self, first: int, second: int) -> float:
        """`overlap` of the frames at two places, in either order; both need labels."""
        pair = min(first, second), max(first, second)
        if pair not in self._overlaps:
            self._overlaps[pair] = overlap(*(self._frames[place] for place in pair))
        return self._overlaps[pair]

    def draw(
        self, mask: np.ndarray, rng: np.random.Generator, least: float
    ) -> tuple[int, int, float]:
        """A random pair whose pictures overlap.

        Args:
            mask: (N, N), pairs that may be drawn; pairs without a common object are left out.
            rng: Source of the draw.
            least: Smallest overlap, a share of the picture; both frames need labels.

        Returns:
            Places of the two frames, and their overlap.

        Raises:
            Unsuitable: None of `ATTEMPTS` pairs overlaps that much.
        """
        places = np.argwhere(mask & (self.common > 0))
        for first, second in rng.permutation(places)[:ATTEMPTS].tolist():
            share = self.overlap(first, second)
            if share >= least:
                return first, second, share
        raise Unsuitable("no two views that overlap")


def _common(frames: Sequence[Frame]) -> np.ndarray:
    columns: dict[str, int] = {}
    seen = []
    for place, frame in enumerate(frames):
        for name, sighting in frame.sightings.items():
            if sighting.share >= COMMON_SHARE:
                seen.append((place, columns.setdefault(name, len(columns))))
    table = np.zeros((len(frames), len(columns)), int)
    if seen:
        table[tuple(np.array(seen).T)] = 1
    return table @ table.T


@kept
def pairs_of(subject: Subject) -> FramePairs:
    """The pairs of a subject's shown frames.

    Raises:
        Unsuitable: There are no frames.
    """
    return FramePairs(subject.frames)
