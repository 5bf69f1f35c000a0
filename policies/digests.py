"""Content digests of data sets and policies, so that what is derived knows what it came from."""

from __future__ import annotations

from pathlib import Path

from ..digests import tree_sha256

_POLICY_FILES = (
    "*.json",
    "*.safetensors",
    "*.jinja",
    "*/*.json",
    "*/*.safetensors",
    "*/*.txt",
    "*/*.jinja",
)


def dataset_sha256(root: Path) -> str:
    """Digest of a LeRobotDataset: its rows, metadata, videos and frame columns."""
    return tree_sha256(root, [f"{part}/**/*" for part in ("meta", "data", "videos", "columns")])


def policy_sha256(folder: Path) -> str:
    """Digest of everything in a policy's folder that decides what it does."""
    return tree_sha256(folder, _POLICY_FILES)
