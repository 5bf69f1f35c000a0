"""`Media`: pictures and videos of a sample, opened only when it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import SpatuneError, first_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Images = list[NDArray[np.uint8]]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


class Media(Protocol):
    """One picture or one video."""

    def count(self, frames: int) -> int:
        """How many pictures `load` gives, known without opening anything."""
        ...

    def load(self, frames: int) -> Images:
        """Pictures as uint8 (H, W, 3) RGB arrays; `frames` of them for a video.

        Raises:
            SpatuneError: It is not there or cannot be read.
        """
        ...


@dataclass(frozen=True)
class ImageFile:
    """A picture in a file."""

    path: Path

    def count(self, frames: int) -> int:
        """One."""
        return 1

    def load(self, frames: int) -> Images:
        """The picture."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise SpatuneError(f"{self.path}: {error.strerror}") from None
        return [decode_image(data, str(self.path))]


@dataclass(frozen=True)
class ImageData:
    """A picture in memory, as the bytes of a PNG or JPEG file.

    Attributes:
        data: The bytes.
        name: Where they come from, for messages.
    """

    data: bytes
    name: str

    def count(self, frames: int) -> int:
        """One."""
        return 1

    def load(self, frames: int) -> Images:
        """The picture."""
        return [decode_image(self.data, self.name)]


@dataclass(frozen=True)
class VideoFile:
    """A video, shown as `frames` pictures at even distances from its first to its last."""

    path: Path

    def count(self, frames: int) -> int:
        """`frames`."""
        return frames

    def load(self, frames: int) -> Images:
        """The pictures."""
        from .video import read_frames

        return read_frames(self.path, frames)


@dataclass(frozen=True)
class FrameFolder:
    """A video as a folder of pictures, in the order of their names.

    Attributes:
        path: The folder.
        ending: Where names (without suffix) end with it, only those pictures are shown.
    """

    path: Path
    ending: str = ""

    def count(self, frames: int) -> int:
        """`frames`."""
        return frames

    def load(self, frames: int) -> Images:
        """`frames` of the pictures at even distances, the first and the last among them."""
        from .video import even_places

        if not self.path.is_dir():
            raise SpatuneError(f"{self.path}: no such folder of frames")
        files = sorted(p for p in self.path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        files = [file for file in files if file.stem.endswith(self.ending)] or files
        if not files:
            raise SpatuneError(f"{self.path}: the folder holds no picture")
        return [ImageFile(files[place]).load(1)[0] for place in even_places(len(files), frames)]


def find_video(places: Iterable[Path], ending: str = "") -> VideoFile | FrameFolder | None:
    """The video `{place}.mp4`, or the folder of pictures `{place}/`, of the first place with one.

    Args:
        places: Paths without a suffix.
        ending: That of `FrameFolder`.
    """
    for place in places:
        film = place.with_name(f"{place.name}.mp4")
        if film.is_file():
            return VideoFile(film)
        if place.is_dir():
            return FrameFolder(place, ending)
    return None


def decode_image(data: bytes, name: str) -> NDArray[np.uint8]:
    """A picture file's bytes as a uint8 (H, W, 3) RGB array.

    Raises:
        SpatuneError: They are no picture that Pillow reads.
    """
    import numpy as np
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SpatuneError(f"{name}: not a readable picture: {first_line(error)}") from None
