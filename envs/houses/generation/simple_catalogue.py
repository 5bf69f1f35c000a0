"""`PIECES` and `SMALL_THINGS`: what furnishes the rooms of simple houses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..assets import Asset

Place = Literal["wall", "beside", "before", "middle"]


@dataclass(frozen=True)
class Piece:
    """A piece of furniture that a room may have.

    Attributes:
        kind: Object type.
        chance: How likely it is there.
        place: With its back to a wall, or relative to `partner`: beside it at the same wall, or
            before it and facing it; `middle` is away from walls.
        partner: Object type of the piece that it belongs to, which is placed before it.
        gap: Metres to the partner.
        fits: Which assets will do.
    """

    kind: str
    chance: float = 1.0
    place: Place = "wall"
    partner: str = ""
    gap: float = 0.05
    fits: Callable[[Asset], bool] = lambda asset: True


def _no_corner(asset: Asset) -> bool:
    return asset.size[2] < 1.0 and asset.size[0] < 2.6


def _straight(asset: Asset) -> bool:
    return asset.size[0] < 3.2 and asset.size[2] < 0.7


def _low(asset: Asset) -> bool:
    return asset.size[1] < 1.0 and asset.size[0] < 1.8 and asset.size[2] < 1.0


def _wide(asset: Asset) -> bool:
    return 1.0 < asset.size[0] < 2.0


def _standing(asset: Asset) -> bool:
    return asset.size[1] > 0.6


def _bed(asset: Asset) -> bool:
    return asset.size[1] < 1.3 and asset.size[0] < 1.9


def _shelves(asset: Asset) -> bool:
    return asset.size[0] < 1.2


def _small_table(asset: Asset) -> bool:
    return asset.size[0] < 0.85 and asset.size[1] < 0.9


def _dining(asset: Asset) -> bool:
    return asset.size[0] < 1.6 and asset.size[1] < 0.95


PIECES: dict[str, tuple[Piece, ...]] = {
    "Kitchen": (
        Piece("Fridge"),
        Piece("CounterTop", fits=_straight),
        Piece("DiningTable", 0.75, "middle", fits=_dining),
        Piece("Chair", 0.9, "before", "DiningTable"),
        Piece("GarbageCan", 0.9),
        Piece("ShelvingUnit", 0.4, fits=_shelves),
        Piece("Stool", 0.4),
    ),
    "LivingRoom": (
        Piece("Sofa", fits=_no_corner),
        Piece("TVStand", fits=_wide),
        Piece("CoffeeTable", 0.7, "before", "Sofa", 0.45),
        Piece("SideTable", 0.6, fits=_small_table),
        Piece("ArmChair", 0.6),
        Piece("ShelvingUnit", 0.6, fits=_shelves),
        Piece("FloorLamp", 0.6),
        Piece("HousePlant", 0.6, fits=_standing),
    ),
    "Bedroom": (
        Piece("Bed", fits=_bed),
        Piece("SideTable", 0.9, "beside", "Bed", fits=_small_table),
        Piece("Dresser", 0.9, fits=_no_corner),
        Piece("Desk", 0.7, fits=_low),
        Piece("Chair", 0.9, "before", "Desk"),
        Piece("FloorLamp", 0.4),
        Piece("GarbageCan", 0.4),
        Piece("HousePlant", 0.4, fits=_standing),
    ),
    "Bathroom": (
        Piece("Toilet"),
        Piece("Sink", fits=_standing),
        Piece("GarbageCan", 0.7),
        Piece("SideTable", 0.4, fits=_small_table),
    ),
}
"""Furniture by room type, in the order in which it finds its place."""

SMALL_THINGS: dict[str, tuple[str, ...]] = {
    "Bed": ("Pillow", "Laptop", "Book", "TeddyBear"),
    "CoffeeTable": ("Vase", "Bowl", "Laptop", "Mug", "RemoteControl", "Book", "Statue"),
    "CounterTop": (
        "Mug", "Bowl", "Apple", "SprayBottle", "Toaster", "CoffeeMachine", "Bread", "Pot",
        "Plate", "Tomato", "SoapBottle", "Kettle",
    ),
    "Desk": ("Laptop", "Mug", "AlarmClock", "DeskLamp", "Book", "Pen", "CellPhone"),
    "DiningTable": ("Bowl", "Apple", "Vase", "Mug", "Laptop", "Plate", "Bread", "Book"),
    "Dresser": ("AlarmClock", "Vase", "SprayBottle", "Statue", "Candle", "TissueBox"),
    "ShelvingUnit": ("Vase", "BasketBall", "AlarmClock", "Book", "Statue", "Candle"),
    "SideTable": ("AlarmClock", "Vase", "SprayBottle", "Mug", "Book", "CellPhone", "TissueBox"),
    "Sofa": ("Pillow", "Laptop", "RemoteControl"),
    "Toilet": ("SprayBottle", "ToiletPaper", "SoapBar", "Candle"),
}  # fmt: skip
"""What lies on furniture, by the furniture's type; ObjectNav's targets come first."""

FIXED = (
    "ArmChair", "Bed", "Chair", "CounterTop", "Desk", "DiningTable", "Dresser", "Fridge",
    "ShelvingUnit", "SideTable", "Sink", "Sofa", "TVStand", "Television", "Toilet",
)  # fmt: skip
"""Types that stay where they are put, as in ProcTHOR's houses."""
