"""`RowBenchmark`: a benchmark whose every row is one sample."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import SpatuneError
from ..benchmark import Benchmark
from ..media import IMAGE_SUFFIXES, ImageData, ImageFile, Media, VideoFile
from ..rows import Row, check_unique, read_rows
from ..sample import Sample

NO_PICTURE = "a picture or video is missing"

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm")


class RowBenchmark(Benchmark):
    """Loads rows in order; a subclass says what one row means.

    `--data` is the row file (.parquet, .json, .jsonl) or the folder that holds it. Pictures are
    bytes in the rows, or paths relative to that folder.
    """

    def load(self, data: Path) -> tuple[Sample, ...]:
        """Samples of the rows; one whose picture is missing has a `skip` reason.

        Raises:
            SpatuneError: As in `Benchmark.load`.
        """
        folder = data if data.is_dir() else data.parent
        rows = enumerate(self.rows(data), 1)
        return check_unique(
            (self.sample(row, i, f"{data}: row {i}", folder) for i, row in rows), data
        )

    def rows(self, data: Path) -> Sequence[Row]:
        """Rows of the file or folder, as `read_rows` gives them.

        Raises:
            SpatuneError: As in `Benchmark.load`.
        """
        return read_rows(data)

    @abstractmethod
    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row.

        Args:
            row: The row.
            number: Its place in the file, from 1.
            where: File and row, for messages.
            folder: What paths in the row start from.

        Raises:
            SpatuneError: A field is missing or wrong.
        """


def row_id(row: Row, number: int, *names: str) -> str:
    """The first of the named fields that the row has, else its place as `row-3`."""
    for name in names:
        if row.get(name) is not None:
            return str(row[name])
    return f"row-{number}"


def row_media(
    row: Row, names: Sequence[str], where: str, folder: Path
) -> tuple[tuple[Media, ...], str]:
    """Pictures and videos of a row, and the reason to skip it (empty if all are there).

    Args:
        row: The row.
        names: Fields that may hold them; the first one that the row has is read. It holds one or a
            list of: bytes of a picture, an object with `bytes` or `path`, a path.
        where: File and row, for messages.
        folder: What paths start from.

    Raises:
        SpatuneError: The row has none of the fields, or an entry is none of these.
    """
    name = next((name for name in names if row.get(name) is not None), None)
    if name is None:
        raise SpatuneError(f"{where}: field {names[0]!r} is missing")
    entries = row[name] if isinstance(row[name], list) else [row[name]]
    if not entries:
        raise SpatuneError(f"{where}: field {name!r} is empty")
    media = tuple(_media(entry, f"{where}: field {name!r}", folder) for entry in entries)
    found = tuple(one for one in media if one is not None)
    return found, "" if len(found) == len(media) else NO_PICTURE


def _media(entry: Any, where: str, folder: Path) -> Media | None:
    """One picture or video; None if its file is missing."""
    if isinstance(entry, dict):
        entry = entry.get("bytes") or entry.get("path")
    if isinstance(entry, bytes) and entry:
        return ImageData(entry, where)
    if not isinstance(entry, str) or not entry:
        raise SpatuneError(f"{where} holds neither the bytes of a picture nor a path")
    path = folder / entry
    suffix = path.suffix.lower()
    if suffix not in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES):
        raise SpatuneError(f"{where}: {entry!r} is no file of a picture or video")
    if not path.is_file():
        return None
    return VideoFile(path) if suffix in VIDEO_SUFFIXES else ImageFile(path)
