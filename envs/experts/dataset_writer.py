"""`DatasetWriter`: finished episodes as one LeRobotDataset v3."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from ..spec import EnvSpec
from .array_columns import ArrayColumns

ENV_SPEC_FILE = "meta/env_spec.json"
"""Conventions of the environment, `EnvSpec.to_json`; trained policies take theirs from it."""

EPISODES_FILE = "meta/spatune_episodes.json"
"""Per dataset episode, where it comes from: a list of JSON objects."""


Pictures = Literal["png", "video", "arrays"]
"""`png`: lossless, in LeRobot's rows. `video`: H.264 or AV1. `arrays`: lossless and decoded, beside
the rows, for training (`spatune frames` makes the same of any data set); other columns than state
and action lie beside the rows too."""


class DatasetWriter:
    """Writes episodes in the order given; the dataset appears at `out` when all are written.

    Use it as a context manager: leaving it without an exception finishes the dataset. The columns
    are the images, `observation.state` and `action` of the specification, and those of `extra`.

    Args:
        out: Folder of the dataset.
        spec: Conventions of the environment.
        fps: Frames a second.
        robot_type: LeRobot's name of the robot.
        extra: LeRobot features of further columns, see `column`.
        pictures: How pictures are stored, see `Pictures`.
    """

    def __init__(
        self,
        out: Path,
        *,
        spec: EnvSpec,
        fps: int,
        robot_type: str,
        extra: Mapping[str, dict[str, Any]],
        pictures: Pictures,
    ) -> None:
        from lerobot.datasets.lerobot_dataset import LeRobotDataset
        from lerobot.utils.utils import SuppressProgressBars

        self._out, self._spec = out, spec
        self._partial = out.with_name(out.name + ".assembling")
        if self._partial.exists():
            shutil.rmtree(self._partial)
        self._quiet = SuppressProgressBars()
        self._dataset: Any = LeRobotDataset.create(
            repo_id=f"spatune/{out.name}",
            fps=fps,
            features=_features(spec, pictures) | ({} if pictures == "arrays" else dict(extra)),
            root=self._partial,
            robot_type=robot_type,
            use_videos=pictures == "video",
        )
        self._arrays: ArrayColumns | None = None
        if pictures == "arrays":
            shapes = {c.key: ("uint8", (c.height, c.width, 3)) for c in spec.cameras}
            shapes |= {name: (each["dtype"], tuple(each["shape"])) for name, each in extra.items()}
            self._arrays = ArrayColumns(self._partial, shapes)
            self._rows = ("observation.state", "action", "task")
        self._entries: list[Mapping[str, Any]] = []

    def __enter__(self) -> Self:
        self._quiet.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._quiet.__exit__(kind, *exception)

    @property
    def episodes(self) -> int:
        """Episodes written."""
        return len(self._entries)

    def add(self, frames: Iterable[dict[str, Any]], entry: Mapping[str, Any]) -> None:
        """Write an episode.

        Args:
            frames: Its frames in order: a value per column, and `task`.
            entry: Its object in `EPISODES_FILE`.
        """
        for frame in frames:
            if self._arrays is None:
                self._dataset.add_frame(frame)
                continue
            self._arrays.add(frame)
            self._dataset.add_frame({name: frame[name] for name in self._rows})
        self._dataset.save_episode()
        self._entries.append(entry)

    def _finish(self) -> None:
        self._dataset.finalize()
        if self._arrays is not None:
            self._arrays.finish()
        (self._partial / EPISODES_FILE).write_text(json.dumps(self._entries, indent=1))
        (self._partial / ENV_SPEC_FILE).write_text(json.dumps(self._spec.to_json(), indent=1))
        self._partial.rename(self._out)


def column(dtype: str, shape: tuple[int, ...], names: list[str] | None = None) -> dict[str, Any]:
    """LeRobot's description of a column of arrays."""
    return {"dtype": dtype, "shape": shape, "names": names}


def load_solved(file: Path) -> dict[str, np.ndarray] | None:
    """Arrays of an episode file, or None where the expert failed."""
    with np.load(file) as stored:
        if not bool(stored["success"]):
            return None
        return {name: stored[name] for name in stored.files}


def _features(spec: EnvSpec, pictures: Pictures) -> dict[str, dict[str, Any]]:
    features = (
        {}
        if pictures == "arrays"
        else {
            camera.key: column(
                "video" if pictures == "video" else "image",
                (camera.height, camera.width, 3),
                ["height", "width", "channels"],
            )
            for camera in spec.cameras
        }
    )
    features["observation.state"] = column("float32", (spec.state_dim,), list(spec.state_layout))
    features["action"] = column("float32", (spec.action_dim,), list(spec.action_layout))
    return features
