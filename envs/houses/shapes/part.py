"""`Part`: one coloured primitive of an asset."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ....errors import SpatuneError
from ..house import Colour, Vector

Kind = Literal["box", "cylinder", "ellipsoid"]
Axis = Literal["x", "y", "z"]
Matrix = tuple[Vector, Vector, Vector]

AXES: tuple[Axis, Axis, Axis] = ("x", "y", "z")


@dataclass(frozen=True)
class Part:
    """One primitive, in the asset's frame (x right, y up, z its front, origin at the box's centre).

    Attributes:
        kind: `box`, `cylinder` or `ellipsoid`.
        centre: Its centre, metres.
        size: Full extents along its own axes, metres. The two across a cylinder's axis are equal.
        colour: Its colour.
        axis: Which of its own axes a cylinder stands along.
        tilt: Degrees that it is turned about `tilt_axis` through its centre: about x, y turns
            toward z; about y, z toward x; about z, x toward y. These are Unity's angles.
        tilt_axis: What it is turned about.
        leaf: Whether it belongs to the leaf of a door, which is not in the way when that is open.

    Raises:
        SpatuneError: An extent is not positive, or a cylinder is not round.
    """

    kind: Kind
    centre: Vector
    size: Vector
    colour: Colour
    axis: Axis = "y"
    tilt: float = 0.0
    tilt_axis: Axis = "x"
    leaf: bool = False

    def __post_init__(self) -> None:
        if min(self.size) <= 0:
            raise SpatuneError(f"a part of size {self.size}; make every extent positive")
        if self.kind == "cylinder":
            across = [
                extent for axis, extent in zip(AXES, self.size, strict=True) if self._on(axis)
            ]
            if abs(across[0] - across[1]) > 1e-9:
                raise SpatuneError(
                    f"a cylinder along {self.axis} of size {self.size}; "
                    "make its two extents across that axis equal"
                )

    def rotation(self) -> Matrix:
        """Rows of the matrix that takes the part's own axes to the asset's."""
        if not self.tilt:
            return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        cos, sin = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        if self.tilt_axis == "x":
            return ((1.0, 0.0, 0.0), (0.0, cos, -sin), (0.0, sin, cos))
        if self.tilt_axis == "y":
            return ((cos, 0.0, sin), (0.0, 1.0, 0.0), (-sin, 0.0, cos))
        return ((cos, -sin, 0.0), (sin, cos, 0.0), (0.0, 0.0, 1.0))

    def bounds(self) -> tuple[Vector, Vector]:
        """The lowest and the highest corner of its axis-aligned bounding box, metres, exactly."""
        x, y, z = (self._reach(row) for row in self.rotation())
        cx, cy, cz = self.centre
        return (cx - x, cy - y, cz - z), (cx + x, cy + y, cz + z)

    def _on(self, axis: Axis) -> bool:
        """Whether that axis lies across a cylinder."""
        return axis != self.axis

    def _reach(self, direction: Vector) -> float:
        """How far it reaches from its centre in a direction (a unit vector in its own frame)."""
        halves = [
            abs(component) * extent / 2
            for component, extent in zip(direction, self.size, strict=True)
        ]
        if self.kind == "box":
            return sum(halves)
        if self.kind == "ellipsoid":
            return math.hypot(*halves)
        along = AXES.index(self.axis)
        radius = self.size[along - 1] / 2
        return halves[along] + radius * math.sqrt(max(0.0, 1.0 - direction[along] ** 2))
