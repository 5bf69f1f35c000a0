"""`Support`: where small objects may rest on or in a piece of furniture.

The places are those that the shapes of `envs/houses/shapes` have: seats, boards and tops at the
same heights, so that what is placed here is drawn resting on what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .assets import Asset
from .house import Vector

COUNTER_DEPTH = 0.61
"""Depth of kitchen counters, metres."""
HANGERS = {"TowelHolder", "HandTowelHolder", "ToiletPaperHanger"}
"""Types of furniture on which things hang."""
HIDING = {"Fridge", "GarbageCan"}
"""Types whose contents cannot be seen."""

_EDGE = 0.01
_HIGHEST = 1.3

Span = tuple[float, float]
"""From and to, as shares of the furniture's extent: 0 left or back, 1 right or front."""

_WHOLE: Span = (0.0, 1.0)


@dataclass(frozen=True)
class Support:
    """A horizontal area.

    Attributes:
        height: Metres above the furniture's lower face.
        low: Least (x, z) of the area in the furniture's frame, about its centre, metres.
        high: Greatest (x, z), metres.
        clearance: Free height above the area, metres.
    """

    height: float
    low: tuple[float, float]
    high: tuple[float, float]
    clearance: float = math.inf

    @property
    def area(self) -> float:
        """Square metres."""
        return (self.high[0] - self.low[0]) * (self.high[1] - self.low[1])


def supports(asset: Asset) -> tuple[Support, ...]:
    """Where things rest on or in an asset; its top for types that have no rule of their own."""
    if asset.object_type == "CounterTop":
        return _counter(asset.size, asset.id.split("_")[1])
    if asset.object_type == "Chair" and "office" in asset.id:
        height = asset.size[1]
        return (_area(asset.size, 0.5 * height, (0.13, 0.87), (0.16, 0.9)),)
    if asset.object_type == "Box" and "Decorative" not in asset.id:
        return (_area(asset.size, 0.06 * asset.size[1], (0.08, 0.92), (0.08, 0.9)),)
    rule = _RULES.get(asset.object_type)
    return rule(asset.size) if rule else (_area(asset.size, asset.size[1]),)


def _area(
    size: Vector, height: float, x: Span = _WHOLE, z: Span = _WHOLE, clearance: float = math.inf
) -> Support:
    width, _, depth = size
    return Support(
        height,
        ((x[0] - 0.5) * width + _EDGE, (z[0] - 0.5) * depth + _EDGE),
        ((x[1] - 0.5) * width - _EDGE, (z[1] - 0.5) * depth - _EDGE),
        clearance,
    )


def _chair(size: Vector) -> tuple[Support, ...]:
    seat = max(0.42 * size[1], min(0.58 * size[1], 0.46))
    return (_area(size, seat, (0.02, 0.98), (0.1, 0.98)),)


def _armchair(size: Vector) -> tuple[Support, ...]:
    width, height, depth = size
    seat = max(0.4, min(0.62, 0.44 / height)) + 0.06
    arm, back = min(0.2, 0.16 / width), min(0.25, 0.18 / depth)
    return (_area(size, seat * height, (arm, 1 - arm), (back, 0.98)),)


def _sofa(size: Vector) -> tuple[Support, ...]:
    width, height, depth = size
    seat = max(0.42, min(0.6, 0.44 / height))
    arm, back = min(0.2, 0.2 / width), min(0.3, 0.24 / depth)
    front = 1.0 if depth < 1.25 else 0.95 / depth
    return (_area(size, seat * height, (arm, 1 - arm), (back, 0.98 * front)),)


def _bed(size: Vector) -> tuple[Support, ...]:
    """The cover, in front of the pillows; of a bunk bed the lower one."""
    width, height, _ = size
    if height <= 1.6:
        top = min(0.86, 0.56 / height)
        return (_area(size, top * height, (0.03, 0.97), (0.4, 0.92)),)
    top = 0.132 * height + 0.3
    above = 0.66 * height if width < 1.4 else 0.97 * height
    return (_area(size, top, (0.08, 0.92), (0.36, 0.95), above - top),)


