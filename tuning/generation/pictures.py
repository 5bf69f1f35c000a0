"""`write_pictures`: the images, depth, segmentation and video of a trajectory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..scenes.trajectory import Frame, Trajectory
from .config import GenerateConfig

JPEG_QUALITY = 90
_MILLIMETRES = 1000.0
_FRAMES_A_SECOND = 10


def write_pictures(
    config: GenerateConfig, folder: Path, trajectory: Trajectory, shown: frozenset[int]
) -> Trajectory:
    """Write what the configuration asks for.

    Args:
        config: What is kept.
        folder: The trajectory's folder.
        trajectory: With images and labels.
        shown: Places of the shown frames, whose images are kept; the video has all of them.

    Returns:
        The trajectory with `Frame.file` of the frames that are kept.
    """
    from PIL import Image

    (folder / "frames").mkdir(parents=True, exist_ok=True)
    frames = []
    for place, frame in enumerate(trajectory.frames):
        if place in shown:
            file = f"frames/{frame.index:06d}.jpg"
            assert frame.image is not None, "drawn frames have images"
            Image.fromarray(frame.image).save(folder / file, quality=JPEG_QUALITY)
            frame = replace(frame, file=file)
            _write_labels(config, folder, frame)
        frames.append(frame)
    if config.segmentation:
        names = trajectory.frames[0].labels
        assert names is not None, "drawn frames have labels"
        (folder / "segmentation.json").write_text(json.dumps(list(names.names)) + "\n")
    if config.video:
        _write_video(folder / "video.mp4", frames)
    return replace(trajectory, frames=tuple(frames))


def _write_labels(config: GenerateConfig, folder: Path, frame: Frame) -> None:
    from PIL import Image

    labels = frame.labels
    if labels is None:
        return
    for kept, name, values in (
        (config.depth, "depth", labels.depth * _MILLIMETRES),
        (config.segmentation, "segmentation", labels.owners),
    ):
        if kept:
            (folder / name).mkdir(exist_ok=True)
            image = np.clip(np.rint(values), 0, 65535).astype(np.uint16)
            Image.fromarray(image).save(folder / name / f"{frame.index:06d}.png")


def _write_video(file: Path, frames: list[Frame]) -> None:
    import imageio.v2 as imageio

    with imageio.get_writer(file, fps=_FRAMES_A_SECOND, macro_block_size=2) as writer:
        for frame in frames:
            assert frame.image is not None, "drawn frames have images"
            writer.append_data(frame.image)  # pyright: ignore[reportAttributeAccessIssue]
