"""`write_atomically`: a text file that is whole at every moment."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import SpatuneError


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` so that a kill leaves the old file or the new one, never a part.

    Raises:
        SpatuneError: The disk does not take it; the old file is as it was.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise disk_error(path, error) from None
    sync_directory(path.parent)


def disk_error(path: Path, error: OSError) -> SpatuneError:
    """The line for a file that the disk does not take: no room, over the quota, read-only."""
    return SpatuneError(
        f"{path}: {error.strerror}; what is finished is kept: make room, then give the same "
        "command again"
    )


def sync_directory(directory: Path) -> None:
    """Put the names of a directory's files on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
