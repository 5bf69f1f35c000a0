"""`RenderHousesConfig`, `CheckHousesConfig`: arguments of `spatune houses render` and `check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

HouseView = Literal["top", "room", "depth", "objects"]


@dataclass(frozen=True)
class RenderHousesConfig:
    """Pictures of houses.

    Writes a folder a house: `top.png`, and for each room a picture from where an agent sees most.
    """

    houses: Positional[tuple[str, ...]]
    """`train`, `val`, `test` or `all` of the package's houses, names of them, JSON files, or
    folders that `spatune houses generate` filled."""
    out: Path
    """Folder of the pictures."""
    views: tuple[HouseView, ...] = ("top", "room")
    """`top`: a map. `room`: colours as an agent sees them, a view a room. `depth`: the same views,
    white at 0 m, black from 8 m on. `objects`: the same views, a colour an object, with a list of
    the colours in `objects.json`."""
    size: int = 448
    """Height and width of every picture, pixels."""
    sheet: bool = False
    """Write `sheet.png` too: all houses on one page."""
    skin: Literal["libero"] | None = None
    """`libero`: bowls, mugs and plates are LIBERO's meshes, which take some seconds to read."""


@dataclass(frozen=True)
class CheckHousesConfig:
    """Are houses valid, unchanged, and good for navigation?

    Checks the JSON, the geometry, the content hash that the name or the index promises, whether an
    agent can get into every room, and whether every object is within one.
    """

    houses: Positional[tuple[str, ...]] = ("all",)
    """As for `spatune houses render`."""
