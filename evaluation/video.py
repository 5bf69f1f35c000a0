"""`VideoRequest` and `VideoWriter`: films of episodes, written while they run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MIN_SIDE = 256
"""Small frames are enlarged by a whole factor to about this height, so that they can be watched."""


@dataclass(frozen=True)
class VideoRequest:
    """What to film of one episode.

    Attributes:
        path: The mp4 file to write.
        cameras: Observation keys, shown side by side.
        stride: Control steps between two frames.
        speed: Playback speed; 1 is the speed of the simulated time.
    """

    path: str
    cameras: tuple[str, ...]
    stride: int = 1
    speed: float = 1.0

    def frame(self, observation: Mapping[str, Any]) -> np.ndarray:
        """The cameras of one observation side by side, uint8 (height, sum of widths, 3)."""
        return np.concatenate([observation[camera] for camera in self.cameras], axis=1)

    def frames_per_second(self, control_hz: float) -> float:
        """Frame rate of the file."""
        return control_hz / self.stride * self.speed


class VideoWriter:
    """Streams frames into an H.264 file; the file appears under its name only when complete.

    Args:
        path: The mp4 file; its folder is made.
        frames_per_second: Frame rate.
    """

    def __init__(self, path: str | Path, frames_per_second: float) -> None:
        self.path = Path(path)
        self._partial = self.path.with_name(f"{self.path.stem}.partial{self.path.suffix}")
        self._fps = frames_per_second
        self._sink: Any = None

    def add(self, frame: np.ndarray) -> None:
        """Append one frame, uint8 (height, width, 3), all of one size."""
        from imageio_ffmpeg import write_frames

        factor = max(1, round(MIN_SIDE / frame.shape[0]))
        frame = frame.repeat(factor, axis=0).repeat(factor, axis=1)
        # yuv420p stores colour at half the resolution, so both sides must be even.
        frame = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)))
        if self._sink is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._sink = write_frames(
                str(self._partial),
                (frame.shape[1], frame.shape[0]),
                fps=self._fps,  # pyright: ignore[reportArgumentType]
                codec="libx264",
                quality=None,  # pyright: ignore[reportArgumentType]
                macro_block_size=2,
                output_params=["-crf", "20", "-preset", "veryfast", "-threads", "1"],
            )
            self._sink.send(None)
        self._sink.send(np.ascontiguousarray(frame))

    def close(self) -> None:
        """Complete the file."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None
            os.replace(self._partial, self.path)


def read_video(path: str | Path) -> np.ndarray:
    """All frames of a video, uint8 (frames, height, width, 3)."""
    from imageio_ffmpeg import read_frames

    reader = read_frames(str(path))
    width, height = next(reader)["size"]  # pyright: ignore[reportArgumentType, reportCallIssue]
    frames = [np.frombuffer(data, np.uint8).reshape(height, width, 3) for data in reader]
    return np.stack(frames)
