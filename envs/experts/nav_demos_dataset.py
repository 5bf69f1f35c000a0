"""From finished navigation episodes to one LeRobotDataset v3: `write_nav_dataset`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...progress import Progress
from ..navigation.episode import NavEpisode
from ..navigation.task import IMAGE_KEY, nav_env_spec
from .dataset_writer import DatasetWriter, Pictures, column, load_solved
from .nav_episodes import NavEpisodePlan

EXECUTED = "action.executed"
"""Column of the action that was carried out; `action` is the expert's choice."""


def write_nav_dataset(
    out: Path,
    work: Path,
    plans: Sequence[NavEpisodePlan],
    *,
    seed: int,
    image_size: int,
    pictures: Pictures,
) -> int:
    """Assemble the solved episodes, in plan order, into a dataset at `out`.

    The columns are those of `ThorEnv`'s observation, `action` (1,), the number of the expert's
    choice, and `action.executed` (1,), the number of what was done. `EPISODES_FILE` holds for each
    episode the `NavEpisode`, with the house's content hash, the plan's number, the seed, its steps,
    those of them at which a detour led away from the label, and `sha256` of states, labels and
    pictures: the same episode made again has the same hash.

    Returns:
        Frames written.
    """
    spec = nav_env_spec(image_size)
    writer = DatasetWriter(
        out,
        spec=spec,
        fps=round(spec.control_hz),
        robot_type=spec.name,
        extra={EXECUTED: column("float32", (1,), list(spec.action_layout))},
        pictures=pictures,
    )
    frames = 0
    with Progress(len(plans), "writing") as progress, writer:
        for done, plan in enumerate(plans, 1):
            arrays = load_solved(work / f"{plan.name}.npz")
            if arrays is not None:
                writer.add(_frames(arrays), _entry(plan, seed, arrays))
                frames += len(arrays["labels"])
            progress.update(done, f"{writer.episodes} episodes")
    return frames


def _entry(plan: NavEpisodePlan, seed: int, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    digest = hashlib.sha256()
    for name in ("states", "labels", "executed", "images"):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return {
        **_episode(arrays).to_json(),
        "number": plan.number,
        "seed": seed,
        "steps": len(arrays["labels"]),
        "detour_steps": int((arrays["labels"] != arrays["executed"]).sum()),
        "sha256": digest.hexdigest(),
    }


def _frames(arrays: dict[str, np.ndarray]) -> Iterator[dict[str, Any]]:
    task = _episode(arrays).instruction
    for row, label in enumerate(arrays["labels"]):
        yield {
            IMAGE_KEY: arrays["images"][row],
            "observation.state": arrays["states"][row],
            "action": np.array([label], np.float32),
            EXECUTED: arrays["executed"][[row]].astype(np.float32),
            "task": task,
        }


def _episode(arrays: dict[str, np.ndarray]) -> NavEpisode:
    return NavEpisode.from_json(json.loads(str(arrays["episode"])))
