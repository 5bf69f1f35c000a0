"""`MetricViews`: pictures of metric questions at one focal length."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ...errors import SpatuneError
from ..fov import UnifiedView, unify_camera
from ..generation.jobs import trajectory_folder
from ..questions.question import Question
from ..scenes.pinhole import Pinhole
from ..scenes.simsv import read_trajectory

METRIC_TASKS = frozenset(
    ("object_box_3d", "object_camera_distance", "objects_distance_in_image", "point_depth")
)
"""Questions on a single image whose answers are in metres."""


class MetricViews:
    """How the pictures of metric questions are rescaled.

    Args:
        data: What `spatune data generate` wrote.
        focal: Wanted focal length, pixels.
        patch: Widths and heights become multiples of it, pixels.

    Raises:
        SpatuneError: A number is not above 0.
    """

    def __init__(self, data: Path, focal: float, patch: int) -> None:
        if focal <= 0 or patch < 1:
            raise SpatuneError(f"--unify-fov {focal} and --patch {patch}: give values above 0")
        self._data, self._focal, self._patch = data, focal, patch
        self._cameras = lru_cache(maxsize=256)(_cameras)

    def view(self, question: Question) -> UnifiedView | None:
        """The rescaling of a question's picture; None where the answer is not metric.

        Raises:
            SpatuneError: The camera of the picture is not in the data.
        """
        if question.task not in METRIC_TASKS:
            return None
        folder = trajectory_folder(self._data, question.scene, question.trajectory)
        cameras, (index,) = self._cameras(folder), question.frames
        if index not in cameras:
            raise SpatuneError(f"{folder}: no camera of frame {index}; generate it again")
        return unify_camera(cameras[index], multiple=self._patch, target=self._focal)


def _cameras(folder: Path) -> dict[int, Pinhole]:
    return {frame.index: frame.camera for frame in read_trajectory(folder).frames}
