"""`overlap`: how much of what one frame shows another frame shows as well."""

from __future__ import annotations

import numpy as np

from ..scenes.trajectory import Frame

DEPTH_TOLERANCE = 0.03
"""Share of the depth, and at least as many metres, by which the same surface may differ."""

_GRID = 16


def points_at(frame: Frame, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Points (N, 3) of the scene, metres, at the centres of a labelled frame's pixels (N,)."""
    assert frame.labels is not None, "the frame has no labels"
    depth = frame.labels.depth[rows, columns]
    return frame.camera.unproject(columns + 0.5, rows + 0.5, depth)


def seen_at(frame: Frame, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where points of surfaces appear in a labelled frame.

    Args:
        frame: The frame.
        points: Points (N, 3), metres.

    Returns:
        Columns (N,) and rows (N,) of pixels, clipped to the image, and the metres (N,) by which
        each point lies behind what its pixel shows: about 0 where it is seen, infinite where it is
        outside the image.
    """
    assert frame.labels is not None, "the frame has no labels"
    pixels = frame.camera.project(points)
    height, width = frame.labels.depth.shape
    ahead = pixels[:, 2] > 0.05
    places = np.where(ahead[:, None], pixels[:, :2], -1.0)
    inside = ahead & (places >= 0).all(axis=1) & (places < [width, height]).all(axis=1)
    columns = np.clip(places[:, 0], 0, width - 1).astype(int)
    rows = np.clip(places[:, 1], 0, height - 1).astype(int)
    behind = pixels[:, 2] - frame.labels.depth[rows, columns]
    return columns, rows, np.where(inside, behind, np.inf)


def is_seen(behind: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Whether points are what their pixels show, by the depth test.

    Args:
        behind: As `seen_at` returns it.
        distances: Metres from the camera (N,).
    """
    return np.abs(behind) <= DEPTH_TOLERANCE * np.maximum(distances, 1.0)


def overlap(first: Frame, second: Frame) -> float:
    """Share (0 to 1) of the first frame's picture that the second shows too, on a coarse grid.

    Both frames need labels. What is nearer than a wall of the world counts; the far plane does
    not.
    """
    return min(_one_way(first, second), _one_way(second, first))


def _one_way(first: Frame, second: Frame) -> float:
    assert first.labels is not None, "the frame has no labels"
    height, width = first.labels.depth.shape
    steps = (np.arange(_GRID) + 0.5) / _GRID
    columns, rows = np.meshgrid((steps * width).astype(int), (steps * height).astype(int))
    columns, rows = columns.ravel(), rows.ravel()
    something = first.labels.owners[rows, columns] > 0
    points = points_at(first, columns, rows)
    _, _, behind = seen_at(second, points)
    away = np.linalg.norm(points - second.camera.position, axis=1)
    return float((something & is_seen(behind, away)).mean())
