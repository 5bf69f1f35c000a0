"""The log of answers: what survives a kill, and what is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from spatune.bench_spatial.answers import AnswerLine, AnswerLog


def line(id: str, raw: str | None = "A", error: str = "") -> AnswerLine:
    return AnswerLine(id, 0, raw, error, 2, "digest")


def test_answers_survive_and_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with AnswerLog(path) as log:
        log.append([line("1"), line("2", "snow ☃\u2028")])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"id": "3", "rot')
    with AnswerLog(path) as log:
        assert log.answers == {("1", 0): line("1"), ("2", 0): line("2", "snow ☃\u2028")}
        assert path.read_bytes() == whole
        log.append([line("3")])
    assert path.read_bytes().startswith(whole) and path.read_bytes().count(b"\n") == 3


def test_error_is_asked_again_and_written_once(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    asks = [("1", 0), ("2", 0), ("3", 0)]
    with AnswerLog(path) as log:
        log.append([line("2"), line("1", None, "no video")])
        assert log.pending(asks) == [("1", 0), ("3", 0)]
        log.append([line("1", None, "no video")])
        assert path.read_bytes().count(b"\n") == 2
        log.append([line("1", "B")])
        assert log.pending(asks) == [("3", 0)]
        log.finalise()
        log.append([line("3")])
    with AnswerLog(path) as log:
        assert [answer.raw for answer in log.answers.values()] == ["B", "A", "A"]


def test_damage_in_the_middle_is_set_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answers.jsonl"
    with AnswerLog(path) as log:
        log.append([line("1")])
    path.write_text("{broken\n" + path.read_text())
    with AnswerLog(path) as log:
        assert list(log.answers) == [("1", 0)]
        log.append([line("2")])
    assert "no answer in line 1: moved to answers.bad.jsonl" in capsys.readouterr().err
    with AnswerLog(path) as log:
        assert list(log.answers) == [("1", 0), ("2", 0)]
