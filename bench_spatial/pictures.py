"""`PictureLoader`: a sample's pictures in the size that the model is to see."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from .media import Media
from .sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .media import Images

MOST_KEPT = 256_000_000
"""Pictures are asked about many times in a row; so many bytes of them stay in memory."""


class PictureLoader:
    """Opens and shrinks pictures, and keeps the last few.

    Args:
        frames: Pictures of a video.
        image_size: Longest side in pixels; larger pictures are shrunk to it. None leaves all.
    """

    def __init__(self, frames: int, image_size: int | None) -> None:
        self.frames, self.image_size = frames, image_size
        self._kept: OrderedDict[Media, Images] = OrderedDict()
        self._bytes = 0

    def load(self, sample: Sample) -> Images:
        """All pictures of a sample, uint8 (H, W, 3) RGB, in order.

        Raises:
            SpatuneError: One cannot be read.
        """
        return [picture for media in sample.media for picture in self._media(media)]

    def _media(self, media: Media) -> Images:
        if media not in self._kept:
            pictures = media.load(self.frames)
            self._kept[media] = [shrink(picture, self.image_size) for picture in pictures]
            self._bytes += _size(self._kept[media])
        self._kept.move_to_end(media)
        while self._bytes > MOST_KEPT and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])
        return self._kept[media]


def _size(pictures: Images) -> int:
    return sum(picture.nbytes for picture in pictures)


def shrink(picture: NDArray[np.uint8], longest: int | None) -> NDArray[np.uint8]:
    """A picture (H, W, 3) whose longest side is at most `longest` pixels, bicubic with
    antialiasing.
    """
    height, width = picture.shape[:2]
    if longest is None or max(height, width) <= longest:
        return picture
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def pictures_sha256(pictures: Images) -> str:
    """Digest of shapes and pixels."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(f"{picture.shape}\n".encode())
        digest.update(np.ascontiguousarray(picture).tobytes())
    return digest.hexdigest()
