"""`painted_pixels`: where an object is in the images that a policy gets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...envs.libero import LiberoEnv

_PAINT = np.array([1.0, 0.0, 1.0, 1.0])
_LEAST_CHANGE = 24


def painted_pixels(
    env: LiberoEnv, name: str, before: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Pixels of the observation's images that change when an object is painted.

    This needs no segmentation and no camera matrix, so it can judge both.

    Args:
        env: A scene; it keeps its state and its colours.
        name: Name of an object or fixture.
        before: The images without paint, by observation key.

    Returns:
        bool (height, width) by observation key, in the orientation of the observation.
    """
    model = env.sim.model
    ids = env.sim.core.model.instances_to_ids[name]
    geoms = list(ids["geom"] if isinstance(ids, dict) else ids)
    materials, colours = model.geom_matid[geoms], model.geom_rgba[geoms]
    model.geom_matid[geoms] = -1
    # Collision shapes lie in a group that is not drawn, so paint shows on visual ones alone.
    model.geom_rgba[geoms] = _PAINT
    try:
        env.draw()
    finally:
        model.geom_matid[geoms], model.geom_rgba[geoms] = materials, colours
    return {
        key: np.abs(image.astype(int) - before[key]).max(axis=-1) >= _LEAST_CHANGE
        for key, image in env.images.items()
    }
