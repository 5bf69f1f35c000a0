"""`Palette`: many colours in one texture, so that a mesh of many colours is one drawing call."""

from __future__ import annotations

import numpy as np

from .house import Colour

_ACROSS = 64
_BLOCK = 2


class Palette:
    """Gives each colour a texture coordinate, and draws the texture in the end.

    A colour fills a block of pixels whose centre is its coordinate, so that interpolation between
    pixels never mixes two colours.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[int, int, int], int] = {}

    def coordinates(self, colour: Colour) -> tuple[float, float]:
        """Texture coordinates of a colour, which is added if it is new."""
        red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in colour)
        place = self._places.setdefault((red, green, blue), len(self._places))
        return (place % _ACROSS + 0.5) / _ACROSS, (place // _ACROSS + 0.5) / _ACROSS

    def texture(self) -> np.ndarray:
        """The picture, uint8 (P, P, 3), row 0 at texture coordinate v = 0.

        Raises:
            ValueError: There are more colours than the picture has room for.
        """
        if len(self._places) > _ACROSS**2:
            raise ValueError(f"{len(self._places)} colours; the palette holds {_ACROSS**2}")
        blocks = np.zeros((_ACROSS**2, 3), np.uint8)
        blocks[: len(self._places)] = list(self._places)
        picture = blocks.reshape(_ACROSS, _ACROSS, 3)
        return picture.repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)
