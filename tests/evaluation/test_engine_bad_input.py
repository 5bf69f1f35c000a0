"""Bad policies, full disks and second runs: one clear line, and no finished episode is lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.evaluation import EngineOptions, EpisodeStore
from spatune.evaluation.store import read_records

HERE = Path(__file__).parent
Play = Callable[..., list]
PATIENCE = 300


def facts(records: list) -> list[dict]:
    return [record.deterministic() for record in records]


def with_nan(chunks: np.ndarray) -> Any:
    chunks[0, -1, 1] = np.nan
    return chunks


BAD_CHUNKS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "NaN": (with_nan, r"returned nan at plain task 0 init 2, replan 1: check its weights"),
    "too large for float32": (
        lambda chunks: chunks.astype(np.float64) * 1e300,
        r"returned -?inf at plain task 0 init 2, replan 1: check its weights",
    ),
    "a step too few": (
        lambda chunks: chunks[:, :-1],
        r"returned chunks of shape \(1, 5, 2\), its spec says \(1, 6, 2\): correct chunk_length",
    ),
    "no batch": (lambda chunks: chunks[0], r"shape \(6, 2\), its spec says \(1, 6, 2\)"),
    "nothing": (lambda chunks: None, r"returned chunks of shape \(\), its spec says"),
    "a dictionary": (lambda chunks: {"action": chunks}, r"returned dict, not an array of numbers"),
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("kind", BAD_CHUNKS)
def test_a_bad_chunk_stops_the_run_and_keeps_what_is_finished(
    reach, play: Play, keys: tuple, tmp_path: Path, kind: str
) -> None:
    spoil, message = BAD_CHUNKS[kind]

    class SpoiltPolicy(reach.SeekPolicy):
        def predict(self, observations, noise: np.ndarray) -> Any:
            chunks = super().predict(observations, noise)
            third = np.array_equal(noise[0], keys[2].noise(1, noise.shape[1:]))
            return spoil(chunks) if third else chunks

    options = EngineOptions(workers=1)
    with pytest.raises(SpatuneError, match=f"^policy SpoiltPolicy .numpy. .*{message}") as error:
        play(keys, policy=SpoiltPolicy(), options=options)
    assert "\n" not in str(error.value)
    kept = read_records(tmp_path / "run")
    assert [record.key for record in kept] == list(keys[:2])
    if kind == "NaN":
        whole = play(keys, out=tmp_path / "whole", options=options)
        assert facts(play(keys, options=options)) == facts(whole)


def evaluate(out: Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """`spatune eval nav` by the random policy; no file may grow beyond `limit` bytes."""
    words = (
        "eval nav --policy random --backend embedded --split val --houses 0 --episodes 3 "
        f"--max-steps 3 --image-size 16 --workers 1 --out {out}"
    )

    def full_disk() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "spatune.cli", *words.split()],
        preexec_fn=full_disk,
        capture_output=True,
        text=True,
    )


def test_a_full_disk_ends_the_run_with_one_line_and_loses_nothing(tmp_path: Path) -> None:
    assert evaluate(tmp_path / "whole").returncode == 0
    whole = read_records(tmp_path / "whole")
    line = max(len(record.to_line()) for record in whole)
    # Room for the second record's first half.
    ended = evaluate(tmp_path / "run", limit=line * 3 // 2)
    assert ended.returncode == 2
    path = tmp_path / "run" / "episodes.jsonl"
    assert ended.stderr.strip().splitlines()[-1] == (
        f"spatune: error: {path}: File too large; what is finished is kept: make room, then give "
        "the same command again"
    )
    assert "Traceback" not in ended.stderr
    text = path.read_text()
    assert text.endswith("\n") and [json.loads(one) for one in text.splitlines()]
    assert facts(read_records(tmp_path / "run")) == facts(whole[:1])
    assert evaluate(tmp_path / "run").returncode == 0
    assert facts(read_records(tmp_path / "run")) == facts(whole)


def test_a_second_run_into_the_directory_of_another_process_is_refused(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, str(HERE / "run_reach.py"), str(tmp_path), "1", "1"])
    try:
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "episodes.jsonl").exists():
            assert time.monotonic() < deadline and first.poll() is None
            time.sleep(0.05)
        with pytest.raises(SpatuneError, match="is in use by another run: wait for it, or choose"):
            EpisodeStore(tmp_path, {"seed": 0})
    finally:
        first.kill()
        first.wait()
    # A killed run leaves no lock behind.
    EpisodeStore(tmp_path, {"seed": 0}).close()


@pytest.mark.slow
def test_a_run_that_slept_longer_than_the_timeout_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "run_reach.py"), str(tmp_path), "2", "0.05", "10"]
    process = subprocess.Popen(command, start_new_session=True)
    path = tmp_path / "episodes.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or b"\n" not in path.read_bytes():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(12)
    os.killpg(process.pid, signal.SIGCONT)
    assert process.wait(timeout=PATIENCE) == 0
    records = read_records(tmp_path)
    assert len(records) == 12 and not any(record.is_error for record in records)