def _desk(size: Vector) -> tuple[Support, ...]:
    """The board in front of the shelves that some have, and the wing of a deep one."""
    width, height, depth = size
    shelves = height >= 1.1
    board = 0.75 if shelves else height
    back = min(0.5, 0.3 / depth) if shelves else 0.0
    front = 1.0 if depth < 1.2 else 0.65 / depth
    areas = [_area(size, board, _WHOLE, (back, front))]
    if depth >= 1.2:
        areas.append(_area(size, board, (0.0, 0.65 / width), (front, 1.0)))
    return tuple(areas)


def _round_table(size: Vector) -> tuple[Support, ...]:
    """Tables as wide as they are deep are round."""
    width, height, depth = size
    inner = (0.15, 0.85) if abs(width - depth) < 0.03 * width else _WHOLE
    return (_area(size, height, inner, inner),)


def _shelves(size: Vector) -> tuple[Support, ...]:
    width, height, _ = size
    board, side = min(0.25, 0.025 / height), min(0.25, 0.03 / width)
    levels = max(2, min(6, round(height / 0.4)))
    spacing = (1 - board) / levels
    columns: tuple[Span, ...] = ((side, 1 - side),)
    if width > 1.0:
        columns = ((side, 0.5 - side / 2), (0.5 + side / 2, 1 - side))
    areas = [
        _area(size, (level * spacing + board) * height, x, (0.06, 0.98), (spacing - board) * height)
        for level in range(levels)
        for x in columns
    ]
    if height < _HIGHEST:
        areas.append(_area(size, height, (0.02, 0.98), (0.03, 0.98)))
    return tuple(areas)


def _fridge(size: Vector) -> tuple[Support, ...]:
    """Shelves behind the door."""
    shelves = (0.36, 0.52, 0.68)
    return tuple(
        _area(size, share * size[1], (0.08, 0.92), (0.08, 0.82), 0.15 * size[1])
        for share in shelves
    )


def _basin(size: Vector) -> tuple[Support, ...]:
    """The bottom of a sink on both sides of its drain."""
    bottom = 0.25 * size[1] if size[1] < 0.4 else size[1] - 0.15
    return tuple(_area(size, bottom, x, (0.25, 0.88)) for x in ((0.13, 0.45), (0.55, 0.87)))


def _cistern(size: Vector) -> tuple[Support, ...]:
    """On both sides of the button."""
    height = 0.985 * size[1]
    return tuple(_area(size, height, x, (0.0, 0.25)) for x in ((0.0, 0.43), (0.57, 1.0)))


def _coffee_machine(size: Vector) -> tuple[Support, ...]:
    return (_area(size, size[1], _WHOLE, (0.0, 0.4)),)


def _vessel(size: Vector) -> tuple[Support, ...]:
    """The bottom of something hollow and roughly round."""
    return (_area(size, 0.1 * size[1], (0.2, 0.8), (0.2, 0.8)),)


def _plate(size: Vector) -> tuple[Support, ...]:
    return (_area(size, size[1], (0.15, 0.85), (0.15, 0.85)),)


def _counter(size: Vector, shape: str) -> tuple[Support, ...]:
    """Straight counters and islands; L has a wing at the front of its left side, C of both."""
    width, height, depth = size
    if shape not in ("L", "C"):
        return (_area(size, height),)
    side, back = COUNTER_DEPTH / width, COUNTER_DEPTH / depth
    areas = [_area(size, height, _WHOLE, (0.0, back)), _area(size, height, (0.0, side), (back, 1))]
    if shape == "C":
        areas.append(_area(size, height, (1 - side, 1.0), (back, 1.0)))
    return tuple(area for area in areas if area.high > area.low)


_RULES: dict[str, Callable[[Vector], tuple[Support, ...]]] = {
    "ArmChair": _armchair,
    "Bed": _bed,
    "Bowl": _vessel,
    "Chair": _chair,
    "CoffeeMachine": _coffee_machine,
    "CoffeeTable": _round_table,
    "Desk": _desk,
    "DiningTable": _round_table,
    "Fridge": _fridge,
    "GarbageCan": _vessel,
    "Mug": _vessel,
    "Pan": _vessel,
    "Plate": _plate,
    "Pot": _vessel,
    "ShelvingUnit": _shelves,
    "Sink": _basin,
    "Sofa": _sofa,
    "Toilet": _cistern,
}
