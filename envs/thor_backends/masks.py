"""`SegmentedImage`: masks and boxes of the objects in an image of colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

BACKGROUND = "background"
"""Class of the pixels whose colour no object has, found by name and never listed."""

_OPAQUE = 0xFF << 24

Labels = tuple[int, ...]
Box = tuple[int, int, int, int]


class LazyMapping[Value](Mapping[str, Value]):
    """Names that an image shows -> what is computed for them at first use, then kept."""

    def __init__(
        self,
        listed: Callable[[], Mapping[str, Labels]],
        find: Callable[[str], Labels],
        compute: Callable[[Labels], Value],
    ) -> None:
        self._listed, self._find, self._compute = listed, find, compute
        self._known: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._known:
            labels = self._find(name)
            if not labels:
                raise KeyError(name)
            self._known[name] = self._compute(labels)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._find(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed())

    def __len__(self) -> int:
        return len(self._listed())


class SegmentedImage:
    """Which object each pixel shows, found in one pass over the image at first use.

    The pass cuts the image's rows into runs of one colour, so that sorting colours and finding
    boxes costs what the runs cost (hundreds) and not what the pixels cost (tens of thousands).

    Args:
        ids: uint8 (H, W, 4), a colour with alpha 255 in each pixel, row 0 on top.
        colors: AI2-THOR's `metadata["colors"]`: a `name` and a `color` [r, g, b] each. Names with
            a `|` are objects, and their class is the part before it; other names are classes.
    """

    def __init__(self, ids: np.ndarray, colors: Sequence[Mapping[str, Any]]) -> None:
        self._ids, self._colors = ids, colors
        self.instance_masks = LazyMapping(self._objects, self._object, self._mask)
        """Object id -> bool (H, W)."""
        self.class_masks = LazyMapping(self._classes, self._class, self._mask)
        """Class -> bool (H, W)."""
        self.instance_boxes = LazyMapping(self._objects, self._object, self._box)
        """Object id -> (left, top, right, bottom), the outermost pixels of the object."""
        self.class_boxes = LazyMapping(self._classes, self._class, self._boxes)
        """Class -> the box of each of its objects."""

    @cached_property
    def _runs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Colours (sorted); then of each run its place there, its first and its last pixel."""
        height, width = self._ids.shape[:2]
        codes = np.ascontiguousarray(self._ids).view("<u4").reshape(height * width)
        begins = np.ones(codes.size, bool)
        np.not_equal(codes[1:], codes[:-1], out=begins[1:])
        begins[::width] = True
        first = np.flatnonzero(begins)
        last = np.append(first[1:], codes.size) - 1
        unique, places = np.unique(codes[first], return_inverse=True)
        return unique, places, first, last

    @cached_property
    def _labels(self) -> np.ndarray:
        """The place of each pixel's colour among the colours, uint8 where they fit, (H, W)."""
        unique, places, first, last = self._runs
        kind = np.uint8 if len(unique) <= 256 else np.uint32
        return np.repeat(places.astype(kind), last - first + 1).reshape(self._ids.shape[:2])

    @cached_property
    def _names(self) -> tuple[dict[str, Labels], dict[str, Labels], Labels]:
        """The labels of each object, of each class, and of colours without a name."""
        places = {code: place for place, code in enumerate(self._runs[0].tolist())}
        objects: dict[str, Labels] = {}
        classes: dict[str, Labels] = {}
        nameless = dict.fromkeys(places.values())
        for entry in self._colors:
            red, green, blue = entry["color"]
            place = places.get(red | green << 8 | blue << 16 | _OPAQUE)
            if place is None:
                continue
            nameless.pop(place, None)
            name = entry["name"]
            kind, bar, _ = name.partition("|")
            if bar:
                objects[name] = (place,)
            classes[kind] = (*classes.get(kind, ()), place)
        return objects, classes, tuple(nameless)

    def _objects(self) -> dict[str, Labels]:
        return self._names[0]

    def _classes(self) -> dict[str, Labels]:
        return self._names[1]

    def _object(self, name: str) -> Labels:
        return self._names[0].get(name, ())

    def _class(self, name: str) -> Labels:
        return self._names[2] if name == BACKGROUND else self._names[1].get(name, ())

    def _mask(self, labels: Labels) -> np.ndarray:
        mask = self._labels == labels[0]
        for label in labels[1:]:
            mask |= self._labels == label
        return mask

    def _box(self, labels: Labels) -> Box:
        _, places, first, last = self._runs
        width = self._ids.shape[1]
        runs = np.flatnonzero(places == labels[0])
        left, right = (first[runs] % width).min(), (last[runs] % width).max()
        return int(left), int(first[runs[0]] // width), int(right), int(first[runs[-1]] // width)

    def _boxes(self, labels: Labels) -> tuple[Box, ...]:
        return tuple(self._box((label,)) for label in labels)
