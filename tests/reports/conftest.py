"""Fixtures: run directories as evaluations leave them, with films."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spatune.evaluation import EpisodeKey, EpisodeRecord, EpisodeStore, Report, summarise
from spatune.evaluation.video import VideoWriter

from ..episode_records import episode_record

HOSTILE = '<script>document.title="taken"</script> & "put" it'
CONFIG = {
    "benchmark": "libero",
    "policy": "embedded",
    "policy_sha256": "ab" * 32,
    "control": "none",
    "suite": "libero_object",
    "tasks": [0, 1, 2, 4],
    "episodes": 2,
    "protocol": "paired",
    "device": "cpu",
    "mode": "exact",
    "seed": 3,
    "image_size": 128,
    "orientation": "upright",
    "state_frame": "base",
}
BUDGETS = {"paired": 280, "openvla": 280, "lerobot": 200, "groot": 720}


def make_record(task: int, init: int, solved: int | None, **changes) -> EpisodeRecord:
    """An episode that was solved after so many steps, or (None) was not."""
    key = EpisodeKey("libero", "libero_object", task, init, env_seed=7 + init, policy_seed=3)
    told = {
        "key": key,
        "instruction": f"task {task}: {HOSTILE}",
        "versions": {"numpy": "2.2.6", "python": "3.12.1"},
    }
    return episode_record(task, init, solved, **{**told, **changes})


ERROR = {"success": None, "steps": 0, "max_steps": 0, "instruction": "", "error": "OSError"}
RECORDS = (
    *(make_record(0, 0, 90), make_record(0, 1, 260)),
    *(make_record(1, 0, None), make_record(1, 1, 110)),
    *(make_record(2, 0, None), make_record(2, 1, None)),
    *(make_record(4, 0, 150), make_record(4, 1, None, message="<b>no disk</b>", **ERROR)),
)


@pytest.fixture
def record() -> Callable[..., EpisodeRecord]:
    """`make_record`."""
    return make_record


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Writes a run directory; by default one of 4/7 successes and an error."""

    def make(name: str = "run", records=RECORDS, report: bool = True, **changes) -> Path:
        folder, config = tmp_path / name, {**CONFIG, **changes}
        with EpisodeStore(folder, config) as store:
            for record in records:
                store.append(record)
            store.finalise()
        if report:
            keys = [record.key for record in records]
            summary = summarise(records, keys, config["control"], protocol_budgets=BUDGETS)
            Report(folder, config, summary, {"numpy": "2.2.6"}).write()
        return folder

    return make


@pytest.fixture
def film() -> Callable[..., Path]:
    """Writes the film of an episode into a run directory."""

    def film(run: Path, task: int, init: int, frames: int = 12, noise: int = 40) -> Path:
        path = run / "videos" / f"libero_object-task{task:02d}-init{init:02d}.mp4"
        writer, rng = VideoWriter(path, 20.0), np.random.default_rng(task)
        for _ in range(frames):
            writer.add(rng.integers(0, noise, (64, 64, 3), np.uint8))
        writer.close()
        return path

    return film
