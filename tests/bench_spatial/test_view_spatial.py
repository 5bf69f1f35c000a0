"""ViewSpatial-Bench: rows, prompt, and the letter of the last line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from spatune.bench_spatial.benchmarks.view_spatial import ViewSpatial
from spatune.errors import SpatuneError

BENCH = ViewSpatial()
OFFICIAL, ROBUST = BENCH.variants
CHOICES = "A. left\nB. front-right\nC. back\nD. right"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "question_type": "Person perspective - Relative Direction",
        "image_path": ["scene/0.jpg"],
        "question": "Where is the cup for the person?",
        "answer": "B. front-right",
        "choices": CHOICES,
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    (folder / "scene").mkdir(exist_ok=True)
    Image.new("RGB", (4, 4)).save(folder / "scene" / "0.jpg")
    path = folder / "ViewSpatial-Bench.json"
    path.write_text(json.dumps(rows))
    return path


def test_rows_without_id_are_known_by_their_place(tmp_path: Path) -> None:
    samples = BENCH.load(written(tmp_path, row(), row()))
    assert [sample.id for sample in samples] == ["row-1", "row-2"]
    assert samples[0].options == ("left", "front-right", "back", "right")
    assert samples[0].truth == "B" and not samples[0].skip


@pytest.mark.parametrize("question", ["Where is it?", f"Where is it?\n{CHOICES}"])
def test_the_prompt_shows_the_options_once(tmp_path: Path, question: str) -> None:
    (sample,) = BENCH.load(written(tmp_path, row(question=question)))
    assert BENCH.prompt(sample, OFFICIAL) == (
        f"Where is it?\n{CHOICES}\nReply only to the corresponding option.\nAnswer:"
    )


@pytest.mark.parametrize(
    ("text", "official", "robust"),
    [
        ("B. front-right", "B", "B"),
        ("b", "B", "B"),
        ("A is near.\nSo the answer is C", "C", "C"),
        ("It is a cup: D", "A", "D"),  # published: upper and lower case are one
        ("B\n", None, "B"),
        ("front-right", None, "B"),
    ],
)
def test_the_first_letter_of_the_last_line_counts(
    tmp_path: Path, text: str, official: str | None, robust: str | None
) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert BENCH.extract(text, sample, OFFICIAL) == official
    assert BENCH.extract(text, sample, ROBUST) == robust


@pytest.mark.parametrize("field", ["question_type", "question", "answer", "choices"])
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in row().items() if key != field}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_rows_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="field 'images' is missing"):
        BENCH.load(written(tmp_path, row(image_path=None)))
    with pytest.raises(SpatuneError, match="field 'image_path' is empty"):
        BENCH.load(written(tmp_path, row(image_path=[])))
