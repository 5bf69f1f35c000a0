"""Frames of a demonstration dataset with their privileged labels, in memory."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..envs.experts.demos_dataset import OBJECT_NAMES_FILE
from ..envs.spec import LIBERO_CAMERAS
from ..errors import SpatuneError


@dataclass(frozen=True)
class DemoScenes:
    """N frames of E episodes.

    Attributes:
        images: uint8 (N, cameras, H, W, 3).
        instructions: Instruction of each frame.
        gripper: float32 (N, 3), m, robot base frame.
        goal_positions: float32 (N, 2, 3), object and place, m, robot base frame.
        goal_pixels: float32 (N, cameras, 2, 3), column and row as fractions, depth in m.
        object_pixels: float32 (N, cameras, objects, 3), NaN where there is no such object.
        episodes: int64 (N,).
        object_names: Names of each episode's movable objects, in words.
    """

    images: np.ndarray
    instructions: tuple[str, ...]
    gripper: np.ndarray
    goal_positions: np.ndarray
    goal_pixels: np.ndarray
    object_pixels: np.ndarray
    episodes: np.ndarray
    object_names: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def load(cls, root: Path) -> DemoScenes:
        """Read a dataset that `spatune demos libero` wrote with lossless images.

        Args:
            root: Dataset folder.

        Raises:
            SpatuneError: Not such a dataset.
        """
        import pyarrow.parquet as parquet

        names_file = root / OBJECT_NAMES_FILE
        files = sorted((root / "data").glob("**/*.parquet"))
        if not files or not names_file.is_file():
            raise SpatuneError(
                f"{root} is no demonstration dataset; make one with `spatune demos libero`"
            )
        tasks = _task_names(root)
        images, columns = [], {name: [] for name in (*_LABELS, "task_index", "episode_index")}
        for file in files:
            table = parquet.read_table(file)
            if not LIBERO_CAMERAS.keys() <= set(table.column_names):
                raise SpatuneError(f"{root} holds video; write it again without --video")
            views = [[_decode(v) for v in table[key].to_pylist()] for key in LIBERO_CAMERAS]
            images.append(np.stack([np.stack(view) for view in views], axis=1))
            for name, values in columns.items():
                values.append(np.array(table[name].to_pylist()))
        joined = {name: np.concatenate(values) for name, values in columns.items()}
        count = len(joined["episode_index"])
        episodes = json.loads(names_file.read_text())
        cameras = len(LIBERO_CAMERAS)
        return cls(
            images=np.concatenate(images),
            instructions=tuple(tasks[index] for index in joined["task_index"]),
            gripper=joined["observation.state"][:, :3].astype(np.float32),
            goal_positions=_shaped(joined["privileged.goal_positions"], count, 2, 3),
            goal_pixels=_shaped(joined["privileged.goal_pixels"], count, cameras, 2, 3),
            object_pixels=_shaped(joined["privileged.object_pixels"], count, cameras, -1, 3),
            episodes=joined["episode_index"].astype(np.int64),
            object_names=tuple(tuple(map(in_words, e["objects"])) for e in episodes),
        )


_LABELS = (
    "observation.state",
    "privileged.goal_positions",
    "privileged.goal_pixels",
    "privileged.object_pixels",
)


def in_words(name: str) -> str:
    """`akita_black_bowl_1` -> `akita black bowl`."""
    parts = name.split("_")
    return " ".join(parts[:-1] if parts[-1].isdigit() else parts)


def _shaped(values: np.ndarray, *shape: int) -> np.ndarray:
    return values.astype(np.float32).reshape(shape)


def _decode(value: dict[str, bytes]) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(value["bytes"])).convert("RGB"))


def _task_names(root: Path) -> dict[int, str]:
    import pyarrow.parquet as parquet

    table = parquet.read_table(root / "meta" / "tasks.parquet").to_pylist()
    text_key = next(key for key in table[0] if key != "task_index")
    return {row["task_index"]: row[text_key] for row in table}
