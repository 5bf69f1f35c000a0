"""The work queue: the same digests with any number of workers, and no fault loses an episode."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spatune.errors import SpatuneError
from spatune.evaluation import (
    BlindPolicy,
    EngineOptions,
    EnvFactory,
    EpisodeStore,
    Lane,
    RandomPolicy,
    ZeroPolicy,
    run_lanes,
    summarise,
)
from spatune.evaluation.store import read_records
from spatune.evaluation.video import VideoRequest, read_video

HERE = Path(__file__).parent
Play = Callable[..., list]

# Seconds after which a test gives up waiting; long, because a shared machine may be very slow.
PATIENCE = 300


def facts(records: list) -> list[dict]:
    return [record.deterministic() for record in records]


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_one_and_two_workers_write_the_same_lines(play: Play, keys: tuple, tmp_path: Path) -> None:
    one = play(keys, out=tmp_path / "one", options=EngineOptions(workers=1))
    two = play(keys[::-1], out=tmp_path / "two", options=EngineOptions(workers=2))
    assert facts(one) == facts(two)
    assert [record.key for record in one] == sorted(keys)
    assert all(record.success for record in one)
    assert len({record.action_digest for record in one}) == len(keys)


def test_lanes_share_workers_and_controls_fail_where_the_policy_succeeds(
    reach, keys: tuple, tmp_path: Path
) -> None:
    policies = {
        "none": reach.SeekPolicy(),
        "blind": BlindPolicy(reach.SeekPolicy()),
        "zero": ZeroPolicy((0.0, 0.0)),
        "random": RandomPolicy((-0.1, -0.1), (0.1, 0.1)),
    }
    stores = {name: EpisodeStore(tmp_path / name, {"control": name}) for name in policies}
    lanes = [Lane(name, policy, stores[name], keys) for name, policy in policies.items()]
    run_lanes(lanes, EnvFactory(f"{HERE / 'reach_env.py'}:ReachEnv"), EngineOptions(workers=2))
    successes = {
        name: summarise(store.records, keys, name).total.successes for name, store in stores.items()
    }
    assert successes == {"none": len(keys), "blind": 0, "zero": 0, "random": 0}
    for store in stores.values():
        store.close()


def test_exact_mode_asks_one_sample_a_call_and_batched_mode_more(
    reach, play: Play, keys: tuple, tmp_path: Path
) -> None:
    exact, batched = reach.SeekPolicy(), reach.SeekPolicy()
    first = play(keys, out=tmp_path / "a", policy=exact)
    options = EngineOptions(workers=2, mode="batched", max_batch=2, max_wait_ms=1000)
    second = play(keys, out=tmp_path / "b", policy=batched, options=options)
    assert set(exact.batches) == {1}
    assert 2 in batched.batches
    assert {record.mode for record in first} == {"exact"}
    assert {record.mode for record in second} == {"batched"}
    # This policy treats its samples one by one, so the batch must not show in the actions.
    assert [r.action_digest for r in first] == [r.action_digest for r in second]


def test_a_killed_run_resumes_to_the_lines_of_an_uninterrupted_one(tmp_path: Path) -> None:
    def start(out: Path, workers: int, step_seconds: float) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, str(HERE / "run_reach.py"), str(out), str(workers), str(step_seconds)]
        )

    whole = start(tmp_path / "whole", 1, 0.0)
    killed = start(tmp_path / "killed", 2, 0.02)
    path = tmp_path / "killed" / "episodes.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or path.read_bytes().count(b"\n") < 3:
        assert time.monotonic() < deadline and killed.poll() is None
        time.sleep(0.01)
    workers = children(killed.pid)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    # Workers notice that nobody answers, and do not play on.
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    saved = read_records(tmp_path / "killed")
    assert 3 <= len(saved) < 12
    with open(path, "ab") as file:
        file.write(b'{"key": {"benchm')
    assert start(tmp_path / "killed", 2, 0.0).wait(timeout=PATIENCE) == 0
    assert whole.wait(timeout=PATIENCE) == 0
    resumed = read_records(tmp_path / "killed")
    assert facts(resumed) == facts(read_records(tmp_path / "whole"))
    # Nothing that was saved is played again.
    times = {record.key: record.wall_seconds for record in resumed}
    assert all(times[record.key] == record.wall_seconds for record in saved)


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        ("raise", "RuntimeError", "the simulator broke"),
        ("kill", "WorkerDied", "killed by signal 9"),
        ("abort", "WorkerDied", "killed by signal 6"),
    ],
)
def test_a_fault_is_recorded_and_the_episode_played_again(
    play: Play, keys: tuple, tmp_path: Path, fault: str, error: str, text: str
) -> None:
    records = play(
        keys[:3],
        faults={"0/1": fault},
        once=str(tmp_path),
    )
    errors = [record for record in records if record.is_error]
    assert [(e.key, e.error, e.attempt, e.success) for e in errors] == [(keys[1], error, 1, None)]
    assert text in errors[0].message
    clean = play(keys[:3], out=tmp_path / "clean")
    assert facts([r for r in records if not r.is_error]) == facts(clean)
    summary = summarise(records, keys[:3])
    assert (summary.total.successes, summary.total.episodes) == (3, 3)
    assert summary.total.errors == 0 and summary.total.error_attempts == 1
    assert summary.notes == ("attempts that ended by an error, repaired ones too: 1",)


def test_the_episode_of_a_damaged_record_is_played_again(
    play: Play, keys: tuple, tmp_path: Path
) -> None:
    before = play(keys[:3])
    path = tmp_path / "run" / "episodes.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][50:] + lines[2])
    # Whoever played another one would fail there.
    whole = {f"{key.task_id}/{key.init_index}": "raise" for key in (keys[0], keys[2])}
    again = play(keys[:3], faults=whole)
    assert facts(again) == facts(before)


def test_a_worker_that_hangs_is_replaced(play: Play, keys: tuple, tmp_path: Path) -> None:
    records = play(
        keys[:2],
        options=EngineOptions(workers=1, timeout_s=8.0, retries=5),
        faults={"0/1": "hang"},
        once=str(tmp_path),
    )
    errors = [record for record in records if record.is_error]
    # On a very slow machine a worker may seem to hang while it starts: that must do no harm either.
    assert keys[1] in {record.key for record in errors}
    assert {record.error for record in errors} == {"WorkerTimeout"}
    assert "no sign of life for" in errors[0].message
    clean = play(keys[:2], out=tmp_path / "clean")
    assert facts([r for r in records if not r.is_error]) == facts(clean)


def test_an_episode_that_never_works_is_an_error_and_not_a_failure(
    play: Play, keys: tuple, tmp_path: Path
) -> None:
    records = play(keys[:3], faults={"0/1": "raise"})
    assert [r.attempt for r in records if r.is_error] == [1, 2, 3]
    summary = summarise(records, keys[:3])
    assert (summary.total.successes, summary.total.episodes, summary.total.errors) == (2, 2, 1)
    assert "on purpose" in (tmp_path / "run" / "errors.log").read_text()
    # The next run tries it again, and finds it repaired.
    again = play(keys[:3])
    assert [r.attempt for r in again if r.key == keys[1]] == [1, 2, 3, 4]
    assert summarise(again, keys[:3]).total.episodes == 3


def test_a_run_in_which_nothing_works_is_given_up(play: Play, keys: tuple) -> None:
    faults = {f"{key.task_id}/{key.init_index}": "raise" for key in keys}
    with pytest.raises(SpatuneError, match="first 4 attempts .* RuntimeError: the simulator broke"):
        play(keys, options=EngineOptions(workers=2, max_errors=4), faults=faults)


def test_metrics_of_the_last_step_are_recorded(play: Play, keys: tuple, tmp_path: Path) -> None:
    def play_into(name: str, workers: int) -> list:
        options = EngineOptions(workers=workers)
        return play(keys, out=tmp_path / name, options=options, metrics={"spl": None})

    one, two = play_into("one", 1), play_into("two", 2)
    assert facts(one) == facts(two)
    assert read_records(tmp_path / "one") == one
    # The last step of a success is within 0.07 of the goal; no earlier one is.
    assert all(record.success and 0 < record.metrics["distance"] < 0.07 for record in one)
    assert len({record.metrics["distance"] for record in one}) == len(keys)
    assert all(record.metrics["spl"] is None for record in one)
    (metric, unknown) = summarise(one, keys).metrics
    assert (metric.name, metric.episodes, unknown.missing) == ("distance", len(keys), len(keys))


def test_a_metric_that_json_cannot_hold_is_an_error(play: Play, keys: tuple) -> None:
    options = EngineOptions(workers=1, max_errors=1)
    with pytest.raises(SpatuneError, match="metric 'spl' is nan: the environment must give None"):
        play(keys[:1], options=options, metrics={"spl": float("nan")})


def test_an_environment_that_refuses_its_arguments_ends_the_run(play: Play, keys: tuple) -> None:
    with pytest.raises(SpatuneError, match="^suite 'none' is unknown; use 'plain'$"):
        play(tuple(type(key)("reach", "none", 0, 0) for key in keys[:1]))


def test_videos_do_not_change_digests(play: Play, keys: tuple, tmp_path: Path) -> None:
    request = VideoRequest(
        str(tmp_path / "film" / "a.mp4"), ("observation.images.image",), stride=3
    )
    plain = play(keys[:2], out=tmp_path / "plain")
    filmed = play(keys[:2], out=tmp_path / "filmed", videos={keys[0]: request})
    assert facts(plain) == facts(filmed)
    frames = read_video(request.path)
    assert len(frames) == 1 + -(-filmed[0].steps // 3)
    assert frames.shape[1:] == (256, 256, 3)
    assert frames[0][..., 0].max() > 200
    assert os.listdir(tmp_path / "film") == ["a.mp4"]


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "run_reach.py"), str(tmp_path), "2", "0.02"]
    # A session of its own, so that the signal reaches parent and workers as Ctrl-C would.
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    path = tmp_path / "episodes.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or b"\n" not in path.read_bytes():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0 and error.count("KeyboardInterrupt") == 1
    records = read_records(tmp_path)
    assert 1 <= len(records) < 12 and not any(record.is_error for record in records)
