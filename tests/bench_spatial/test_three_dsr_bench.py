"""3DSRBench: the published table, and which rows make a question right."""

from __future__ import annotations

import base64
import csv
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from spatune.bench_spatial.benchmark import Scored
from spatune.bench_spatial.benchmarks.three_dsr_bench import ThreeDSRBench
from spatune.bench_spatial.totals import Totals
from spatune.errors import SpatuneError

BENCH = ThreeDSRBench()
FLIP_CIRCULAR, CIRCULAR, FLIP, VANILLA = BENCH.variants


def picture() -> str:
    buffer = BytesIO()
    Image.new("RGB", (5, 2)).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def row(qid: str = "AB12-0", **changes: Any) -> dict[str, Any]:
    return {
        "index": "0",
        "qid": qid,
        "question": "Which is higher?",
        "A": "cup",
        "B": "lamp",
        "C": "",
        "D": "",
        "answer": "B",
        "category": "height_higher",
        "image": picture(),
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any], suffix: str = ".tsv") -> Path:
    path = folder / f"3dsrbench{suffix}"
    with path.open("w", newline="") as file:
        delimiter = "\t" if suffix == ".tsv" else ","
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def scored(folder: Path, **scores: float) -> list[Scored]:
    """Samples with scores, by qid with `_` for `-`."""
    names = [name.replace("_", "-") for name in scores]
    samples = BENCH.load(written(folder, *(row(name) for name in names)))
    return [Scored(s, "x", value) for s, value in zip(samples, scores.values(), strict=True)]


@pytest.mark.parametrize("suffix", [".tsv", ".csv"])
def test_a_row_of_the_table_becomes_a_choice(tmp_path: Path, suffix: str) -> None:
    (sample,) = BENCH.load(written(tmp_path, row(), suffix=suffix))
    assert (sample.id, sample.scene, sample.options) == ("AB12-0", "AB12", ("cup", "lamp"))
    assert sample.media[0].load(1)[0].shape == (2, 5, 3)
    assert BENCH.prompt(sample, VANILLA) == (
        "Which is higher?\nA. cup\nB. lamp\n"
        "Answer with the option's letter from the given choices directly."
    )


def test_a_picture_may_be_a_path(tmp_path: Path) -> None:
    Image.new("RGB", (7, 3)).save(tmp_path / "0.png")
    (sample,) = BENCH.load(written(tmp_path, row(image="0.png")))
    assert sample.media[0].load(1)[0].shape == (3, 7, 3)


def test_protocols_ask_more_and_more_rows(tmp_path: Path) -> None:
    rows = scored(
        tmp_path,
        right_0=1.0, right_1=1.0, right_flip_0=1.0, right_flip_1=1.0,
        order_0=1.0, order_1=0.0, order_flip_0=1.0, order_flip_1=1.0,
        mirror_0=1.0, mirror_1=1.0, mirror_flip_0=0.0, mirror_flip_1=1.0,
        wrong_0=0.0, wrong_1=1.0, wrong_flip_0=1.0, wrong_flip_1=1.0,
    )  # fmt: skip
    totals = BENCH.aggregate(rows, VANILLA)
    assert totals["vanilla"] == totals["overall"] == totals["height"] == 0.75
    assert totals["flip"] == totals["circular"] == 0.5
    assert totals["flip-circular"] == 0.25
    assert BENCH.aggregate(rows, FLIP_CIRCULAR)["overall"] == 0.25
    assert totals["location"] is None


def test_a_protocol_whose_rows_are_not_there_has_no_total(tmp_path: Path) -> None:
    totals = BENCH.aggregate(scored(tmp_path, one=1.0, one_flip=0.0), FLIP)
    assert totals["overall"] == totals["flip"] == 0
    assert totals["vanilla"] == 1
    assert totals["circular"] is None and totals["flip-circular"] is None


def test_intervals_count_a_question_as_often_as_it_is_drawn(tmp_path: Path) -> None:
    rows = scored(tmp_path, **{f"q{i}": float(i % 2) for i in range(20)})
    twice = [*rows, *(one for one in rows if one.score), *(one for one in rows if one.score)]
    assert BENCH.aggregate(twice, VANILLA)["vanilla"] == 0.75
    totals = Totals.of(BENCH, VANILLA, rows, frozenset())
    interval = totals.intervals["overall"]
    assert interval is not None and interval[0] < 0.35 and interval[1] > 0.65


@pytest.mark.parametrize("field", ["qid", "question", "A", "B", "answer", "category", "image"])
def test_an_empty_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}'"):
        BENCH.load(written(tmp_path, row(), {**row("CD"), field: ""}))


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="both have the id"):
        BENCH.load(written(tmp_path, row(), row()))
    with pytest.raises(SpatuneError, match="neither base64 nor a path"):
        BENCH.load(written(tmp_path, row(image="not base64!")))
    with pytest.raises(SpatuneError, match="answer 'C' is the letter of no option"):
        BENCH.load(written(tmp_path, row(answer="C")))
    with pytest.raises(SpatuneError, match="no such file"):
        BENCH.load(tmp_path / "none.tsv")
