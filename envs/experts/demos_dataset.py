"""From finished episode files to one LeRobotDataset v3."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from ...progress import Progress
from ..libero_spec import CAMERAS, CONTROL_HZ, libero_env_spec
from ..spec import LIBERO_ACTION_LAYOUT, LIBERO_STATE_LAYOUTS
from .episodes import MAX_OBJECTS, EpisodePlan

ENV_SPEC_FILE = "meta/env_spec.json"
"""Conventions of the environment, `EnvSpec.to_json`; trained policies take theirs from it."""

OBJECT_NAMES_FILE = "meta/spatune_episodes.json"
"""Per dataset episode: suite, task, scene seed, noise, movable objects in column order, goal, and
`sha256` of states, labels and pictures: the same episode made again has the same hash."""


def write_dataset(
    out: Path, work: Path, plans: list[EpisodePlan], *, chunk: int, video: bool, render_every: int
) -> None:
    """Assemble the successful episodes, in plan order, into a dataset at `out`.

    Columns beside LeRobot's own: `privileged.goal_positions` (2, 3) of object and place in the
    robot base frame (m), `privileged.goal_pixels` (cameras, 2, 3) with column and row as fractions
    of the image and depth (m), the same for all movable objects, and with `render_every > 1`
    `action.chunk` (chunk, 7), `action.chunk_is_pad` (chunk,) at 20 Hz.
    """
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    from lerobot.utils.utils import SuppressProgressBars

    partial = out.with_name(out.name + ".assembling")
    if partial.exists():
        import shutil

        shutil.rmtree(partial)
    dataset: Any = None
    episodes = []
    with Progress(len(plans), "writing") as progress, SuppressProgressBars():
        for done, plan in enumerate(plans, 1):
            arrays = _load(work / f"{plan.name}.npz")
            if arrays is None:
                continue
            if dataset is None:
                size = arrays["images"].shape[2:4]
                dataset = LeRobotDataset.create(
                    repo_id=f"spatune/{out.name}",
                    fps=max(1, round(CONTROL_HZ / render_every)),
                    features=_features(size, chunk if render_every > 1 else 0, video),
                    root=partial,
                    robot_type="panda",
                    use_videos=video,
                )
            for frame in _frames(arrays, chunk if render_every > 1 else 0):
                dataset.add_frame(frame)
            dataset.save_episode()
            episodes.append(_entry(plan, arrays))
            progress.update(done, f"{len(episodes)} episodes")
    dataset.finalize()
    (partial / OBJECT_NAMES_FILE).write_text(json.dumps(episodes, indent=1))
    spec = libero_env_spec(
        dataset.meta.features[next(iter(CAMERAS))]["shape"][:2], state_frame="base"
    )
    (partial / ENV_SPEC_FILE).write_text(json.dumps(spec.to_json(), indent=1))
    partial.rename(out)


def _load(file: Path) -> dict[str, np.ndarray] | None:
    """Arrays of an episode, or None where the expert failed."""
    with np.load(file) as stored:
        if not bool(stored["success"]):
            return None
        return {name: stored[name] for name in stored.files}


def _entry(plan: EpisodePlan, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "suite": plan.suite,
        "task_id": plan.task_id,
        "seed": plan.seed,
        "noise": plan.noise,
        "objects": arrays["objects"].tolist()[:MAX_OBJECTS],
        "goal": arrays["goal"].tolist(),
        "steps": len(arrays["actions"]),
        "sha256": episode_hash(arrays),
    }


def episode_hash(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 (hex) of an episode's states, labels, executed actions and pictures."""
    digest = hashlib.sha256()
    for name in ("states", "actions", "executed", "index", "images"):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def _features(size: tuple[int, int], chunk: int, video: bool) -> dict[str, dict[str, Any]]:
    features: dict[str, dict[str, Any]] = {
        key: {
            "dtype": "video" if video else "image",
            "shape": (*size, 3),
            "names": ["height", "width", "channels"],
        }
        for key in CAMERAS
    }
    features["observation.state"] = _column("float32", (8,), list(LIBERO_STATE_LAYOUTS["base"]))
    features["action"] = _column("float32", (7,), list(LIBERO_ACTION_LAYOUT))
    cameras = len(CAMERAS)
    features["privileged.goal_positions"] = _column("float32", (2, 3))
    features["privileged.goal_pixels"] = _column("float32", (cameras, 2, 3))
    features["privileged.object_positions"] = _column("float32", (MAX_OBJECTS, 3))
    features["privileged.object_pixels"] = _column("float32", (cameras, MAX_OBJECTS, 3))
    if chunk:
        features["action.chunk"] = _column("float32", (chunk, 7))
        features["action.chunk_is_pad"] = _column("bool", (chunk,))
    return features


def _column(dtype: str, shape: tuple[int, ...], names: list[str] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "names": names}


def _frames(arrays: dict[str, np.ndarray], chunk: int):
    actions = arrays["actions"]
    task = str(arrays["instruction"])
    for row, step in enumerate(arrays["index"]):
        frame: dict[str, Any] = {
            key: arrays["images"][row, camera] for camera, key in enumerate(CAMERAS)
        }
        frame["observation.state"] = arrays["proprioception"][step]
        frame["action"] = actions[step]
        for name in ("goal_positions", "goal_pixels", "object_positions", "object_pixels"):
            frame[f"privileged.{name}"] = arrays[name][row]
        if chunk:
            steps = step + np.arange(chunk)
            frame["action.chunk"] = actions[np.minimum(steps, len(actions) - 1)]
            frame["action.chunk_is_pad"] = steps >= len(actions)
        yield {**frame, "task": task}
