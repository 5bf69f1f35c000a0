"""Which objects an agent sees: those with a pixel that is near enough."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..houses.renderer import Images


def seen(images: Images, field_of_view: float, horizon: float, reach: float) -> np.ndarray:
    """Owners of which some pixel is within `reach` of the vertical line through the camera.

    This is AI2-THOR's rule (a point of the object in view, unobstructed, near in the horizontal)
    with the pixels as its points.

    Args:
        images: Depth and owners of one camera without roll.
        field_of_view: Vertical, degrees.
        horizon: Degrees that the camera looks down.
        reach: Metres.

    Returns:
        bool (O,), by index in `HouseModel.owners` up to the highest that was seen.
    """
    assert images.depth is not None and images.owners is not None, "seen needs depth and owners"
    height, width = images.depth.shape
    near = images.depth * _horizontal(height, width, field_of_view, horizon) <= reach
    counts = np.bincount(images.owners[near])
    found = counts > 0
    if len(found):
        found[0] = False
    return found


@lru_cache(maxsize=64)
def _horizontal(height: int, width: int, field_of_view: float, horizon: float) -> np.ndarray:
    """Horizontal metres from the camera's vertical line per metre of depth, float32 (H, W)."""
    slope = np.tan(np.radians(field_of_view) / 2)
    across = ((np.arange(width) + 0.5) / width * 2 - 1) * slope * width / height
    up = (1 - (np.arange(height) + 0.5) / height * 2) * slope
    down = np.radians(horizon)
    forward = np.cos(down) + up * np.sin(down)
    return np.hypot(forward[:, None], across[None, :]).astype(np.float32)
