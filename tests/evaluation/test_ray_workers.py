"""A real local Ray: its actors play the bits of worker processes, and their faults are told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spatune.errors import SpatuneError
from spatune.evaluation import EngineOptions

Play = Callable[..., list]


def facts(records: list) -> list[dict]:
    return [record.deterministic() for record in records if not record.is_error]


@pytest.mark.slow
def test_two_ray_workers_write_the_lines_of_local_ones(
    play: Play, keys: tuple, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="pip install 'spatune[ray]'")
    local = play(keys, out=tmp_path / "local", options=EngineOptions(workers=1))
    # With a fault of every kind on the way, and a fresh actor after every second episode.
    on_ray = play(
        keys,
        out=tmp_path / "ray",
        options=EngineOptions(workers=2, ray="local", recycle_after=2, timeout_s=30.0, retries=5),
        faults={"0/1": "raise", "1/0": "abort", "1/2": "hang"},
        once=str(tmp_path),
    )
    assert facts(on_ray) == facts(local)
    errors = {(r.key.task_id, r.key.init_index, r.error): r.message for r in on_ray if r.is_error}
    # On a very slow machine another worker may seem to hang while it starts.
    assert errors.keys() >= {(0, 1, "RuntimeError"), (1, 0, "WorkerDied"), (1, 2, "WorkerTimeout")}
    died = errors[1, 0, "WorkerDied"]
    assert died.startswith("Ray worker: The actor is dead because") and "\n" not in died


def test_a_ray_that_is_not_there_is_one_line(play: Play, keys: tuple) -> None:
    pytest.importorskip("ray", reason="pip install 'spatune[ray]'")
    with pytest.raises(SpatuneError, match="^no Ray at '127.0.0.1:1': .*refused") as error:
        play(keys[:1], options=EngineOptions(ray="127.0.0.1:1"))
    assert "\n" not in str(error.value)


def test_without_ray_the_extra_is_named(
    play: Play, keys: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SpatuneError, match=r"^--ray needs Ray: pip install 'spatune\[ray\]'$"):
        play(keys[:1], options=EngineOptions(ray="local"))
