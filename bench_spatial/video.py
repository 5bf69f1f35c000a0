"""`read_frames`: pictures of a video at even distances."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpatuneError, first_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_MISSING = 0.1
"""Share of its declared frames that a whole video may lack; containers are often off by a few."""


def even_places(total: int, count: int) -> list[int]:
    """`count` places among `total` at even distances, the first and (for two or more) the last.

    The rule of VSI-Bench's harness: a linear space cut to whole numbers. Places repeat where
    `total` is smaller than `count`.

    >>> even_places(10, 4)
    [0, 3, 6, 9]
    """
    import numpy as np

    if total < 1 or count < 1:
        raise SpatuneError(f"{count} pictures of {total} cannot be shown; use 1, 2, ...")
    return np.linspace(0, total - 1, count, dtype=int).tolist()


def read_frames(path: Path, count: int) -> list[NDArray[np.uint8]]:
    """`count` pictures of a video, uint8 (H, W, 3) RGB.

    Raises:
        SpatuneError: There is no such file, it is no readable video, or a large part is missing.
    """
    from av.error import FFmpegError

    if not path.is_file():
        raise SpatuneError(f"{path}: no such video")
    try:
        declared = _declared_frames(path)
        found, seen = _decode(path, even_places(declared, count))
        if found is None:
            if seen < (1 - MOST_MISSING) * declared:
                raise SpatuneError(f"{path}: damaged video: {seen} of {declared} frames")
            found, _ = _decode(path, even_places(seen, count))
    except (FFmpegError, OSError) as error:
        raise SpatuneError(f"{path}: not a readable video: {first_line(error)}") from None
    assert found is not None
    return found


def _declared_frames(path: Path) -> int:
    """Frames that the container names, or else the number of its video packets."""
    import av

    with av.open(str(path)) as container:
        if not container.streams.video:
            raise SpatuneError(f"{path}: the file holds no video")
        stream = container.streams.video[0]
        total = stream.frames or sum(packet.size > 0 for packet in container.demux(stream))
    if not total:
        raise SpatuneError(f"{path}: the video holds no frame")
    return total


def _decode(path: Path, places: list[int]) -> tuple[list[NDArray[np.uint8]] | None, int]:
    """Pictures at those places in rising order; None and the number seen if it ends before."""
    import av
    import numpy as np

    wanted = set(places)
    pictures: dict[int, NDArray[np.uint8]] = {}
    seen = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for index, frame in enumerate(container.decode(stream)):
            if index in wanted:
                pictures[index] = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            seen = index + 1
            if seen > places[-1]:
                return [pictures[place] for place in places], seen
    return None, seen
