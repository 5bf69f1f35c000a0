"""Frames of demonstrations with their privileged labels: `DemoScenes`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..envs.experts.dataset_writer import EPISODES_FILE
from ..envs.spec import LIBERO_CAMERAS
from ..errors import SpatuneError


@dataclass(frozen=True)
class DemoScenes:
    """N frames of E episodes of `spatune demos libero`, as `spatune frames` stores them.

    Attributes:
        files: One `.npy` file of pictures (N, H, W, 3) a camera, agent view first.
        instructions: Instruction of each frame.
        gripper: float32 (N, 3), m, robot base frame.
        goal_positions: float32 (N, 2, 3), object and place, m, robot base frame.
        goal_pixels: float32 (N, cameras, 2, 3), column and row as fractions, depth in m.
        object_pixels: float32 (N, cameras, objects, 3), NaN where there is no such object.
        episodes: int64 (N,).
        object_names: Names of each episode's movable objects, in words.
        goals: Of each episode, names of object and place of each of its goals, in words.
        goal_index: int64 (N,), which of them comes next.
    """

    files: tuple[Path, ...]
    instructions: tuple[str, ...]
    gripper: np.ndarray
    goal_positions: np.ndarray
    goal_pixels: np.ndarray
    object_pixels: np.ndarray
    episodes: np.ndarray
    object_names: tuple[tuple[str, ...], ...]
    goals: tuple[tuple[tuple[str, str], ...], ...]
    goal_index: np.ndarray

    def __len__(self) -> int:
        return len(self.instructions)

    def goal_names(self, frame: int) -> tuple[str, str]:
        """Names of object and place of the goal that comes next in a frame."""
        return self.goals[self.episodes[frame]][self.goal_index[frame]]

    @classmethod
    def load(cls, root: Path) -> DemoScenes:
        """Read the labels; pictures stay on disk.

        Args:
            root: What `spatune frames` wrote of demonstrations.

        Raises:
            SpatuneError: Not such a data set.
        """
        files = tuple(root / "columns" / f"{key}.npy" for key in LIBERO_CAMERAS)
        names_file = root / EPISODES_FILE
        if not all(file.is_file() for file in (*files, names_file)):
            raise SpatuneError(
                f"{root} holds no frames of demonstrations; make them with `spatune demos libero` "
                "and `spatune frames`"
            )
        episodes = json.loads(names_file.read_text())
        tasks = _task_names(root)
        rows = _rows(root, ("task_index", "episode_index", "observation.state"))
        count, cameras = len(rows["episode_index"]), len(LIBERO_CAMERAS)
        return cls(
            files=files,
            instructions=tuple(tasks[index] for index in rows["task_index"]),
            gripper=rows["observation.state"][:, :3].astype(np.float32),
            goal_positions=_column(root, "goal_positions", count, 2, 3),
            goal_pixels=_column(root, "goal_pixels", count, cameras, 2, 3),
            object_pixels=_column(root, "object_pixels", count, cameras, -1, 3),
            episodes=rows["episode_index"].astype(np.int64),
            object_names=tuple(tuple(map(in_words, e["objects"])) for e in episodes),
            goals=tuple(
                tuple((in_words(goal[1]), in_words(goal[-1])) for goal in e["goals"])
                for e in episodes
            ),
            goal_index=_column(root, "goal_index", count).astype(np.int64),
        )


def in_words(name: str) -> str:
    """A name of the simulator as people would say it.

    >>> in_words("akita_black_bowl_1"), in_words("wooden_cabinet_1_top_region")
    ('akita black bowl', 'wooden cabinet top')
    >>> in_words("basket_1_contain_region")
    'basket'
    """
    parts = name.split("_")
    return " ".join(p for p in parts if not p.isdigit() and p not in ("contain", "region"))


def _column(root: Path, name: str, *shape: int) -> np.ndarray:
    values = np.load(root / "columns" / f"privileged.{name}.npy", mmap_mode="r")
    return np.asarray(values, np.float32).reshape(shape)


def _rows(root: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    import pyarrow.parquet as parquet

    tables = [
        parquet.read_table(file, columns=list(names))
        for file in sorted((root / "data").glob("**/*.parquet"))
    ]
    return {
        name: np.concatenate([np.array(table[name].to_pylist()) for table in tables])
        for name in names
    }


def _task_names(root: Path) -> dict[int, str]:
    import pyarrow.parquet as parquet

    table = parquet.read_table(root / "meta" / "tasks.parquet").to_pylist()
    text_key = next(key for key in table[0] if key != "task_index")
    return {row["task_index"]: row[text_key] for row in table}
