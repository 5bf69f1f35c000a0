"""Small demonstrations in the conventions of LIBERO, for the tests of action tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spatune.envs.experts.dataset_writer import DatasetWriter, Pictures, column
from spatune.envs.libero_spec import libero_env_spec
from spatune.envs.spec import EnvSpec

SIZE = 32
TASKS = ("Pick up the mug", "push the plate to the left")


def write_demos(
    root: Path,
    *,
    frames: int = 4,
    chunk: int = 0,
    pictures: Pictures = "png",
    size: int = SIZE,
    tasks: tuple[str, ...] = TASKS,
) -> Path:
    """Two episodes as `spatune demos libero` writes them, of random pictures and actions.

    Args:
        root: Folder to write.
        frames: Of an episode.
        chunk: Length of `action.chunk`; 0 for none. Its last frames look beyond the episode's end.
        pictures: How they are stored.
        size: Pixels.
        tasks: Instruction of each episode.
    """
    extra = {}
    if chunk:
        extra["action.chunk"] = column("float32", (chunk, 7))
        extra["action.chunk_is_pad"] = column("bool", (chunk,))
    spec: EnvSpec = libero_env_spec(size, state_frame="base")
    rng = np.random.default_rng(0)
    writer = DatasetWriter(
        root, spec=spec, fps=20, robot_type="panda", extra=extra, pictures=pictures
    )
    with writer:
        for episode, task in enumerate(tasks):
            actions = rng.uniform(-0.4, 0.8, (frames, 7)).astype(np.float32)
            actions[:, -1] = rng.choice([-1.0, 1.0], frames)
            rows: list[dict[str, Any]] = []
            for step in range(frames):
                row: dict[str, Any] = {"task": task, "action": actions[step]}
                row["observation.state"] = rng.normal(size=8).astype(np.float32)
                for camera in spec.cameras:
                    row[camera.key] = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
                if chunk:
                    ahead = step + np.arange(chunk)
                    row["action.chunk"] = actions[np.minimum(ahead, frames - 1)]
                    row["action.chunk_is_pad"] = ahead >= frames
                rows.append(row)
            suite = ("libero_object", "libero_spatial")[episode]
            writer.add(iter(rows), {"suite": suite, "task_id": 0})
    return root
