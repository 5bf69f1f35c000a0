"""The run directory: another's is refused, damage is cut off or kept apart, the end canonical."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spatune.errors import SpatuneError
from spatune.evaluation import EpisodeKey, EpisodeRecord, EpisodeStore
from spatune.evaluation.store import read_records

CONFIG = {"policy": "embedded", "suites": ("plain",), "seed": 0}


def record(task: int, init: int, *, error: str | None = None, attempt: int = 1) -> EpisodeRecord:
    return EpisodeRecord(
        key=EpisodeKey("reach", "plain", task, init),
        control="none",
        success=None if error else True,
        steps=0 if error else 12,
        max_steps=40,
        first_success_step=None if error else 12,
        return_=1.0,
        wall_seconds=0.5,
        error=error,
        message=error,
        action_digest="a",
        state_digest="b",
        instruction="reach",
        mode="exact",
        backend="numpy",
        versions={"numpy": "2"},
        attempt=attempt,
    )


def test_record_round_trip() -> None:
    line = record(1, 2).to_line()
    assert line.count("\n") == 1
    assert EpisodeRecord.from_json(json.loads(line)) == record(1, 2)


def test_metrics_are_in_the_line_only_when_there_are_some() -> None:
    plain = record(1, 2)
    measured = replace(plain, metrics={"spl": 0.5, "sel": None})
    # Lines of earlier versions have no such field, and lines without metrics look the same.
    assert "metrics" not in json.loads(plain.to_line())
    assert EpisodeRecord.from_json(json.loads(plain.to_line())).metrics == {}
    assert json.loads(measured.to_line())["metrics"] == {"spl": 0.5, "sel": None}
    assert EpisodeRecord.from_json(json.loads(measured.to_line())) == measured
    assert measured.deterministic() != plain.deterministic()


def test_records_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with EpisodeStore(tmp_path, CONFIG) as store:
        store.append(record(1, 0))
        store.append(record(0, 1, error="RuntimeError"))
        assert read_records(tmp_path) == store.records
    keys = [EpisodeKey("reach", "plain", task, init) for task in (1, 0) for init in (1, 0)]
    with EpisodeStore(tmp_path, CONFIG) as store:
        # What has only an error is pending.
        assert store.pending(keys) == [keys[3], keys[2], keys[0]]
        assert store.attempts(keys[2]) == 1


def test_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    with EpisodeStore(tmp_path, CONFIG) as store:
        store.append(record(0, 0))
    path = tmp_path / "episodes.jsonl"
    whole = path.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole + whole[:cut])
        with EpisodeStore(tmp_path, CONFIG) as store:
            assert store.records == [record(0, 0)]
        assert path.read_bytes() == whole


DAMAGE = {
    "cut short": lambda line: line[:40] + b"\n",
    "an empty object": lambda line: b"{}\n",
    "no object": lambda line: b"7\n",
    "an unknown field": lambda line: line.replace(b'"wall_seconds"', b'"wall_secands"'),
    "no text": lambda line: b"\xff\x00\xfe" + line[3:],
    "a carriage return": lambda line: line[:40] + b"\r" + line[40:],
    "two lines in one": lambda line: line[:-1] + line,
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_line_is_kept_apart_and_its_episode_is_pending(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str, place: int
) -> None:
    whole = [record(0, 0), record(0, 1), record(1, 0)]
    lines = [one.to_line().encode() for one in whole]
    lines[place] = DAMAGE[damage](lines[place])
    with EpisodeStore(tmp_path, CONFIG):
        (tmp_path / "episodes.jsonl").write_bytes(b"".join(lines))
    with pytest.raises(SpatuneError, match=f"line {place + 1} is not an episode record") as error:
        read_records(tmp_path)
    assert "\n" not in str(error.value)
    with EpisodeStore(tmp_path, CONFIG) as store:
        assert f"no episode record in line {place + 1}: moved" in capsys.readouterr().err
        assert store.records == read_records(tmp_path) == whole[:place] + whole[place + 1 :]
        assert store.pending([one.key for one in whole]) == [whole[place].key]
        store.append(whole[place])
        store.finalise()
    (kept,) = (tmp_path / "episodes.bad.jsonl").read_text().splitlines()
    text = lines[place][:-1].decode(errors="backslashreplace")
    assert json.loads(kept) == {"line": place + 1, "text": text}
    with EpisodeStore(tmp_path, CONFIG) as store:
        assert store.records == whole
    assert capsys.readouterr().err == ""


def test_damage_and_a_torn_line_at_once_and_again_later(tmp_path: Path) -> None:
    path, bad = tmp_path / "episodes.jsonl", tmp_path / "episodes.bad.jsonl"
    good = record(0, 0).to_line()
    with EpisodeStore(tmp_path, CONFIG):
        path.write_text("broken\n" + good + "{}\n" + good[:30])
    for _ in range(2):
        with EpisodeStore(tmp_path, CONFIG) as store:
            assert store.records == [record(0, 0)]
        assert path.read_text() == good
        # The second time as after a kill between the two files: nothing is kept twice.
        path.write_text("broken\n" + good)
    with EpisodeStore(tmp_path, CONFIG):
        path.write_text(good + "later\n")
    EpisodeStore(tmp_path, CONFIG).close()
    kept = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [(one["line"], one["text"]) for one in kept] == [(1, "broken"), (3, "{}"), (2, "later")]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"seed": 1}, "seed = 0, this run has seed = 1"),
        (
            {"suites": ["plain", "b"]},
            r'suites = \["plain"\], this run has suites = \["plain", "b"\]',
        ),
        ({"control": "blind"}, 'control = nothing, this run has control = "blind"'),
    ],
)
def test_other_configuration_is_refused(tmp_path: Path, change: dict, text: str) -> None:
    EpisodeStore(tmp_path, CONFIG).close()
    with pytest.raises(SpatuneError, match=text) as error:
        EpisodeStore(tmp_path, {**CONFIG, **change})
    assert "\n" not in str(error.value)
    EpisodeStore(tmp_path, CONFIG).close()


def test_directory_in_use_is_refused(tmp_path: Path) -> None:
    with EpisodeStore(tmp_path, CONFIG):
        with pytest.raises(SpatuneError, match="in use by another run"):
            EpisodeStore(tmp_path, CONFIG)
    EpisodeStore(tmp_path, CONFIG).close()


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SpatuneError, match="not a directory"):
        EpisodeStore(tmp_path / "file", CONFIG)


def test_finalise_sorts_and_appending_goes_on(tmp_path: Path) -> None:
    with EpisodeStore(tmp_path, CONFIG) as store:
        for item in (record(1, 0), record(0, 1, error="E"), record(0, 1, attempt=2), record(0, 0)):
            store.append(item)
        store.finalise()
        store.append(record(0, 2))
    places = [(r.key.task_id, r.key.init_index, r.attempt) for r in read_records(tmp_path)]
    assert places == [(0, 0, 1), (0, 1, 1), (0, 1, 2), (1, 0, 1), (0, 2, 1)]
