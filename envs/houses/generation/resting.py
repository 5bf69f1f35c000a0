"""`rest_on` and `fallen`: where a small object comes to rest on a piece of furniture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..assets import Asset
from ..house import Vector
from ..supports import HANGERS, Support, supports
from ..yaw_box import YawBox

_ATTEMPTS = 40
_TOUCH = 1e-3
_SUNK = 0.02


def rest_on(
    furniture: Asset,
    where: YawBox,
    size: Vector,
    others: Sequence[YawBox],
    random: np.random.Generator,
) -> YawBox | None:
    """A random place where a box rests wholly on the furniture and touches nothing else.

    Args:
        furniture: The asset that holds it.
        where: The furniture's box.
        size: Extents of what is placed, metres.
        others: Boxes that it must keep clear of; not the furniture's own.
        random: Source of the place.

    Returns:
        The box, or None when no free place was found.
    """
    if furniture.object_type in HANGERS:
        return _hang(furniture.object_type, where, size, others)
    near = [other for other in others if _is_near(where, other)]
    areas = [area for area in supports(furniture) if _has_room(area, size)]
    shares = np.cumsum([area.area for area in areas])
    for attempt in range(_ATTEMPTS if areas else 0):
        area = areas[int(np.searchsorted(shares, random.random() * shares[-1]))]
        # Long things fit only along the furniture, so later attempts are square to it.
        turn = random.random() * 360 if attempt < _ATTEMPTS // 2 else 90.0 * random.integers(4)
        width, _, depth = YawBox((0.0, 0.0, 0.0), size, float(turn)).extent
        free_x = area.high[0] - area.low[0] - width
        free_z = area.high[1] - area.low[1] - depth
        if free_x < 0 or free_z < 0:
            continue
        x, z = where.to_ground(
            (
                area.low[0] + width / 2 + random.random() * free_x,
                area.low[1] + depth / 2 + random.random() * free_z,
            )
        )
        y = where.bottom + area.height + size[1] / 2
        found = YawBox((x, y, z), size, float(where.yaw + turn) % 360)
        if all(found.overlap(other) < _TOUCH for other in near):
            return found
    return None


def fallen(furniture: Asset, where: YawBox, box: YawBox, kind: str) -> YawBox:
    """Where a box comes to rest that was let go above a piece of furniture.

    ProcTHOR puts what belongs to a bed or a sofa on top of its bounding box and leaves it to
    Unity's physics to bring it down to the mattress or the seat.

    Args:
        furniture: The asset below.
        where: The furniture's box.
        box: The box that falls, straight down.
        kind: Its object type; taps stand on the rim of a sink.
    """
    if furniture.object_type in HANGERS or kind == "Faucet":
        return box
    below = [
        area for area in supports(furniture) if where.bottom + area.height < box.bottom + _SUNK
    ]
    if not below:
        return box
    x, z = where.to_own((box.centre[0], box.centre[2]))

    def miss(area: Support) -> float:
        return max(area.low[0] - x, x - area.high[0], area.low[1] - z, z - area.high[1], 0.0)

    area = min(below, key=lambda area: (miss(area), -area.height))
    height = where.bottom + area.height + box.size[1] / 2
    return YawBox((box.centre[0], height, box.centre[2]), box.size, box.yaw)


def _is_near(where: YawBox, other: YawBox) -> bool:
    """Whether something is at, over or under a piece of furniture's footprint."""
    x, _, z = other.centre
    level = YawBox((x, where.centre[1], z), other.size, other.yaw)
    return where.overlap(level) > 0.0


def _has_room(area: Support, size: Vector) -> bool:
    """Whether a box fits into an area at all."""
    long_side = max(area.high[0] - area.low[0], area.high[1] - area.low[1])
    short_side = min(area.high[0] - area.low[0], area.high[1] - area.low[1])
    fits = max(size[0], size[2]) <= long_side and min(size[0], size[2]) <= short_side
    return fits and area.clearance > size[1]


def _hang(kind: str, where: YawBox, size: Vector, others: Sequence[YawBox]) -> YawBox | None:
    """Draped over a rail, or turning on it as a roll of paper does."""
    x, y, z = where.centre
    height = y if kind == "ToiletPaperHanger" else where.top - size[1] / 2
    found = YawBox((x, height, z), size, where.yaw)
    if found.bottom < 0.0 or any(found.overlap(other) > _TOUCH for other in others):
        return None
    return found
