"""From finished episode files to one LeRobotDataset v3."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ...progress import Progress
from ..libero_spec import libero_env_spec
from ..spec import LIBERO_CAMERAS, LIBERO_CONTROL_HZ
from .dataset_writer import EPISODES_FILE, DatasetWriter, Pictures, column, load_solved
from .episodes import MAX_OBJECTS, EpisodePlan

OBJECT_NAMES_FILE = EPISODES_FILE
"""Per dataset episode: suite, task, scene seed, noise, movable objects in column order, goals, and
`sha256` of states, labels and pictures: the same episode made again has the same hash."""


_LABELS = ("goal_index", "goal_positions", "goal_pixels", "object_positions", "object_pixels")


def write_dataset(
    out: Path,
    work: Path,
    plans: list[EpisodePlan],
    *,
    chunk: int,
    pictures: Pictures,
    render_every: int,
) -> None:
    """Assemble the successful episodes, in plan order, into a dataset at `out`.

    Columns beside LeRobot's own: `privileged.goal_index` (1,), which of the goals comes next,
    `privileged.goal_positions` (2, 3) of its object and place in the robot base frame (m),
    `privileged.goal_pixels` (cameras, 2, 3) with column and row as fractions of the image and depth
    (m), the same for all movable objects, and with `render_every > 1` `action.chunk` (chunk, 7),
    `action.chunk_is_pad` (chunk,) at 20 Hz.
    """
    columns = chunk if render_every > 1 else 0
    writer = DatasetWriter(
        out,
        spec=libero_env_spec(_image_size(work, plans), state_frame="base"),
        fps=max(1, round(LIBERO_CONTROL_HZ / render_every)),
        robot_type="panda",
        extra=_extra_columns(columns),
        pictures=pictures,
    )
    with Progress(len(plans), "writing") as progress, writer:
        for done, plan in enumerate(plans, 1):
            arrays = load_solved(work / f"{plan.name}.npz")
            if arrays is not None:
                writer.add(_frames(arrays, columns), _entry(plan, arrays))
            progress.update(done, f"{writer.episodes} episodes")


def _image_size(work: Path, plans: list[EpisodePlan]) -> tuple[int, int]:
    """Rows and columns of the pictures, which all episodes share."""
    episodes = (load_solved(work / f"{plan.name}.npz") for plan in plans)
    height, width = next(arrays["images"].shape[2:4] for arrays in episodes if arrays is not None)
    return height, width


def _entry(plan: EpisodePlan, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "suite": plan.suite,
        "task_id": plan.task_id,
        "seed": plan.seed,
        "noise": plan.noise,
        "objects": arrays["objects"].tolist()[:MAX_OBJECTS],
        "goals": [goal.split() for goal in arrays["goals"].tolist()],
        "steps": len(arrays["actions"]),
        "sha256": episode_hash(arrays),
    }


def episode_hash(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 (hex) of an episode's states, labels, executed actions and pictures."""
    digest = hashlib.sha256()
    for name in ("states", "actions", "executed", "index", "images"):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def _extra_columns(chunk: int) -> dict[str, dict[str, Any]]:
    cameras = len(LIBERO_CAMERAS)
    columns = {
        "privileged.goal_index": column("int64", (1,)),
        "privileged.goal_positions": column("float32", (2, 3)),
        "privileged.goal_pixels": column("float32", (cameras, 2, 3)),
        "privileged.object_positions": column("float32", (MAX_OBJECTS, 3)),
        "privileged.object_pixels": column("float32", (cameras, MAX_OBJECTS, 3)),
    }
    if chunk:
        columns["action.chunk"] = column("float32", (chunk, 7))
        columns["action.chunk_is_pad"] = column("bool", (chunk,))
    return columns


def _frames(arrays: dict[str, np.ndarray], chunk: int):
    actions = arrays["actions"]
    task = str(arrays["instruction"])
    for row, step in enumerate(arrays["index"]):
        frame: dict[str, Any] = {
            key: arrays["images"][row, camera] for camera, key in enumerate(LIBERO_CAMERAS)
        }
        frame["observation.state"] = arrays["proprioception"][step]
        frame["action"] = actions[step]
        for name in _LABELS:
            frame[f"privileged.{name}"] = arrays[name][row]
        if chunk:
            steps = step + np.arange(chunk)
            frame["action.chunk"] = actions[np.minimum(steps, len(actions) - 1)]
            frame["action.chunk_is_pad"] = steps >= len(actions)
        yield {**frame, "task": task}
