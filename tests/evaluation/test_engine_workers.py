"""What workers use, and fresh processes in place of old ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spatune.errors import SpatuneError
from spatune.evaluation import EngineOptions, EnvFactory, EpisodeProgress, EpisodeStore, Lane
from spatune.evaluation.engine import run_lanes

HERE = Path(__file__).parent
Play = Callable[..., list]


def facts(records: list) -> list[dict]:
    return [record.deterministic() for record in records]


def test_a_fresh_process_after_every_second_episode_changes_no_line(
    reach, keys: tuple, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(name: str, options: EngineOptions) -> tuple[list[dict], tuple]:
        with EpisodeStore(tmp_path / name, {}) as store, EpisodeProgress(len(keys)) as progress:
            lane = Lane("none", reach.SeekPolicy(), store, keys)
            factory = EnvFactory(f"{HERE / 'reach_env.py'}:ReachEnv")
            uses = run_lanes([lane], factory, options, progress)
            return facts(store.records), uses

    plain, one = run("plain", EngineOptions(workers=1))
    recycled, many = run("recycled", EngineOptions(workers=1, recycle_after=2))
    assert recycled == plain
    assert [(use.episodes, use.environments) for use in one] == [(6, 2)]
    # A successor goes on with the task of the worker whose place it takes.
    assert [(use.episodes, use.environments) for use in many] == [(2, 1), (2, 2), (2, 1)]
    for use in (*one, *many):
        assert use.build_seconds > 0
        assert 20 < use.first_mb <= use.peak_mb and use.last_mb <= use.peak_mb
    assert " GB a worker" in capsys.readouterr().err


def test_recycling_never_starts_more_workers_than_there_is_work(
    play: Play, keys: tuple, tmp_path: Path
) -> None:
    clean = play(keys, out=tmp_path / "clean", options=EngineOptions(workers=1))
    options = EngineOptions(workers=2, recycle_after=1)
    faulty = play(keys, options=options, faults={"0/1": "kill"}, once=str(tmp_path))
    assert facts([r for r in faulty if not r.is_error]) == facts(clean)


def test_a_negative_number_of_episodes_is_refused() -> None:
    with pytest.raises(SpatuneError, match="recycle_after is -1: use a number of episodes"):
        EngineOptions(recycle_after=-1)


def test_memory_is_that_of_this_process_alone() -> None:
    # In a process of its own: what other tests left may be freed while this one measures.
    program = """
import numpy as np
from spatune.evaluation.memory import ProcessMemory
readings = [ProcessMemory.of_this_process()]
block = np.ones(100 * 2**17)
readings.append(ProcessMemory.of_this_process())
del block
readings.append(ProcessMemory.of_this_process())
print(*(x for reading in readings for x in (reading.peak_mb, reading.now_mb)))
"""
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _, before, _, during, peak, after = map(float, ran.split())
    assert during - before == pytest.approx(100, abs=5)
    assert after < during - 90
    # The kernel counts to within a few pages a thread.
    assert peak > during - 5
