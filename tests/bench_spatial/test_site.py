"""SITE-Bench: chance-adjusted accuracy, pictures and videos, and what cannot be read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatune.bench_spatial.benchmark import Scored
from spatune.bench_spatial.benchmarks.site import SITEBench, random_letter
from spatune.bench_spatial.media import VideoFile
from spatune.bench_spatial.scores.caa import chance_adjusted_accuracy
from spatune.errors import SpatuneError

BENCH = SITEBench()
UNREAD_IS_WRONG, FALLBACK = BENCH.variants


def row(**changes: Any) -> dict[str, Any]:
    return {
        "question": "How many chairs are in <image>?",
        "options": ["2", "3", "4"],
        "answer": "B",
        "category": "counting & existence",
        "dataset": "blink",
        "visual": "0.png",
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    Image.new("RGB", (4, 4)).save(folder / "0.png")
    (folder / "0.mp4").touch()
    path = folder / "site.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_accuracy_is_adjusted_as_counted_by_hand() -> None:
    # Gains: 1 - 1/2 and 0 - 1/4; most possible 1/2 + 3/4.
    assert chance_adjusted_accuracy([1, 0], [2, 4]) == pytest.approx(0.25 / 1.25)
    assert chance_adjusted_accuracy([0, 0], [2, 2]) == -1
    assert chance_adjusted_accuracy([], []) is None


counts = st.lists(st.integers(2, 9), min_size=1, max_size=20)


@given(counts)
def test_all_right_is_one_and_chance_is_zero(options: list[int]) -> None:
    assert chance_adjusted_accuracy([1] * len(options), options) == pytest.approx(1)
    # The expectation of a guess, in place of its outcome.
    guess = [1 / n for n in options]
    assert chance_adjusted_accuracy(guess, options) == pytest.approx(0, abs=1e-12)


@given(counts, st.data())
def test_accuracy_never_leaves_its_bounds(options: list[int], data: st.DataObject) -> None:
    right = data.draw(st.lists(st.integers(0, 1), min_size=len(options), max_size=len(options)))
    value = chance_adjusted_accuracy(right, options)
    assert value is not None and -1 - 1e-12 <= value <= 1 + 1e-12


def test_a_question_of_one_option_is_refused() -> None:
    with pytest.raises(SpatuneError, match="two options"):
        chance_adjusted_accuracy([1], [1])


def test_pictures_and_videos_have_their_own_wording(tmp_path: Path) -> None:
    image, video = BENCH.load(written(tmp_path, row(), row(visual="0.mp4", question="When?")))
    assert BENCH.prompt(image, UNREAD_IS_WRONG) == (
        "Question: How many chairs are in (image 1)?\nOptions:\nA: 2\nB: 3\nC: 4\n"
        "Give me the answer letter directly. The best answer is:"
    )
    assert isinstance(video.media[0], VideoFile)
    assert BENCH.prompt(video, UNREAD_IS_WRONG).startswith("Select the best answer")


def test_pictures_in_options_keep_their_numbers_when_options_move(tmp_path: Path) -> None:
    options = ["<image>", "<image>"]
    changed = row(question="Which continues <image>?", options=options, visual=["0.png"] * 3)
    (sample,) = BENCH.load(written(tmp_path, changed))
    assert sample.question == "Which continues (image 1)?"
    assert sample.options == ("(image 2)", "(image 3)")
    assert sample.rotated(1).options == ("(image 3)", "(image 2)")


def test_an_answer_may_be_a_letter_or_an_option(tmp_path: Path) -> None:
    samples = BENCH.load(written(tmp_path, row(), row(answer="4")))
    assert [sample.truth for sample in samples] == ["B", "C"]


def test_what_cannot_be_read_is_wrong_unless_the_random_letter_is_asked_for(
    tmp_path: Path,
) -> None:
    samples = BENCH.load(written(tmp_path, *(row(index=i) for i in range(300))))
    assert all(BENCH.extract("no idea", s, UNREAD_IS_WRONG) is None for s in samples)
    assert all(BENCH.extract("The answer is B.", s, FALLBACK) == "B" for s in samples)
    letters = [BENCH.extract("no idea", sample, FALLBACK) for sample in samples]
    assert letters == [random_letter(sample) for sample in samples]
    assert letters != [random_letter(sample, seed=1) for sample in samples]
    assert all(80 <= n <= 120 for n in Counter(letters).values()) and len(set(letters)) == 3


def test_totals_pool_pictures_and_videos(tmp_path: Path) -> None:
    rows = [row(), row(options=["1", "2"], visual="0.mp4", category="3d information understanding")]
    image, video = BENCH.load(written(tmp_path, *rows))
    totals = BENCH.aggregate([Scored(image, "B", 1.0), Scored(video, "A", 0.0)], UNREAD_IS_WRONG)
    assert totals["overall"] == pytest.approx((2 / 3 - 1 / 2) / (2 / 3 + 1 / 2))
    assert totals["accuracy"] == 0.5
    assert totals["counting & existence"] == totals["images"] == pytest.approx(1)
    assert totals["3d information understanding"] == totals["videos"] == pytest.approx(-1)


@pytest.mark.parametrize(
    "field", ["question", "options", "answer", "category", "dataset", "visual"]
)
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in row().items() if key != field}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_a_single_option_and_two_rows_of_one_index_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="row 1: field 'options' holds fewer than two"):
        BENCH.load(written(tmp_path, row(options=["2"])))
    with pytest.raises(SpatuneError, match="both have the id '4'"):
        BENCH.load(written(tmp_path, row(index=4), row(index=4)))
