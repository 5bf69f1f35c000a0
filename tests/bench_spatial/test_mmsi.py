"""MMSI-Bench: parquet rows, the wording, and the fences around a letter."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatune.bench_spatial.benchmarks.mmsi import IN_BACKTICKS, MMSIBench
from spatune.errors import SpatuneError

BENCH = MMSIBench()
OFFICIAL, ROBUST = BENCH.variants
TEXT = "Which way do you move?\nOptions: A: Left and back, B: Forward, C: Back, D: Right, then up"


def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (5, 2)).save(buffer, format="PNG")
    return buffer.getvalue()


def row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "images": [picture(), picture()],
        "question_type": "Motion (Cam.)",
        "question": TEXT,
        "answer": "D",
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "MMSI_Bench.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)
    return path


def test_a_parquet_row_becomes_a_choice_with_its_pictures(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert (sample.id, sample.category, sample.truth) == ("7", "Motion (Cam.)", "D")
    assert sample.options == ("Left and back", "Forward", "Back", "Right, then up")
    assert [media.load(1)[0].shape for media in sample.media] == [(2, 5, 3)] * 2


def test_the_prompt_is_the_row_and_the_wish_for_backticks(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert BENCH.prompt(sample, OFFICIAL) == f"{TEXT}\n{IN_BACKTICKS}"
    turned = sample.rotated(3)
    assert turned.truth == "A"
    assert "Options: A: Right, then up, B: Left and back, C: Forward, D: Back" in BENCH.prompt(
        turned, OFFICIAL
    )


def test_a_question_without_known_options_is_asked_as_it_stands(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row(question="Is it A or B?", answer="B")))
    assert (sample.form, sample.options, sample.truth) == ("text", (), "B")
    assert BENCH.prompt(sample, OFFICIAL) == f"Is it A or B?\n{IN_BACKTICKS}"
    assert BENCH.score(sample, BENCH.extract("``B``", sample, OFFICIAL), OFFICIAL) == 1


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("``D``", "D"),
        ("I see `A` and ``B``", "B"),
        ("It is `C`.", "C"),
        ("The answer is {B}", "B"),
        ("`{B}`", "B"),
        ("A chair is there, so D", "D"),
        ("D", "D"),
        ("D.", "D"),
        ("``left`` is option D", None),  # the fence narrows the text
        ("A chair", None),
        ("G", None),
        ("", None),
    ],
)
def test_fences_are_read_from_the_outside_in(text: str, letter: str | None) -> None:
    sample = BENCH.sample(row(), 1, "row 1", Path())
    assert BENCH.extract(text, sample, OFFICIAL) == letter


@given(st.sampled_from("ABCD"), st.text("xyz .,\n", max_size=20), st.text("xyz .,\n", max_size=20))
def test_a_fenced_letter_is_found_in_any_text(letter: str, before: str, after: str) -> None:
    sample = BENCH.sample(row(), 1, "row 1", Path())
    for fence in ("``{}``", "`{}`", "{{{}}}"):
        assert BENCH.extract(before + fence.format(letter) + after, sample, OFFICIAL) == letter


@given(st.text(max_size=40))
def test_any_text_gives_a_letter_or_nothing(text: str) -> None:
    sample = BENCH.sample(row(), 1, "row 1", Path())
    for variant in BENCH.variants:
        found = BENCH.extract(text, sample, variant)
        assert found is None or found in "ABCDEF"
        assert BENCH.score(sample, found, variant) in (0.0, 1.0)


@pytest.mark.parametrize("field", ["id", "images", "question_type", "question", "answer"])
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {**row(id=8), field: None}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_two_rows_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="rows 1 and 2 both have the id '7'"):
        BENCH.load(written(tmp_path, row(), row()))


def test_pictures_that_are_neither_bytes_nor_paths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"id": 1, "images": [3], "question_type": "q", "question": "q", "answer": "A"}'
    )
    with pytest.raises(SpatuneError, match="field 'images' holds neither"):
        BENCH.load(path)
