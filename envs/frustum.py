"""Which spheres a camera cannot see, directly or through a mirror."""

from __future__ import annotations

import numpy as np

_SLACK = 1e-3


def outside_frustum(
    centres: np.ndarray,
    radii: np.ndarray,
    position: np.ndarray,
    rotation: np.ndarray,
    fov_y: float,
    aspect: float,
) -> np.ndarray:
    """Tell the spheres that lie wholly outside a camera's view; near and far planes do not count.

    Args:
        centres: Centres (N, 3), m, world.
        radii: Radii (N,), m; a millimetre is added, so that rounding never hides what shows.
        position: Camera position (3,), m, world.
        rotation: Camera axes as columns (3, 3): right, up, backward.
        fov_y: Vertical field of view, rad.
        aspect: Width of the image by its height.

    Returns:
        bool (N,): true where no point of the sphere projects into the image.
    """
    right, up, backward = ((centres - position) @ rotation).T
    tan_y = np.tan(fov_y / 2)
    outside = np.zeros(len(centres), bool)
    for across, slope in ((right, tan_y * aspect), (up, tan_y)):
        # Distance to the two side planes, which meet in the camera and open towards -backward.
        beyond = (np.abs(across) + backward * slope) / np.hypot(1.0, slope)
        outside |= beyond > radii + _SLACK
    return outside


def apart_from(
    centre: np.ndarray, radius: float, centres: np.ndarray, radii: np.ndarray, position: np.ndarray
) -> np.ndarray:
    """Tell the spheres that a camera sees wholly beside another one, whatever lies in front.

    Args:
        centre: Centre of the one sphere (3,), m, world.
        radius: Its radius, m.
        centres: Centres of the others (N, 3), m, world.
        radii: Their radii (N,), m.
        position: Camera position (3,), m, world.

    Returns:
        bool (N,): true where no ray from the camera meets both spheres.
    """
    to_one, to_others = centre - position, centres - position
    distance = np.linalg.norm(to_one)
    distances = np.maximum(np.linalg.norm(to_others, axis=1), 1e-9)
    cosines = (to_others @ to_one) / (distances * max(distance, 1e-9))
    apparent = np.arcsin(np.minimum((radii + _SLACK) / distances, 1.0))
    own = np.arcsin(min((radius + _SLACK) / max(distance, 1e-9), 1.0))
    inside = (distances <= radii + _SLACK) | (distance <= radius + _SLACK)
    return ~inside & (np.arccos(np.clip(cosines, -1.0, 1.0)) > apparent + own)
