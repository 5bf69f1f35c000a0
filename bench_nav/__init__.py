"""Navigation in AI2-THOR houses: metrics of an episode, and its map.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

if TYPE_CHECKING:
    from .map_picture import Target, Trip, draw_map
    from .metrics import episode_metrics, path_length, sel, soft_spl, spl
    from .top_down import MapBox, MapRoom, TopDownMap

__all__ = [
    "MapBox",
    "MapRoom",
    "Target",
    "TopDownMap",
    "Trip",
    "draw_map",
    "episode_metrics",
    "path_length",
    "sel",
    "soft_spl",
    "spl",
]

_MODULES = {
    "MapBox": ".top_down",
    "MapRoom": ".top_down",
    "Target": ".map_picture",
    "TopDownMap": ".top_down",
    "Trip": ".map_picture",
    "draw_map": ".map_picture",
    "episode_metrics": ".metrics",
    "path_length": ".metrics",
    "sel": ".metrics",
    "soft_spl": ".metrics",
    "spl": ".metrics",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
