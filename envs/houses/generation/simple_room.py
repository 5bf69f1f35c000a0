"""`RoomFurnisher`: finds places for the furniture of a rectangular room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..assets import Asset, Split, assets_of_type
from ..house import GroundPoint
from ..yaw_box import YawBox
from .simple_catalogue import PIECES, Piece
from .simple_plan import RoomPlan

AGENT_RADIUS = 0.25
"""Radius for which the room stays walkable, metres; a little more than AI2-THOR's agent has."""
CELL = 0.2
"""Metres between the points at which that is tested."""

_YAWS = {"west": 90.0, "north": 180.0, "east": 270.0, "south": 0.0}
_OFF_WALL = 0.02
_APART = 0.04
_FRONT = 0.6
_AISLE = 0.7
_ATTEMPTS = 12
_WALKABLE_SHARE = 0.75


@dataclass(frozen=True)
class Furniture:
    """A piece in its place.

    Attributes:
        asset: What it is.
        box: Where it is.
    """

    asset: Asset
    box: YawBox


class RoomFurnisher:
    """Furnishes one room so that an agent can walk between its doors and around.

    Args:
        plan: The room.
        doors: The space before each of its doors.
        windows: The space before each of its windows.
        split: Which assets may be used.
        random: Source of all choices.

    Attributes:
        placed: What stands in the room so far.
    """

    def __init__(
        self,
        plan: RoomPlan,
        doors: Sequence[YawBox],
        windows: Sequence[YawBox],
        split: Split,
        random: np.random.Generator,
    ) -> None:
        self.placed: list[Furniture] = []
        self._plan, self._doors, self._windows = plan, doors, windows
        self._split, self._random = split, random
        low, high = np.array(plan.low), np.array(plan.high)
        counts = np.floor((high - low) / CELL).astype(int)
        start = low + (high - low - (counts - 1) * CELL) / 2
        x, z = (first + CELL * np.arange(n) for first, n in zip(start, counts, strict=True))
        self._shape = (len(x), len(z))
        self._points = np.stack(np.meshgrid(x, z, indexing="ij"), axis=-1).reshape(-1, 2)
        self._clear = np.minimum(self._points - low, high - self._points).min(axis=1)
        self._door_cells = [
            int(np.argmin(np.hypot(*(self._points - (box.centre[0], box.centre[2])).T)))
            for box in doors
        ]

    def furnish(self) -> None:
        """Place what the room's type may have and what finds a place."""
        for piece in PIECES[self._plan.room_type]:
            if self._random.random() >= piece.chance:
                continue
            fitting = [
                asset
                for asset in assets_of_type(piece.kind)
                if asset.split in (self._split, None) and piece.fits(asset)
            ]
            for _ in range(_ATTEMPTS if fitting else 0):
                asset = fitting[self._random.integers(len(fitting))]
                box = self._candidate(piece, asset)
                if box is not None and self._add(piece, Furniture(asset, box)):
                    break

    def start(self) -> GroundPoint:
        """The point with most room around it, on a grid of 0.25 m."""
        points = np.round(self._points / 0.25) * 0.25
        low, high = np.array(self._plan.low), np.array(self._plan.high)
        clear = np.minimum(points - low, high - points).min(axis=1)
        for furniture in self.placed:
            clear = np.minimum(clear, furniture.box.distance(points))
        x, z = points[np.argmax(clear)]
        return float(x), float(z)

    def _candidate(self, piece: Piece, asset: Asset) -> YawBox | None:
        partner = next((f for f in self.placed if f.asset.object_type == piece.partner), None)
        if piece.partner and partner is None:
            return None
        if partner is not None and piece.place == "before":
            return self._before(partner, asset, piece)
        if partner is not None and piece.place == "beside":
            return self._beside(partner, asset, piece)
        if piece.place == "middle":
            return self._in_the_middle(asset)
        return self._at_a_wall(asset)

    def _at_a_wall(self, asset: Asset) -> YawBox | None:
        side = tuple(_YAWS)[self._random.integers(4)]
        start, end = (np.array(point) for point in self._plan.side(side))
        length = float(np.abs(end - start).sum())
        width, height, depth = asset.size
        rest = length - width - 2 * _OFF_WALL
        if rest < 0:
            return None
        left = float(self._random.uniform(0.0, rest))
        # A gap that is too narrow to be of use would look like a mistake.
        left = 0.0 if left < 0.4 else rest if rest - left < 0.4 else left
        along = (end - start) / length
        inward = np.array([along[1], -along[0]])
        x, z = start + along * (left + _OFF_WALL + width / 2) + inward * (_OFF_WALL + depth / 2)
        return YawBox((float(x), height / 2, float(z)), asset.size, _YAWS[side])

    def _in_the_middle(self, asset: Asset) -> YawBox | None:
        margin = AGENT_RADIUS * 2 + 0.3
        half = np.array([asset.size[0], asset.size[2]]) / 2 + margin
        quarter = bool(self._random.random() < 0.5)
        half = half[::-1] if quarter else half
        low, high = np.array(self._plan.low) + half, np.array(self._plan.high) - half
        if (low > high).any():
            return None
        x, z = self._random.uniform(low, high)
        yaw = 90.0 if quarter else 0.0
        return YawBox((float(x), asset.size[1] / 2, float(z)), asset.size, yaw)

    def _before(self, partner: Furniture, asset: Asset, piece: Piece) -> YawBox:
        """In front of a piece and turned to it; tables, in the middle, have two fronts."""
        back = partner.asset.object_type == "DiningTable" and self._random.random() < 0.5
        away = (partner.box.size[2] + asset.size[2]) / 2 + piece.gap
        x, z = partner.box.to_ground((0.0, -away if back else away))
        yaw = (partner.box.yaw + (0.0 if back else 180.0)) % 360
        return YawBox((x, asset.size[1] / 2, z), asset.size, yaw)

    def _beside(self, partner: Furniture, asset: Asset, piece: Piece) -> YawBox:
        away = (partner.box.size[0] + asset.size[0]) / 2 + piece.gap
        sign = 1.0 if self._random.random() < 0.5 else -1.0
        deep = (asset.size[2] - partner.box.size[2]) / 2
        x, z = partner.box.to_ground((sign * away, deep))
        return YawBox((x, asset.size[1] / 2, z), asset.size, partner.box.yaw)

    def _add(self, piece: Piece, furniture: Furniture) -> bool:
        """Place a piece unless something is in its way or it would be in an agent's."""
        box = furniture.box
        (x0, z0), (x1, z1) = self._plan.low, self._plan.high
        if not all(x0 <= x <= x1 and z0 <= z <= z1 for x, z in box.corners):
            return False
        if any(box.overlap(door) for door in self._doors):
            return False
        if any(box.top > 1.1 and box.overlap(window) for window in self._windows):
            return False
        for other in self.placed:
            partners = other.asset.object_type == piece.partner
            if box.grown(_APART).overlap(other.box):
                return False
            if partners:
                continue
            if _front(furniture).overlap(other.box) or _front(other).overlap(box):
                return False
            if piece.place == "middle" and box.grown(_AISLE).overlap(other.box):
                return False
        clear = np.minimum(self._clear, box.distance(self._points))
        if not self._is_walkable(clear):
            return False
        self._clear = clear
        self.placed.append(furniture)
        return True

    def _is_walkable(self, clear: np.ndarray) -> bool:
        """Whether an agent gets from each door to each other one and to most of the free floor."""
        free = clear >= AGENT_RADIUS
        labels = np.empty(self._shape, np.int32)
        ndimage.label(free.reshape(self._shape), output=labels)
        labels = labels.ravel()
        doors = {int(labels[cell]) for cell in self._door_cells}
        if len(doors) != 1 or 0 in doors:
            return False
        return np.count_nonzero(labels == doors.pop()) >= _WALKABLE_SHARE * np.count_nonzero(free)


def _front(furniture: Furniture) -> YawBox:
    """The space that someone who uses a piece needs before it; none before small ones."""
    box = furniture.box
    width, height, depth = box.size
    needed = _FRONT if min(width, depth) > 0.35 else 0.0
    x, z = box.to_ground((0.0, (depth + needed) / 2))
    return YawBox((x, box.centre[1], z), (width, height, needed), box.yaw)
