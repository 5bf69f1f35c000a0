"""`UnifiedView`: an image rescaled to the focal length that all images share.

VST unifies cameras so that a metre at some depth takes the same number of pixels in every image:
all images are rescaled to the focal length of a 960-pixel-wide image with a horizontal field of
view of 69.16 degrees. A processor of patches would round the new size once more and let the focal
length drift, so that the size is rounded to whole patches here, and the text for the model states
the focal length that comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ..errors import SpatuneError
from .scenes.pinhole import Pinhole

UNIFIED_FOCAL = 960 / (2 * math.tan(math.radians(69.16) / 2))
"""VST's focal length, pixels: 696.3."""

AXES_TEXT = "X points right, Y points down, Z points forward"


@dataclass(frozen=True)
class UnifiedView:
    """Maps an image of a known camera to one of about `UNIFIED_FOCAL`; the field of view stays.

    Width and height are rounded on their own to multiples of the patch, so that the two focal
    lengths differ from the wanted one and from each other, by less than a patch over the image.

    Attributes:
        source_size: Width and height of the image as it was taken, pixels.
        source_focal: Its focal lengths along columns and rows, pixels.
        source_centre: Its principal point (column, row), pixels from the left and upper edge.
        size: Width and height after rescaling, pixels.
    """

    source_size: tuple[int, int]
    source_focal: tuple[float, float]
    source_centre: tuple[float, float]
    size: tuple[int, int]

    @cached_property
    def scale(self) -> tuple[float, float]:
        """New pixels per old pixel, along columns and rows."""
        return self.size[0] / self.source_size[0], self.size[1] / self.source_size[1]

    @property
    def focal(self) -> tuple[float, float]:
        """Effective focal lengths (fx, fy) of the rescaled image, pixels."""
        return self.source_focal[0] * self.scale[0], self.source_focal[1] * self.scale[1]

    @property
    def centre(self) -> tuple[float, float]:
        """Principal point (cx, cy) of the rescaled image, pixels."""
        return self.source_centre[0] * self.scale[0], self.source_centre[1] * self.scale[1]

    @property
    def hfov(self) -> float:
        """Horizontal field of view, degrees, from the left to the right edge."""
        return _angle(self.size[0], self.focal[0], self.centre[0])

    @property
    def vfov(self) -> float:
        """Vertical field of view, degrees, from the upper to the lower edge."""
        return _angle(self.size[1], self.focal[1], self.centre[1])

    @property
    def intrinsics(self) -> np.ndarray:
        """Matrix (3, 3) that takes camera coordinates to pixels of the rescaled image times Z."""
        (fx, fy), (cx, cy) = self.focal, self.centre
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])

    @property
    def text(self) -> str:
        """What a model must know of the camera before a metric question."""
        (width, height), (fx, fy) = self.size, self.focal
        return (
            f"Camera: image width {width} px, height {height} px, focal length fx {fx:.1f} px, "
            f"fy {fy:.1f} px, horizontal field of view {self.hfov:.2f} degrees, vertical field of "
            f"view {self.vfov:.2f} degrees. Camera coordinates in meters: {AXES_TEXT}."
        )

    def to_unified(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (..., 2; column, row; 0 at the left and upper edge) after rescaling."""
        return np.asarray(pixels, float) * np.array(self.scale)

    def to_source(self, pixels: np.ndarray) -> np.ndarray:
        """Inverse of `to_unified`."""
        return np.asarray(pixels, float) / np.array(self.scale)

    def resize(
        self, image: np.ndarray, method: Literal["lanczos", "bicubic"] = "lanczos"
    ) -> np.ndarray:
        """Rescale an image.

        Args:
            image: uint8 (H, W, 3) of `source_size`.
            method: Filter.

        Returns:
            uint8 of `size`.

        Raises:
            SpatuneError: The image has another size.
        """
        from PIL import Image

        if image.shape[:2] != self.source_size[::-1]:
            raise SpatuneError(
                f"the image is {image.shape[1]} x {image.shape[0]}, its camera makes "
                f"{self.source_size[0]} x {self.source_size[1]}; unify with the image's own size"
            )
        filters = {"lanczos": Image.Resampling.LANCZOS, "bicubic": Image.Resampling.BICUBIC}
        return np.asarray(Image.fromarray(image).resize(self.size, filters[method]))


def unify(
    size: tuple[int, int],
    focal: tuple[float, float],
    *,
    multiple: int = 28,
    centre: tuple[float, float] | None = None,
    target: float = UNIFIED_FOCAL,
) -> UnifiedView:
    """The rescaling of a camera's images to one focal length.

    Args:
        size: Width and height, pixels.
        focal: fx and fy, pixels.
        multiple: Width and height become the nearest multiples of it: the patch of the vision
            tower times its merging, 28 for Qwen2.5-VL and 32 for Qwen3-VL.
        centre: Principal point (cx, cy), pixels; None for the middle of the image.
        target: Wanted focal length, pixels.

    Raises:
        SpatuneError: A size, a focal length or the multiple is not above zero.
    """
    numbers = (*size, *focal, multiple, target)
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        raise SpatuneError(f"size {size}, focal {focal}, multiple {multiple}: give values above 0")
    width, height = (
        max(1, round(length * target / f / multiple)) * multiple
        for length, f in zip(size, focal, strict=True)
    )
    middle = (size[0] / 2, size[1] / 2) if centre is None else centre
    return UnifiedView(size, focal, middle, (width, height))


def unify_camera(
    camera: Pinhole, *, multiple: int = 28, target: float = UNIFIED_FOCAL
) -> UnifiedView:
    """`unify` for the camera of a frame."""
    return unify(
        (camera.width, camera.height),
        (camera.focal, camera.focal),
        multiple=multiple,
        target=target,
    )


def _angle(length: int, focal: float, centre: float) -> float:
    return math.degrees(math.atan(centre / focal) + math.atan((length - centre) / focal))
