"""Content digests of files and folders: what derived data and weights came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .errors import SpatuneError

_VLM_FILES = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")

TUNING_FILE = "tuning.json"
"""In a checkpoint's folder: how it was tuned. It is no part of what the checkpoint computes."""


def file_sha256(path: Path) -> str:
    """Digest of one file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_sha256(root: Path, patterns: Iterable[str], *, without: Iterable[str] = ()) -> str:
    """Digest of the relative names and contents of all files under `root` that fit a pattern.

    Args:
        root: The folder.
        patterns: Of names relative to it.
        without: Names of files that do not count.

    Raises:
        SpatuneError: No file fits.
    """
    left_out = set(without)
    files = sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})
    files = [path for path in files if path.name not in left_out]
    if not files:
        raise SpatuneError(f"{root} holds no file to digest; is it the right folder?")
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(root).as_posix()}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def vlm_sha256(path_or_id: str | Path, revision: str | None = None) -> str:
    """Identity of a VLM: a digest of its folder, or `hub id@commit` where it has no folder."""
    path = Path(path_or_id)
    if not path.is_dir():
        return f"{path_or_id}@{revision}"
    return tree_sha256(path, _VLM_FILES, without=(TUNING_FILE,))
