"""`spatune frames`: a LeRobotDataset's pictures and labels as frame columns.

LeRobot decodes and converts row by row. Where a VLM is trained, or several VLMs look at the same
frames, the pictures are decoded once into memory-mapped arrays, 49 kB for a picture of 128 pixels.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..envs.spec import Orientation
from ..errors import SpatuneError
from ..progress import Progress
from .columns import Manifest, column_path
from .digests import dataset_sha256
from .features_dataset import finish_dataset, write_labels
from .frames import EpisodeReader

_BLOCK = 256
"""Frames decoded at a time."""


@dataclass(frozen=True)
class FramesConfig:
    """Decode a LeRobotDataset once into arrays that training reads at memory speed."""

    dataset: Path
    """Root of the LeRobotDataset to read."""
    out: Path
    """Root of the data set to write: rows without pictures, and frame columns."""
    orientation: Orientation = "upright"
    """Of the images, where the data set has no meta/env_spec.json that says it."""
    chunk_length: int = 16
    """Actions in a chunk where the data set has no column `action.chunk` of its own."""


def build_frames(config: FramesConfig) -> Path:
    """Writes the derived data set; a stopped run starts anew.

    Returns:
        The root, `config.out`.

    Raises:
        SpatuneError: The data set has no images, their sizes differ, or `out` is taken.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or delete it")
    reader = EpisodeReader(config.dataset, config.orientation)
    if not reader.cameras:
        raise SpatuneError(f"{config.dataset} has no images or videos")
    work = config.out.with_name(config.out.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    frames = reader.dataset.meta.total_frames
    tables = {}
    for camera in reader.conventions.cameras:
        path = column_path(work, camera.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (frames, camera.height, camera.width, 3)
        tables[camera.key] = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with Progress(frames, "frames") as bar:
        for episode in reader.episodes:
            for start in range(episode.start, episode.stop, _BLOCK):
                stop = min(start + _BLOCK, episode.stop)
                for key, table in tables.items():
                    pictures = reader.images(episode, start, stop, key)
                    if pictures.shape[1:] != table.shape[1:]:
                        (height, width), wanted = pictures.shape[1:3], table.shape[1:3]
                        raise SpatuneError(
                            f"{key} of {config.dataset} has {height} x {width} pixels, and its "
                            f"conventions say {wanted[0]} x {wanted[1]}; correct the camera in "
                            "meta/env_spec.json"
                        )
                    table[start:stop] = pictures
                bar.update(stop, f"{bar.rate:.0f} frames/s")
    for table in tables.values():
        table.flush()
    names = write_labels(config.dataset, config.chunk_length, work)
    manifest = Manifest(frames=frames, columns={}, source=dataset_sha256(config.dataset))
    finish_dataset(config.dataset, config.out, reader, manifest, [*tables, *names], work)
    return config.out
