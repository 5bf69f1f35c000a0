"""Pictures of training samples: where they are, and their pixels."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SpatuneError, first_line


@dataclass(frozen=True)
class ParquetPicture:
    """A picture whose bytes stand in a parquet file: row, and place in the column `images`."""

    file: Path
    row: int
    place: int


@dataclass(frozen=True)
class VideoFrame:
    """Frame `place` of `count`, at even distances from the first to the last one of a video."""

    file: Path
    place: int
    count: int


@dataclass(frozen=True)
class ArrayFrame:
    """Entry `place` of an array (N, H, W, 3) of uint8 in a `.npy` file, such as `spatune frames`
    writes; in LLaVA's form `file.npy#place`.
    """

    file: Path
    place: int


Picture = Path | ParquetPicture | VideoFrame | ArrayFrame


class PictureCache:
    """Decoded pictures, as many as fit into some memory; questions about one walk share them.

    Args:
        megabytes: Memory for pixels.
    """

    def __init__(self, megabytes: int = 512) -> None:
        self._limit, self._held = megabytes * 1_000_000, 0
        self._pixels: OrderedDict[Picture, NDArray[np.uint8]] = OrderedDict()

    def __getitem__(self, picture: Picture) -> NDArray[np.uint8]:
        """uint8 (H, W, 3) RGB, which must not be written to.

        Raises:
            SpatuneError: It is missing or damaged.
        """
        if picture in self._pixels:
            self._pixels.move_to_end(picture)
            return self._pixels[picture]
        pixels = decode(picture)
        self._pixels[picture] = pixels
        self._held += pixels.nbytes
        while self._held > self._limit and len(self._pixels) > 1:
            self._held -= self._pixels.popitem(last=False)[1].nbytes
        return pixels


def decode(picture: Picture) -> NDArray[np.uint8]:
    """Pixels of a picture, uint8 (H, W, 3) RGB.

    Raises:
        SpatuneError: It is missing or damaged.
    """
    from PIL import Image

    if isinstance(picture, ArrayFrame):
        array = _array(picture.file)
        if picture.place >= len(array):
            raise SpatuneError(
                f"{picture.file} has {len(array)} pictures, none at {picture.place}; it is not the "
                "file that the data were made with"
            )
        return np.asarray(array[picture.place])
    if isinstance(picture, VideoFrame):
        return _video_frames(picture.file, picture.count)[picture.place]
    stored: Any = picture if isinstance(picture, Path) else io.BytesIO(_parquet_bytes(picture))
    try:
        with Image.open(stored) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise SpatuneError(f"picture {picture} cannot be read: {first_line(error)}") from None


@lru_cache(maxsize=8)
def _column(file: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(file, columns=["images"], memory_map=True)["images"]


def _parquet_bytes(picture: ParquetPicture) -> bytes:
    entry = _column(picture.file)[picture.row].as_py()[picture.place]
    if entry.get("bytes"):
        return entry["bytes"]
    try:
        return Path(entry["path"]).read_bytes()
    except (OSError, TypeError) as error:
        where = f"row {picture.row} of {picture.file}"
        raise SpatuneError(f"{where} has no picture: {first_line(error)}") from None


@lru_cache(maxsize=16)
def _array(file: Path) -> NDArray[np.uint8]:
    try:
        array = np.load(file, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise SpatuneError(f"{file} is no array of pictures: {first_line(error)}") from None
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[-1] != 3:
        raise SpatuneError(
            f"{file} is no array of pictures: it holds {array.dtype} {array.shape}, not uint8 "
            "(N, H, W, 3)"
        )
    return array


@lru_cache(maxsize=4)
def _video_frames(file: Path, count: int) -> NDArray[np.uint8]:
    import imageio.v3 as iio

    try:
        frames = iio.imread(file, plugin="pyav")
    except (OSError, ValueError, IndexError) as error:
        raise SpatuneError(f"video {file} cannot be read: {first_line(error)}") from None
    places = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return np.ascontiguousarray(frames[places])
