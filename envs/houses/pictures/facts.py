"""`HouseFacts`: what a line of text says about a house."""

from __future__ import annotations

from dataclasses import dataclass

from ..house import House
from ..polygon import signed_area


@dataclass(frozen=True)
class HouseFacts:
    """How big and how full a house is.

    Attributes:
        rooms: Number of rooms.
        objects: Number of objects, small ones included.
        floor: Area of all floors, square metres.
    """

    rooms: int
    objects: int
    floor: float

    @classmethod
    def of(cls, house: House) -> HouseFacts:
        """Count a house."""
        return cls(
            rooms=len(house.rooms),
            objects=sum(1 for _ in house.all_objects()),
            floor=sum(abs(signed_area(room.floor)) for room in house.rooms),
        )

    def __str__(self) -> str:
        rooms = f"{self.rooms} room{'' if self.rooms == 1 else 's'}"
        return f"{rooms}, {self.objects} objects, {self.floor:.0f} m2"
