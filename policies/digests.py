"""Content digests of folders, so that derived data and weights know what they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ..errors import SpatuneError

_VLM_FILES = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")


_POLICY_FILES = ("*.json", "*.safetensors", "*/*.json", "*/*.safetensors", "*/*.txt", "*/*.jinja")


def file_sha256(path: Path) -> str:
    """Digest of one file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_sha256(root: Path, patterns: Iterable[str]) -> str:
    """Digest of the relative names and contents of all files under `root` that fit a pattern.

    Raises:
        SpatuneError: No file fits.
    """
    files = sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})
    if not files:
        raise SpatuneError(f"{root} holds no file to digest; is it the right folder?")
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(root).as_posix()}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def dataset_sha256(root: Path) -> str:
    """Digest of a LeRobotDataset: its rows, metadata, videos and frame columns."""
    return tree_sha256(root, [f"{part}/**/*" for part in ("meta", "data", "videos", "columns")])


def vlm_sha256(path_or_id: str | Path, revision: str | None = None) -> str:
    """Identity of a VLM: a digest of its folder, or `hub id@commit` where it has no folder."""
    path = Path(path_or_id)
    return tree_sha256(path, _VLM_FILES) if path.is_dir() else f"{path_or_id}@{revision}"


def policy_sha256(folder: Path) -> str:
    """Digest of everything in a policy's folder that decides what it does."""
    return tree_sha256(folder, _POLICY_FILES)
