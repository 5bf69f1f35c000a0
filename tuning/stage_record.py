"""`StageRecord`: what `tuning.json` says of a tuned checkpoint."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..digests import TUNING_FILE, file_sha256, vlm_sha256

_VERSIONS = ("torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True)
class StageRecord:
    """How a checkpoint came about.

    Attributes:
        stage: Name of the stage.
        config: Settings without paths.
        base: Identity of the checkpoint before, and its own record if it has one.
        data: Of each data file: its name, rows and sha256.
        minutes: Wall-clock time of training.
        device: What it ran on.
        results: Measurements of the stage, such as its losses.
        versions: Of the libraries.
    """

    stage: str
    config: dict[str, Any]
    base: dict[str, Any]
    data: list[dict[str, Any]]
    minutes: float
    device: str
    results: dict[str, Any]
    versions: dict[str, str] = field(default_factory=lambda: {n: version(n) for n in _VERSIONS})

    def write(self, folder: Path) -> None:
        """Write it into a checkpoint's folder."""
        (folder / TUNING_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n")


def base_of(checkpoint: str | Path, revision: str | None = None) -> dict[str, Any]:
    """Identity of a checkpoint, with the chain of stages that made it."""
    record = Path(checkpoint) / TUNING_FILE
    entry: dict[str, Any] = {"sha256": vlm_sha256(checkpoint, revision)}
    if record.is_file():
        entry["tuning"] = json.loads(record.read_text())
    return entry


def data_entry(path: Path, rows: int) -> dict[str, Any]:
    """Name, rows and digest of training data; pictures are not part of the digest."""
    if path.is_file():
        return {"name": path.name, "rows": rows, "sha256": file_sha256(path)}
    digest = hashlib.sha256()
    files = sorted(f for f in path.iterdir() if f.suffix in (".json", ".jsonl", ".parquet"))
    for file in files:
        digest.update(f"{file.name}\0{file_sha256(file)}\n".encode())
    return {"name": path.name, "rows": rows, "sha256": digest.hexdigest()}


def settings(config: Any, without: Sequence[str]) -> dict[str, Any]:
    """Fields of a configuration that decide the weights, as plain JSON."""
    return {k: v for k, v in asdict(config).items() if k not in without}


def device_name(device: str) -> str:
    """A GPU's name, or the processor's architecture."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"cpu {platform.machine()}"
