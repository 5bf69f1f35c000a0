"""Fixtures: records by hand, and the reach environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spatune.evaluation import EngineOptions, EnvFactory, EpisodeKey, EpisodeStore, Lane, run_lanes
from spatune.evaluation.records import EpisodeRecord

from ..episode_records import episode_record
from ..loaded import module_from

REACH = Path(__file__).with_name("reach_env.py")


@pytest.fixture(scope="session")
def episode() -> Callable[..., EpisodeRecord]:
    """Makes a record of an episode that was solved after so many steps, or (None) was not."""
    return episode_record


@pytest.fixture(scope="session")
def reach() -> ModuleType:
    """The module `reach_env`, imported by its path as a worker does."""
    return module_from(REACH)


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
