"""`target_types`: what ObjectNav may send an agent to in a house."""

from __future__ import annotations

from .assets import find_asset
from .house import House
from .supports import HIDING

TARGET_TYPES = (
    "AlarmClock",
    "Apple",
    "BaseballBat",
    "BasketBall",
    "Bowl",
    "GarbageCan",
    "HousePlant",
    "Laptop",
    "Mug",
    "SprayBottle",
    "Television",
    "Vase",
)
"""ObjectNav's target types (RoboTHOR)."""


def target_types(house: House) -> tuple[str, ...]:
    """The target types of which the house has an object in sight."""
    kinds = {
        find_asset(thing.asset_id).object_type
        for thing, parent in house.all_objects()
        if parent is None or find_asset(parent.asset_id).object_type not in HIDING
    }
    return tuple(kind for kind in TARGET_TYPES if kind in kinds)
