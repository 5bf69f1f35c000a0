"""Fixtures: records by hand, and the reach environment."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spatune.evaluation import EngineOptions, EnvFactory, EpisodeKey, EpisodeStore, Lane, run_lanes
from spatune.evaluation.records import EpisodeRecord

REACH = Path(__file__).with_name("reach_env.py")


@pytest.fixture(scope="session")
def episode() -> Callable[..., EpisodeRecord]:
    """Makes a record of an episode that was solved after so many steps, or (None) was not."""

    def episode(
        task: int, init: int, solved: int | None, *, suite: str = "libero_object", limit: int = 280
    ) -> EpisodeRecord:
        return EpisodeRecord(
            key=EpisodeKey("libero", suite, task, init),
            control="none",
            success=solved is not None,
            steps=limit if solved is None else solved,
            max_steps=limit,
            first_success_step=solved,
            return_=float(solved is not None),
            wall_seconds=1.0,
            error=None,
            message=None,
            action_digest="a",
            state_digest="b",
            instruction=f"task {task}",
            mode="exact",
            backend="numpy",
        )

    return episode


@pytest.fixture(scope="session")
def reach() -> ModuleType:
    """The module `reach_env`, imported by its path as a worker does."""
    specification = importlib.util.spec_from_file_location("reach_env", REACH)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["reach_env"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def play(reach: ModuleType, tmp_path: Path) -> Callable[..., list[EpisodeRecord]]:
    """Plays keys of the reach environment and returns the records as the file holds them."""

    def play(
        keys: tuple[EpisodeKey, ...],
        *,
        out: Path | None = None,
        policy: Any = None,
        control: str = "none",
        options: EngineOptions | None = None,
        videos: Any = None,
        **env_arguments: Any,
    ) -> list[EpisodeRecord]:
        out = out or tmp_path / "run"
        with EpisodeStore(out, {"seed": 0}) as store:
            lane = Lane(control, policy or reach.SeekPolicy(), store, keys, videos or {})
            run_lanes([lane], EnvFactory(f"{REACH}:ReachEnv", env_arguments), options)
            return list(store.records)

    return play


@pytest.fixture(scope="session")
def keys() -> tuple[EpisodeKey, ...]:
    """Two tasks with three init states each."""
    return tuple(
        EpisodeKey("reach", "plain", task, init, env_seed=7 + init)
        for task in range(2)
        for init in range(3)
    )
