"""`Look`: what one camera sees, by rays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .finding import Doubt
from .house_witness import HouseWitness
from .thing import Thing

ROWS = 192
"""Rows of the grid of rays over a picture; pictures have 224."""

TRACE, TWIN, NAMED = 0.0004, 0.0012, 0.005
"""Shares of a picture: below the first a thing is not there; from the second on, one more thing of
a category makes its name ambiguous; from the third on, a thing can be named. Generators say 0.0005
for the first two, and 0.006."""

_AXES = [0, 2, 1]


@dataclass(frozen=True, eq=False)
class Spot:
    """What a point of a picture shows.

    Attributes:
        owner: AI2-THOR's id, or empty.
        depth: Metres along the camera's axis.
        metres: Metres along the ray.
        point: (3,).
    """

    owner: str
    depth: float
    metres: float
    point: np.ndarray


@dataclass(frozen=True)
class Seen:
    """The visible part of a thing: share of the picture, extent (0 to 1), metres to the nearest."""

    share: float
    left: float
    right: float
    top: float
    bottom: float
    nearest: float


class Look:
    """One frame's camera in a house.

    Args:
        house: The house.
        camera: `camera` of an annotation line.

    Attributes:
        eye: (3,), plan frame.
        right: Unit vector (3,); so are `down` and `ahead`.
    """

    def __init__(self, house: HouseWitness, camera: Mapping[str, Any]) -> None:
        self.house = house
        self.eye = np.array(camera["position"], float)[_AXES]
        self.right, self.down, self.ahead = np.array(camera["axes"], float)[:, _AXES]
        self._slope = float(np.tan(np.radians(camera["fov"] / 2)))
        self._aspect = camera["width"] / camera["height"]

    @property
    def spot(self) -> complex:
        """Where the camera is on the plan."""
        return complex(self.eye[0], self.eye[1])

    @property
    def heading(self) -> complex:
        """Where it looks on the plan, of length 1."""
        ahead = complex(self.ahead[0], self.ahead[1])
        return ahead / abs(ahead)

    def rays(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Rays (N, 3) with a depth of one through points of the picture (fractions, N each)."""
        across = (2 * np.asarray(x) - 1) * self._slope * self._aspect
        below = (2 * np.asarray(y) - 1) * self._slope
        return self.ahead + across[:, None] * self.right + below[:, None] * self.down

    def at(self, x: float, y: float) -> Spot:
        """What a point of the picture shows."""
        ray = self.rays(np.array([x]), np.array([y]))
        hits = self.house.cast(self.eye, ray)
        metres = float(hits.metres[0])
        depth = metres / float(np.linalg.norm(ray))
        return Spot(self.house.names[hits.owners[0]], depth, metres, self.eye + depth * ray[0])

    def first_hits(self, points: np.ndarray) -> np.ndarray:
        """Who is hit first on the way to points (N, 3); -1 where they are out of the picture."""
        ways = points - self.eye
        x, y, depth = self.in_camera(points).T
        inside = (depth > 0.05) & (np.abs(x) <= depth * self._slope * self._aspect)
        inside &= np.abs(y) <= depth * self._slope
        return np.where(inside, self.house.cast(self.eye, ways).owners, -1)

    def in_camera(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) as metres to the right, downwards and ahead of the camera."""
        ways = points - self.eye
        return np.stack([ways @ self.right, ways @ self.down, ways @ self.ahead], axis=1)

    @cached_property
    def seen(self) -> dict[str, Seen]:
        """What of each thing a grid of rays hits, by id."""
        columns = round(ROWS * self._aspect)
        x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(ROWS) + 0.5) / ROWS)
        x, y = x.ravel(), y.ravel()
        hits = self.house.cast(self.eye, self.rays(x, y))
        found = {}
        for number in np.unique(hits.owners):
            name = self.house.names[number]
            if name in self.house.things:
                own = hits.owners == number
                found[name] = Seen(
                    share=float(own.mean()),
                    left=float(x[own].min()) - 0.5 / columns,
                    right=float(x[own].max()) + 0.5 / columns,
                    top=float(y[own].min()) - 0.5 / ROWS,
                    bottom=float(y[own].max()) + 0.5 / ROWS,
                    nearest=float(hits.metres[own].min()),
                )
        return found

    def share(self, thing: Thing) -> float:
        """Share of the picture that a thing has."""
        seen = self.seen.get(thing.id)
        return seen.share if seen else 0.0

    def only(self, category: str) -> Thing:
        """What `the <category>` names in this picture.

        Raises:
            Doubt: Nothing, or several things.
        """
        group = self.house.categories.get(category, ())
        shown = sorted(group, key=lambda thing: -self.share(thing))
        if not shown or self.share(shown[0]) < NAMED:
            raise Doubt(f"no {category} in the picture")
        if len(shown) > 1 and self.share(shown[1]) >= TWIN:
            raise Doubt(f"more than one {category} in the picture")
        return shown[0]
