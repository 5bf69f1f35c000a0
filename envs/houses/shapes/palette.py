"""`PAINTS`: the colours that assets are painted with, by kind of surface."""

from __future__ import annotations

from ..house import Colour

PAINTS: dict[str, tuple[Colour, ...]] = {
    "wood": (
        (0.55, 0.36, 0.20),
        (0.42, 0.26, 0.14),
        (0.68, 0.49, 0.30),
        (0.76, 0.60, 0.41),
        (0.33, 0.21, 0.13),
    ),
    "metal": ((0.62, 0.64, 0.66), (0.48, 0.50, 0.53), (0.30, 0.31, 0.33)),
    "steel": ((0.74, 0.76, 0.78), (0.66, 0.68, 0.70)),
    "appliance": ((0.88, 0.89, 0.90), (0.70, 0.72, 0.74), (0.80, 0.81, 0.82), (0.20, 0.20, 0.22)),
    "glass": ((0.66, 0.82, 0.86), (0.60, 0.78, 0.84)),
    "plastic": ((0.88, 0.88, 0.86), (0.22, 0.23, 0.25), (0.72, 0.20, 0.18), (0.20, 0.38, 0.62)),
    "fabric": (
        (0.42, 0.45, 0.50),
        (0.24, 0.33, 0.47),
        (0.62, 0.55, 0.45),
        (0.50, 0.24, 0.22),
        (0.30, 0.42, 0.36),
        (0.74, 0.70, 0.63),
    ),
    "cloth": (
        (0.20, 0.42, 0.70),
        (0.74, 0.24, 0.26),
        (0.24, 0.56, 0.48),
        (0.86, 0.62, 0.22),
        (0.52, 0.32, 0.60),
    ),
    "ceramic": (
        (0.16, 0.34, 0.66),
        (0.44, 0.24, 0.52),
        (0.24, 0.46, 0.62),
        (0.60, 0.30, 0.36),
    ),
    "paper": ((0.90, 0.89, 0.84), (0.84, 0.83, 0.79)),
    "leaf": ((0.16, 0.45, 0.14), (0.22, 0.52, 0.18), (0.12, 0.38, 0.16)),
    "earthenware": ((0.72, 0.38, 0.22), (0.58, 0.32, 0.20), (0.86, 0.84, 0.80)),
    "stone": ((0.66, 0.64, 0.60), (0.50, 0.48, 0.46), (0.36, 0.35, 0.36)),
}

WHITE: Colour = (0.94, 0.94, 0.93)
CREAM: Colour = (0.93, 0.90, 0.82)
LIGHT_GREY: Colour = (0.76, 0.77, 0.78)
GREY: Colour = (0.52, 0.53, 0.55)
DARK_GREY: Colour = (0.24, 0.25, 0.27)
BLACK: Colour = (0.06, 0.06, 0.07)
STEEL: Colour = (0.74, 0.76, 0.78)
BRASS: Colour = (0.80, 0.66, 0.30)
SCREEN: Colour = (0.03, 0.04, 0.06)
LIT_SCREEN: Colour = (0.35, 0.62, 0.92)
GLASS: Colour = (0.66, 0.82, 0.88)
WATER: Colour = (0.50, 0.70, 0.84)
SOIL: Colour = (0.22, 0.14, 0.09)
STEM: Colour = (0.36, 0.24, 0.12)
RED: Colour = (0.80, 0.14, 0.12)
GREEN: Colour = (0.25, 0.62, 0.22)
BLUE: Colour = (0.15, 0.35, 0.75)
YELLOW: Colour = (0.95, 0.80, 0.20)
ORANGE: Colour = (0.90, 0.42, 0.10)
CARDBOARD: Colour = (0.74, 0.57, 0.38)


def shaded(colour: Colour, factor: float) -> Colour:
    """The colour made darker (factor below 1) or lighter (above 1)."""
    red, green, blue = (min(1.0, max(0.0, channel * factor)) for channel in colour)
    return red, green, blue
