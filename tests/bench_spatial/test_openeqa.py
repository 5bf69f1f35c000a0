"""OpenEQA: rows, frames of episodes, marks of a judge, and the exact match."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatune.bench_spatial.benchmarks.openeqa import JudgedOpenEQA, OpenEQA
from spatune.bench_spatial.benchmarks.row_benchmark import NO_PICTURE
from spatune.bench_spatial.scores.judge import TextJudge, mark_score, read_mark
from spatune.errors import SpatuneError

BENCH = OpenEQA()
(EXACT,) = BENCH.variants


def row(**changes: Any) -> dict[str, Any]:
    return {
        "question_id": "f2e82760",
        "question": "What is on the red chair?",
        "answer": "A folded towel",
        "extra_answers": ["towel"],
        "category": "object recognition",
        "episode_history": "hm3d-v0/000-hm3d-Bx",
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    frames = folder / "frames" / "hm3d-v0" / "000-hm3d-Bx"
    frames.mkdir(parents=True, exist_ok=True)
    for i in range(4):
        Image.new("RGB", (4, 4), (i, 0, 0)).save(frames / f"0000{i}-rgb.png")
        Image.new("RGB", (4, 4), (99, 0, 0)).save(frames / f"0000{i}-depth.png")
    path = folder / "open-eqa-v0.json"
    path.write_text(json.dumps(rows))
    return path


def test_a_row_shows_the_colour_pictures_of_its_episode(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert (sample.id, sample.scene, sample.form) == ("f2e82760", "hm3d-v0/000-hm3d-Bx", "text")
    assert [int(p[0, 0, 0]) for p in sample.media[0].load(2)] == [0, 3]
    assert sample.media[0].count(16) == 16


def test_an_episode_that_is_missing_is_skipped(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row(episode_history="scannet-v0/1")))
    assert sample.skip == NO_PICTURE


@pytest.mark.parametrize(
    ("text", "score"),
    [("a folded towel.", 1), ("Towel", 1), ("the towel", 1), ("a red towel", 0), ("", 0)],
)
def test_the_exact_match_takes_the_words_of_any_right_answer(
    tmp_path: Path, text: str, score: float
) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert BENCH.score(sample, BENCH.extract(text, sample, EXACT), EXACT) == score


def test_a_judges_mark_is_the_score(tmp_path: Path) -> None:
    asked = []

    def judge(question: str, answer: str, prediction: str, extra_answers: Sequence[str]) -> int:
        asked.append((question, answer, prediction, tuple(extra_answers)))
        return 4

    bench = JudgedOpenEQA(judge)
    (sample,) = bench.load(written(tmp_path, row()))
    judged, exact = bench.variants
    assert bench.score(sample, "cloth", judged) == 0.75
    assert asked == [("What is on the red chair?", "A folded towel", "cloth", ("towel",))]
    assert bench.score(sample, None, judged) == 0 and len(asked) == 1
    assert bench.score(sample, "towel", exact) == 1 and len(asked) == 1


def test_a_language_model_judges_by_its_text(tmp_path: Path) -> None:
    prompts = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "They are close.\nYour mark: 3"

    bench = JudgedOpenEQA(TextJudge(ask))
    (sample,) = bench.load(written(tmp_path, row()))
    assert bench.score(sample, "cloth", bench.variants[0]) == 0.5
    for words in ("What is on the red chair?", "A folded towel", "Also right: towel", "cloth"):
        assert words in prompts[0]


@given(st.integers(1, 5))
def test_marks_run_from_0_to_1(mark: int) -> None:
    assert read_mark(f"Your mark: {mark}") == read_mark(f" {mark}\n") == mark
    assert 100 * mark_score(mark) == 100 * (mark - 1) / 4


@pytest.mark.parametrize("text", ["Your mark: 6", "Your mark: 45", "4 or 5", "good", ""])
def test_a_text_without_a_mark_is_an_error(text: str) -> None:
    with pytest.raises(SpatuneError, match="no mark from 1 to 5"):
        read_mark(text)


@pytest.mark.parametrize("mark", [0, 6])
def test_a_mark_out_of_range_is_an_error(mark: int) -> None:
    with pytest.raises(SpatuneError, match="1, 2, 3, 4 or 5"):
        mark_score(mark)


@pytest.mark.parametrize(
    "field", ["question_id", "question", "answer", "category", "episode_history"]
)
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in row(question_id="2").items() if key != field}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="both have the id"):
        BENCH.load(written(tmp_path, row(), row()))
    with pytest.raises(SpatuneError, match="'extra_answers' is not a list"):
        BENCH.load(written(tmp_path, row(extra_answers="towel")))
