"""MindCube: rows, prompts and the published order of patterns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatune.bench_spatial.benchmark import Scored
from spatune.bench_spatial.benchmarks.letter_benchmark import embedded_options, truth_letter
from spatune.bench_spatial.benchmarks.mindcube import MindCube, setting_of
from spatune.bench_spatial.benchmarks.row_benchmark import NO_PICTURE
from spatune.errors import SpatuneError

BENCH = MindCube()
OFFICIAL, QUESTION = BENCH.variants
TEXT = "If I turn left at view 2, what is in front? A. White rack B. Wall and door C. Sofa"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "id": "among_group016_q0_3",
        "question": TEXT,
        "input_prompt": f"Look at the pictures.\n{TEXT}\nAnswer with a letter.",
        "images": ["a.png", "b.png"],
        "gt_answer": "B",
        "category": ["perpendicular", "meanwhile"],
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any], pictures: tuple[str, ...] = ("a", "b")) -> Path:
    for name in pictures:
        Image.new("RGB", (4, 3)).save(folder / f"{name}.png")
    path = folder / "mindcube.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_a_row_becomes_a_choice_with_its_options_and_pictures(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert (sample.id, sample.category, sample.truth) == ("among_group016_q0_3", "among", "B")
    assert sample.question == "If I turn left at view 2, what is in front?"
    assert sample.options == ("White rack", "Wall and door", "Sofa")
    assert [media.load(1)[0].shape for media in sample.media] == [(3, 4, 3)] * 2
    assert not sample.skip


def test_prompts_are_the_rows_own_or_the_question(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert BENCH.prompt(sample, OFFICIAL) == row()["input_prompt"]
    assert BENCH.prompt(sample, QUESTION) == (
        f"{TEXT}\nAnswer with the option's letter from the given choices directly."
    )
    turned = sample.rotated(1)
    assert "A. Wall and door B. Sofa C. White rack" in BENCH.prompt(turned, OFFICIAL)
    assert turned.truth == "A"


def test_a_row_whose_picture_is_missing_is_kept_and_skipped(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row(), pictures=("a",)))
    assert sample.skip == NO_PICTURE


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B. Wall and door", "B"),
        ("I first thought A. but it is B. the wall", "B"),
        ("A. is wrong <Answer>C", "A"),  # a letter with a full stop comes before everything
        ("<Answer>The answer is C</Answer> not A", "C"),
        ("My answer is D", "D"),
        ("B", "B"),
        ("**C** it is", "C"),
        ("Answer: (C)", "C"),
        ("the wall", None),
        ("", None),
    ],
)
def test_letters_are_read_in_the_published_order(text: str, letter: str | None) -> None:
    sample = BENCH.sample(row(images=[b"x"]), 1, "row 1", Path())
    assert BENCH.extract(text, sample, OFFICIAL) == letter


def test_settings_come_from_the_id_and_are_totalled(tmp_path: Path) -> None:
    names = ["among_1", "around_1", "around_2", "rotation_1"]
    assert [setting_of(name) for name in [*names, "x"]] == [
        "among",
        "around",
        "around",
        "rotation",
        "other",
    ]
    samples = BENCH.load(written(tmp_path, *(row(id=name) for name in names)))
    scored = [Scored(s, "B", value) for s, value in zip(samples, (1.0, 1.0, 0.0, 0.0), strict=True)]
    assert BENCH.aggregate(scored, OFFICIAL) == {
        "overall": 0.5,
        "around": 0.5,
        "rotation": 0.0,
        "among": 1.0,
    }


@pytest.mark.parametrize("field", ["id", "question", "images", "gt_answer"])
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in row(id="around_2").items() if key != field}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_two_rows_of_one_id_and_letters_of_no_option_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="rows 1 and 2 both have the id"):
        BENCH.load(written(tmp_path, row(), row()))
    with pytest.raises(SpatuneError, match="gt_answer 'D' is the letter of no option"):
        BENCH.load(written(tmp_path, row(gt_answer="D")))


@given(
    st.lists(st.text("abcxyz -", min_size=1).filter(str.strip), min_size=2, max_size=6),
    st.sampled_from(".:"),
)
def test_embedded_options_are_found_again(options: list[str], mark: str) -> None:
    words = [" ".join(option.split()) for option in options]
    shown = " ".join(f"{chr(65 + i)}{mark} {word}" for i, word in enumerate(words))
    assert embedded_options(f"Where is plan A. now? {shown}", mark) == (
        "Where is plan A. now?",
        tuple(words),
    )


def test_text_without_options_stays_whole() -> None:
    assert embedded_options("Where is A. Miller?", ".") == ("Where is A. Miller?", ())


@pytest.mark.parametrize("text", ["B", "(B)", "B. left", "B: left", "(B) "])
def test_truths_are_letters_in_any_wrapping(text: str) -> None:
    assert truth_letter(text, ("right", "left"), "row 1") == "B"


@pytest.mark.parametrize("text", ["b left", "C", "", "left"])
def test_truths_that_name_no_option_are_refused(text: str) -> None:
    with pytest.raises(SpatuneError, match="row 1: answer"):
        truth_letter(text, ("right", "left"), "row 1")
