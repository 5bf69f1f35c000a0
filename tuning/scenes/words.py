"""`words_of`: what people call a category of AI2-THOR."""

from __future__ import annotations

import re

_NAMES = {
    "ArmChair": "armchair",
    "BasketBall": "basketball",
    "CD": "CD",
    "DVD": "DVD",
    "GarbageCan": "trash can",
    "HousePlant": "house plant",
    "RemoteControl": "remote control",
    "TVStand": "TV stand",
    "Television": "television",
}


def words_of(object_type: str) -> str:
    """Plain words: `CoffeeTable` becomes `coffee table`; text with spaces stays as it is."""
    if object_type in _NAMES:
        return _NAMES[object_type]
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z]|\b|_)|[A-Z]?[a-z0-9]+|[A-Z]+", object_type)
    return " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
