"""`Sketch`: where a template draws the parts of one asset."""

from __future__ import annotations

import hashlib
import math

from ..assets import Asset
from ..house import Colour, Vector
from .palette import PAINTS, shaded
from .part import AXES, Axis, Kind, Part

Span = tuple[float, float]
"""From and to, as shares of the asset's extent: 0 left, bottom or back; 1 right, top or front."""

FULL: Span = (0.0, 1.0)

# The thinnest part, and how far a round part may stay short of each face of its oval place.
_THINNEST = 0.001
_SLACK = 0.0009


class Sketch:
    """The parts of one asset so far, and the choices that tell it from others of its type.

    Places are shares of the asset's bounding box, so that one template fits every size of a type;
    `share` turns metres into shares.

    Methods:
        box, ball, cylinder, oval: Add a part that fills a place.
        lean: Add a tilted part that fills a place.
        panel: Add a thin plate on the front of a box.
        legs: Add four legs.
        share, pick, paint, chance: Lengths, colours and variants.
    """

    def __init__(self, asset: Asset) -> None:
        self.asset = asset
        self.parts: list[Part] = []

    def share(self, axis: Axis, metres: float, most: float = 0.25) -> float:
        """Metres as a share of the asset's extent along an axis, at most `most`."""
        return min(most, metres / self._extent(axis))

    def chance(self, key: str) -> float:
        """A number in [0, 1) that depends on the asset's id and the key alone."""
        digest = hashlib.sha256(f"{self.asset.id}|{key}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def pick(self, key: str, colours: tuple[Colour, ...]) -> Colour:
        """One of the colours, a little lighter or darker; the same for the same asset and key."""
        colour = colours[int(self.chance(key) * len(colours))]
        return shaded(colour, 0.92 + 0.16 * self.chance(key + "|shade"))

    def paint(self, key: str, *surfaces: str) -> Colour:
        """A colour of the first of these surfaces that the asset is made of, else of the last."""
        materials = {material.lower() for material in self.asset.materials}
        surface = next((name for name in surfaces if name in materials), surfaces[-1])
        return self.pick(key, PAINTS[surface])

    def box(
        self, colour: Colour, x: Span = FULL, y: Span = FULL, z: Span = FULL, *, leaf: bool = False
    ) -> Part:
        """Add a box."""
        centre, size = self._place(x, y, z)
        return self._add(Part("box", centre, size, colour, leaf=leaf))

    def ball(self, colour: Colour, x: Span = FULL, y: Span = FULL, z: Span = FULL) -> Part:
        """Add an ellipsoid."""
        centre, size = self._place(x, y, z)
        return self._add(Part("ellipsoid", centre, size, colour))

    def cylinder(
        self,
        colour: Colour,
        x: Span = FULL,
        y: Span = FULL,
        z: Span = FULL,
        axis: Axis = "y",
        *,
        leaf: bool = False,
    ) -> Part:
        """Add the widest cylinder that stands in the middle of a place."""
        centre, size = self._place(x, y, z)
        along = AXES.index(axis)
        width = min(extent for index, extent in enumerate(size) if index != along)
        size = _with(_uniform(width), along, size[along])
        return self._add(Part("cylinder", centre, size, colour, axis, leaf=leaf))

    def oval(
        self,
        colour: Colour,
        x: Span = FULL,
        y: Span = FULL,
        z: Span = FULL,
        axis: Axis = "y",
    ) -> None:
        """Fill a place with a cylinder, or with one at each end if the place is not square."""
        _, size = self._place(x, y, z)
        (wide, long_side), (narrow, _) = sorted(
            ((extent, name) for name, extent in zip(AXES, size, strict=True) if name != axis),
            reverse=True,
        )
        spans = {"x": x, "y": y, "z": z}
        if wide - narrow <= 2 * _SLACK:
            self.cylinder(colour, x, y, z, axis)
            return
        low, high = spans[long_side]
        depth = (high - low) * narrow / wide
        for span in ((low, low + depth), (high - depth, high)):
            spans[long_side] = span
            self.cylinder(colour, spans["x"], spans["y"], spans["z"], axis)

    def lean(
        self,
        colour: Colour,
        x: Span = FULL,
        y: Span = FULL,
        z: Span = FULL,
        *,
        about: Axis,
        thick: float,
        back: bool = False,
        kind: Kind = "box",
    ) -> Part:
        """Add a part that stretches from one edge of a place to the opposite one.

        Args:
            colour: Its colour.
            x: Place.
            y: Place.
            z: Place.
            about: What it is turned about: x (from the lower back to the upper front edge), y
                (from the back left to the front right) or z (from the lower left to the upper
                right).
            thick: How thick it is, metres; at most nine tenths of the place's lesser side.
            back: Whether it stretches between the other two edges.
            kind: A cylinder stretches its axis and is as wide as it is thick.
        """
        centre, size = self._place(x, y, z)
        first = AXES.index(about)
        second, third = (first + 1) % 3, (first + 2) % 3
        run, rise = size[second], size[third]
        thick = min(thick, 0.9 * run, 0.9 * rise)
        length, angle = _diagonal(run, rise, thick, round_ends=kind == "ellipsoid")
        across = thick if kind == "cylinder" else size[first]
        extents = _with(_with(_uniform(thick), first, across), second, length)
        angle = math.degrees(-angle if back else angle)
        return self._add(Part(kind, centre, extents, colour, AXES[second], angle, about))

    def panel(self, on: Part, colour: Colour, margin: float, thick: float) -> Part:
        """Add a plate on the front (z) of a box: `margin` and `thick` in metres."""
        normal = tuple(row[2] for row in on.rotation())
        lift = (on.size[2] + thick) / 2
        x, y, z = (at + lift * step for at, step in zip(on.centre, normal, strict=True))
        size = (on.size[0] - 2 * margin, on.size[1] - 2 * margin, thick)
        return self._add(Part("box", (x, y, z), size, colour, tilt=on.tilt, tilt_axis=on.tilt_axis))

    def legs(
        self,
        colour: Colour,
        top: float,
        thick: float,
        x: Span = FULL,
        z: Span = FULL,
        *,
        round_legs: bool = False,
    ) -> None:
        """Add four legs from the floor to the share `top`, `thick` metres wide, in the corners."""
        wide, deep = self.share("x", thick), self.share("z", thick)
        for left in (x[0], x[1] - wide):
            for rear in (z[0], z[1] - deep):
                x_span, z_span = (left, left + wide), (rear, rear + deep)
                if round_legs:
                    self.cylinder(colour, x_span, (0.0, top), z_span)
                else:
                    self.box(colour, x_span, (0.0, top), z_span)

    def _extent(self, axis: Axis) -> float:
        return self.asset.size[AXES.index(axis)]

    def _place(self, *spans: Span) -> tuple[Vector, Vector]:
        """Centre and size in metres of a place; a thinner one than `_THINNEST` is widened."""
        centre, size = [], []
        for (low, high), whole in zip(spans, self.asset.size, strict=True):
            extent = max((high - low) * whole, _THINNEST)
            middle = ((low + high) / 2 - 0.5) * whole
            room = (whole - extent) / 2
            centre.append(min(room, max(-room, middle)))
            size.append(extent)
        return (centre[0], centre[1], centre[2]), (size[0], size[1], size[2])

    def _add(self, part: Part) -> Part:
        self.parts.append(part)
        return part


def _uniform(extent: float) -> Vector:
    return extent, extent, extent


def _with(vector: Vector, index: int, value: float) -> Vector:
    x, y, z = (value if at == index else kept for at, kept in enumerate(vector))
    return x, y, z


def _diagonal(run: float, rise: float, thick: float, *, round_ends: bool) -> tuple[float, float]:
    """Length and angle (radians) of a bar whose bounding rectangle is `run` by `rise`."""
    if round_ends:
        length_squared = run**2 + rise**2 - thick**2
        cos_squared = (run**2 - thick**2) / (length_squared - thick**2)
        return math.sqrt(length_squared), math.acos(math.sqrt(cos_squared))
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        if run * math.sin(angle) + thick * math.cos(2 * angle) < rise * math.cos(angle):
            low = angle
        else:
            high = angle
    if angle < math.pi / 4:
        return (run - thick * math.sin(angle)) / math.cos(angle), angle
    return (rise - thick * math.cos(angle)) / math.sin(angle), angle
