"""CV-Bench and BLINK: rows, the wording with parentheses, and their totals."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from spatune.bench_spatial.benchmark import Scored
from spatune.bench_spatial.benchmarks.blink import BLINK, HIDDEN
from spatune.bench_spatial.benchmarks.cv_bench import CVBench
from spatune.errors import SpatuneError

CV, LOOK = CVBench(), BLINK()


def picture() -> dict[str, Any]:
    buffer = BytesIO()
    Image.new("RGB", (5, 2)).save(buffer, format="PNG")
    return {"bytes": buffer.getvalue(), "path": None}


def cv_row(**changes: Any) -> dict[str, Any]:
    return {
        "idx": 3,
        "type": "2D",
        "task": "Count",
        "image": picture(),
        "question": "How many cups are there?",
        "choices": ["1", "2", "3"],
        "answer": "(C)",
        "source": "COCO",
        **changes,
    }


def look_row(**changes: Any) -> dict[str, Any]:
    return {
        "idx": "val_Relative_Depth_1",
        "sub_task": "Relative_Depth",
        "question": "Which point is closer?",
        "choices": ["A is closer", "B is closer"],
        "answer": "(A)",
        "image_1": picture(),
        "image_2": picture(),
        "image_3": None,
        "image_4": None,
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "test.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)
    return path


def test_a_cv_bench_row_becomes_a_choice(tmp_path: Path) -> None:
    (sample,) = CV.load(written(tmp_path, cv_row()))
    assert (sample.id, sample.category, sample.truth) == ("3", "Count", "C")
    assert sample.media[0].load(1)[0].shape == (2, 5, 3)
    assert CV.prompt(sample, CV.variants[0]) == (
        "How many cups are there? Select from the following choices.\n(A) 1\n(B) 2\n(C) 3\n"
        "Answer with the option's letter from the given choices directly."
    )


@pytest.mark.parametrize(
    ("text", "robust", "strict"),
    [("(C)", "C", "C"), ("C. 3", "C", "C"), ("The answer is (B).", "B", None), ("?", None, None)],
)
def test_letters_are_read_with_their_parentheses(
    tmp_path: Path, text: str, robust: str | None, strict: str | None
) -> None:
    (sample,) = CV.load(written(tmp_path, cv_row()))
    assert [CV.extract(text, sample, variant) for variant in CV.variants] == [robust, strict]


def test_the_total_weighs_2d_and_3d_alike(tmp_path: Path) -> None:
    scores = [("ADE20K", 1.0), ("COCO", 1.0), ("COCO", 0.0), ("Omni3D", 0.0), ("Omni3D", 0.0)]
    rows = [cv_row(idx=i, source=source) for i, (source, _) in enumerate(scores)]
    samples = CV.load(written(tmp_path, *rows))
    scored = [Scored(s, "x", value) for s, (_, value) in zip(samples, scores, strict=True)]
    totals = CV.aggregate(scored, CV.variants[0])
    assert totals == {
        "overall": 0.375,
        "2D": 0.75,
        "3D": 0.0,
        "ADE20K": 1.0,
        "COCO": 0.5,
        "Omni3D": 0.0,
    }
    assert CV.aggregate(scored[:3], CV.variants[0])["overall"] is None


@pytest.mark.parametrize("field", ["task", "image", "question", "choices", "answer", "source"])
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        CV.load(written(tmp_path, cv_row(), {**cv_row(idx=4), field: None}))


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="source 'NYU' is none of ADE20K, COCO, Omni3D"):
        CV.load(written(tmp_path, cv_row(source="NYU")))
    with pytest.raises(SpatuneError, match="both have the id '3'"):
        CV.load(written(tmp_path, cv_row(), cv_row()))
    with pytest.raises(SpatuneError, match=r"answer '\(D\)' is the letter of no option"):
        CV.load(written(tmp_path, cv_row(answer="(D)")))


def test_a_blink_row_shows_all_its_pictures(tmp_path: Path) -> None:
    (sample,) = LOOK.load(written(tmp_path, look_row()))
    assert len(sample.media) == 2 and sample.truth == "A"
    assert "(B) B is closer" in LOOK.prompt(sample, LOOK.variants[0])
    assert LOOK.extract("(B) B is closer", sample, LOOK.variants[1]) == "B"


def test_a_hidden_answer_is_skipped(tmp_path: Path) -> None:
    (sample,) = LOOK.load(written(tmp_path, look_row(answer="hidden")))
    assert sample.skip == HIDDEN


def test_blinks_total_is_the_mean_of_its_tasks(tmp_path: Path) -> None:
    scores = [("Counting", 1.0), ("Counting", 1.0), ("Counting", 1.0), ("Jigsaw", 0.0)]
    rows = [look_row(idx=str(i), sub_task=task) for i, (task, _) in enumerate(scores)]
    samples = LOOK.load(written(tmp_path, *rows))
    scored = [Scored(s, "x", value) for s, (_, value) in zip(samples, scores, strict=True)]
    assert LOOK.aggregate(scored, LOOK.variants[0]) == {"overall": 0.5, "mean": 0.75}


@pytest.mark.parametrize("field", ["idx", "sub_task", "question", "choices", "answer", "image_1"])
def test_blink_names_missing_fields(tmp_path: Path, field: str) -> None:
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        LOOK.load(written(tmp_path, look_row(), {**look_row(idx="2"), field: None}))
