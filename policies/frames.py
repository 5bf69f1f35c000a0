"""Reading a LeRobotDataset episode by episode: `EpisodeReader`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..envs.spec import Orientation
from ..errors import SpatuneError
from .columns import FrameColumns
from .conventions import dataset_conventions

if TYPE_CHECKING:
    from lerobot.datasets import LeRobotDataset


@dataclass(frozen=True)
class Episode:
    """Where one episode lies in a data set.

    Attributes:
        index: Number of the episode.
        start: Frame index of its first frame.
        stop: Frame index after its last frame.
    """

    index: int
    start: int
    stop: int


class EpisodeReader:
    """Images and tasks of a data set's frames, decoded in blocks.

    Images are LeRobot's, or the frame columns of `spatune frames`.

    Args:
        root: Root of the data set.
        orientation: Of the images, where the data set does not say it itself.

    Attributes:
        dataset: The data set itself.
        conventions: Layouts, rates and those cameras that the data set has images of.
        cameras: Their keys, in order.
        episodes: Its episodes in order.

    Raises:
        SpatuneError: There is no data set.
    """

    def __init__(self, root: Path, orientation: Orientation = "upright") -> None:
        self.dataset = open_dataset(root)
        meta = self.dataset.meta
        self.root = root
        conventions = dataset_conventions(meta, orientation)
        columns = FrameColumns.open(root)
        stored = set(columns.manifest.columns) if columns.manifest else set()
        self._stored = {c.key: columns for c in conventions.cameras if c.key in stored}
        known = {*meta.camera_keys, *self._stored}
        cameras = tuple(c for c in conventions.cameras if c.key in known)
        self.conventions = replace(conventions, cameras=cameras)
        self.cameras = tuple(camera.key for camera in cameras)
        self._rows: Any = meta.episodes
        self._tasks: Any = meta.tasks
        starts, stops = self._rows["dataset_from_index"], self._rows["dataset_to_index"]
        self.episodes = tuple(
            Episode(index, int(start), int(stop))
            for index, (start, stop) in enumerate(zip(starts, stops, strict=True))
        )

    def tasks(self, start: int, stop: int) -> list[str]:
        """Instruction of each frame in `[start, stop)`."""
        column = self.dataset.hf_dataset.select_columns(["task_index"]).with_format("numpy")
        rows = column[start:stop]["task_index"]
        return [str(self._tasks.iloc[int(row)].name) for row in rows]

    def images(self, episode: Episode, start: int, stop: int, camera: str) -> np.ndarray:
        """Frames `[start, stop)` of an episode from one camera, uint8 (n, H, W, 3)."""
        meta = self.dataset.meta
        if camera in self._stored:
            # A copy: what comes after may refuse memory that it must not write to.
            frames = np.array(self._stored[camera].array(camera)[start:stop])
        elif camera in meta.video_keys:
            frames = self._decode(episode, start, stop, camera)
        else:
            items = self.dataset.hf_dataset.select_columns([camera]).with_format("numpy")
            frames = np.stack([np.asarray(item) for item in items[start:stop][camera]])
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
            raise SpatuneError(
                f"{camera} of {self.root} gives {frames.dtype} {frames.shape}, not RGB images"
            )
        return frames

    def _decode(self, episode: Episode, start: int, stop: int, camera: str) -> np.ndarray:
        from lerobot.datasets.video_utils import decode_video_frames

        meta = self.dataset.meta
        first = float(self._rows[episode.index][f"videos/{camera}/from_timestamp"])
        times = [first + (i - episode.start) / meta.fps for i in range(start, stop)]
        path = self.root / meta.get_video_file_path(episode.index, camera)
        frames = decode_video_frames(path, times, 0.5 / meta.fps, return_uint8=True)
        return frames.permute(0, 2, 3, 1).numpy()


def open_dataset(root: Path) -> LeRobotDataset:
    """A local LeRobotDataset; never asks the hub.

    Raises:
        SpatuneError: There is no complete data set.
    """
    from lerobot.datasets import LeRobotDataset

    if not (root / "meta" / "info.json").is_file():
        raise SpatuneError(
            f"{root} is not a LeRobotDataset: meta/info.json is missing; make one with "
            "`spatune demos`, or give the folder that holds meta/ and data/"
        )
    if not any(root.glob("data/*/*.parquet")):
        raise SpatuneError(f"{root} has no data/*/*.parquet; its recording did not finish")
    return LeRobotDataset(f"local/{root.name}", root=root)
