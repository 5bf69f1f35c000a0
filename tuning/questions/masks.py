"""`Masks`: what the pixels of one labelled frame say of its objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from scipy import ndimage

from ..scenes.box import Box
from ..scenes.scene import Scene, SceneObject
from ..scenes.subject import Subject
from ..scenes.trajectory import Frame, Labels
from .skill import Unsuitable

CLEAR_SHARE = 0.006
"""From this share of an image's pixels on, anybody sees an object: 17 x 17 pixels of 224 x 224."""

TRACE_SHARE = 0.0005
"""Below this share of an image's pixels nobody notices an object: 5 x 5 pixels of 224 x 224."""

MARK_CLEARANCE = 0.012
"""Least distance of a mark from its object's outline, as a share of the image's shorter side."""

_FRAMES_TRIED = 8
_RAYS = 24
_NEAR = 0.05
_TINY = 1e-12


@dataclass(frozen=True)
class Extents:
    """Upright rectangle around an object's visible pixels, 0..1 from the left and upper edge."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Exposure:
    """How much of an object's box an image shows.

    Attributes:
        inside: Share of the box's outline that lies within the image, 0 to 1.
        open: Share of the box's outline within the image and not hidden by what stands in front.
        filled: Visible pixels of the object over the pixels that the whole outline takes.
    """

    inside: float
    open: float
    filled: float


_UNSEEN = Exposure(0.0, 0.0, 0.0)


class Masks:
    """What one labelled frame shows. Costly answers are kept; get it by `masks_of`.

    Args:
        frame: A frame with labels.
        scene: Where it was taken.

    Attributes:
        frame_index: `Frame.index`.
        camera: The camera that took it.
        labels: Depth and owners of its pixels.
        objects: Objects of the scene with at least one pixel, by id, in the scene's order.
    """

    def __init__(self, frame: Frame, scene: Scene) -> None:
        if frame.labels is None:
            raise Unsuitable("no labels")
        self.frame_index = frame.index
        self.camera = frame.camera
        self.labels: Labels = frame.labels
        self._scene = scene
        owners = self.labels.owners
        names = self.labels.names
        counts = np.bincount(owners.ravel(), minlength=len(names))
        self._numbers = {name: n for n, name in enumerate(names) if counts[n] and name}
        self._pixels = {name: int(counts[n]) for name, n in self._numbers.items()}
        self._slices = ndimage.find_objects(owners, max_label=len(names))
        self.objects: dict[str, SceneObject] = {
            thing.id: thing for thing in scene.objects if thing.id in self._numbers
        }
        self._clearances: dict[str, np.ndarray] = {}
        self._distances: dict[str, tuple[float, float]] = {}
        self._exposures: dict[str, Exposure] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        height, width = self.labels.owners.shape
        return width, height

    @cached_property
    def seen(self) -> list[SceneObject]:
        """Objects that anybody sees, in the scene's order; their category may name others too."""
        return [thing for thing in self.objects.values() if self.share(thing.id) >= CLEAR_SHARE]

    @cached_property
    def clear(self) -> dict[str, SceneObject]:
        """Objects that "the <category>" names without doubt in this image, by category, sorted.

        Such an object is clearly seen, and no other one of its category leaves more than a trace.
        """
        return {
            category: group[0]
            for category, group in self.groups.items()
            if len(group) == 1 and self.share(group[0].id) >= CLEAR_SHARE
        }

    @cached_property
    def groups(self) -> dict[str, tuple[SceneObject, ...]]:
        """Objects of which there is more than a trace, by category, sorted by category."""
        groups: dict[str, list[SceneObject]] = {}
        for thing in self.objects.values():
            if self.share(thing.id) >= TRACE_SHARE:
                groups.setdefault(thing.category, []).append(thing)
        return {name: tuple(groups[name]) for name in sorted(groups)}

    def share(self, name: str) -> float:
        """Share of all pixels that an object has, 0 to 1."""
        return self._pixels.get(name, 0) / self.labels.owners.size

    def whole(self, thing: SceneObject, least: float) -> bool:
        """Whether at least this share of an object's box is in the image and not hidden."""
        return self.exposure(thing).open >= least

    def extents(self, name: str) -> Extents:
        """Where an object's visible pixels are; it must have some."""
        width, height = self.size
        rows, columns = self._slice(name)
        return Extents(
            columns.start / width, rows.start / height, columns.stop / width, rows.stop / height
        )

    def distances(self, name: str) -> tuple[float, float]:
        """Metres from the camera to the nearest visible point of an object, and to the median one.

        These are lengths of rays, not depths along the camera's axis.
        """
        if name not in self._distances:
            rows, columns = self._slice(name)
            mask = self._mask(name)
            depth = self.labels.depth[rows, columns][mask]
            row, column = np.nonzero(mask)
            lengths = self.ray_lengths(column + columns.start + 0.5, row + rows.start + 0.5)
            metres = depth * lengths
            self._distances[name] = float(metres.min()), float(np.median(metres))
        return self._distances[name]

    def ray_lengths(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Length of the rays through pixels, for a depth of one."""
        camera = self.camera
        x = (np.asarray(columns) - camera.width / 2) / camera.focal
        y = (np.asarray(rows) - camera.height / 2) / camera.focal
        return np.sqrt(x * x + y * y + 1.0)

    def depth_at(self, point: tuple[float, float]) -> float:
        """Metres along the camera's axis at a point (0..1 fractions)."""
        row, column = self._pixel(point)
        return float(self.labels.depth[row, column])

    def owner_at(self, point: tuple[float, float]) -> str:
        """Id of what a point (0..1 fractions) shows, or empty."""
        row, column = self._pixel(point)
        return self.labels.names[self.labels.owners[row, column]]

    def inner_point(self, name: str) -> tuple[float, float] | None:
        """The object's visible point farthest from its outline (0..1 fractions).

        Of several the one nearest to their middle. None where no point is far enough for a mark.
        """
        clearance = self._clearance(name)
        best = int(clearance.max())
        if best < self._least_clearance:
            return None
        places = np.argwhere(clearance == best)
        middle = places.mean(axis=0)
        chosen = places[int(np.argmin(((places - middle) ** 2).sum(axis=1)))]
        return self._fractions(name, chosen)

    def draw_point(self, name: str, rng: np.random.Generator) -> tuple[float, float] | None:
        """A random visible point of an object, far enough from its outline for a mark, or None."""
        places = np.argwhere(self._clearance(name) >= self._least_clearance)
        if not len(places):
            return None
        return self._fractions(name, places[rng.integers(len(places))])

    def exposure(self, thing: SceneObject) -> Exposure:
        """How much of an object's box the image shows."""
        if thing.id not in self._exposures:
            self._exposures[thing.id] = self._expose(thing)
        return self._exposures[thing.id]

    def _expose(self, thing: SceneObject) -> Exposure:
        """Cast a grid of rays over the box's outline, also outside the image."""
        corners = self.camera.project(thing.box.corners)
        if corners[:, 2].min() < _NEAR or thing.id not in self._pixels:
            return _UNSEEN
        low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
        steps = (np.arange(_RAYS) + 0.5) / _RAYS
        columns, rows = np.meshgrid(
            low[0] + steps * (high[0] - low[0]), low[1] + steps * (high[1] - low[1])
        )
        entry = _entry_depths(thing.box, self.camera.position, self._directions(columns, rows))
        hit = np.isfinite(entry)
        total = int(hit.sum())
        if total == 0:
            return _UNSEEN
        width, height = self.size
        inside = hit & (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        row, column = rows[inside].astype(int), columns[inside].astype(int)
        depth = self.labels.depth[row, column]
        other = self.labels.owners[row, column] != self._numbers[thing.id]
        hidden = other & (depth < 0.98 * entry[inside] - 0.02)
        outline = total / _RAYS**2 * float(np.prod(high - low))
        return Exposure(
            inside=float(inside.sum()) / total,
            open=float(inside.sum() - hidden.sum()) / total,
            filled=self._pixels[thing.id] / max(outline, 1.0),
        )

    def _directions(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Rays (..., 3) of the scene with a depth of one."""
        points = self.camera.unproject(columns, rows, np.ones(columns.shape))
        return points - self.camera.position

    def _slice(self, name: str) -> tuple[slice, slice]:
        rows, columns = self._slices[self._numbers[name] - 1]
        return rows, columns

    def _mask(self, name: str) -> np.ndarray:
        return self.labels.owners[self._slice(name)] == self._numbers[name]

    @property
    def _least_clearance(self) -> int:
        return max(2, round(MARK_CLEARANCE * min(self.size)))

    def _clearance(self, name: str) -> np.ndarray:
        """Per pixel of the rectangle around an object: pixels to the outline, 0 outside of it."""
        if name not in self._clearances:
            padded = np.pad(self._mask(name), 1)
            distance = ndimage.distance_transform_cdt(padded, "chessboard")
            self._clearances[name] = np.asarray(distance)[1:-1, 1:-1]
        return self._clearances[name]

    def _fractions(self, name: str, place: np.ndarray) -> tuple[float, float]:
        width, height = self.size
        rows, columns = self._slice(name)
        row, column = int(place[0]) + rows.start, int(place[1]) + columns.start
        return (column + 0.5) / width, (row + 0.5) / height

    def _pixel(self, point: tuple[float, float]) -> tuple[int, int]:
        width, height = self.size
        return min(int(point[1] * height), height - 1), min(int(point[0] * width), width - 1)


def _entry_depths(box: Box, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Where rays (..., 3) first meet a box, in their own length; infinite where they miss it."""
    start = box.axes @ (origin - box.center)
    local = rays @ box.axes.T
    # A ray along a face would divide by zero.
    local = np.where(np.abs(local) < _TINY, _TINY, local)
    half = box.lengths / 2
    first, second = (-half - start) / local, (half - start) / local
    near = np.minimum(first, second).max(axis=-1)
    far = np.maximum(first, second).min(axis=-1)
    return np.where((near <= far) & (far > 0), near, np.inf)


# Not by `kept`: what a frame shows depends on the scene, too.
_KEPT: WeakKeyDictionary[Frame, Masks] = WeakKeyDictionary()


def masks_of(subject: Subject, place: int) -> Masks:
    """What a shown frame shows, kept as long as the frame lives.

    Raises:
        Unsuitable: The frame has no labels.
    """
    frame = subject.frames[place]
    masks = _KEPT.get(frame)
    if masks is None or masks._scene is not subject.scene:
        masks = _KEPT[frame] = Masks(frame, subject.scene)
    return masks


def draw_image[T](
    subject: Subject,
    rng: np.random.Generator,
    candidates: Callable[[Masks], list[T]],
    reason: str = "too few objects",
) -> tuple[int, Masks, list[T]]:
    """A random shown frame that has candidates for a question.

    Args:
        subject: What is asked about.
        rng: Source of the draw.
        candidates: What a question on one frame can be about.
        reason: Why there is no question, if none of some frames has candidates.

    Returns:
        Its place in the shown frames, what it shows, and its candidates.

    Raises:
        Unsuitable: There are no frames, they have no labels, or no candidates.
    """
    if not subject.frames:
        raise Unsuitable("no frames")
    for place in rng.permutation(len(subject.frames))[:_FRAMES_TRIED]:
        masks = masks_of(subject, int(place))
        found = candidates(masks)
        if found:
            return int(place), masks, found
    raise Unsuitable(reason)
