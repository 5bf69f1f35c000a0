"""VSI-Bench: rows, exact wording, scores, its total, and bad rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from spatune.bench_spatial import Sample, Scored
from spatune.bench_spatial.benchmarks.vsi_bench import (
    CHOICE_TYPES,
    NO_VIDEO,
    NUMBER_TYPES,
    ZERO_TRUTH,
    VSIBench,
)
from spatune.bench_spatial.media import FrameFolder, VideoFile
from spatune.errors import SpatuneError

BENCH = VSIBench()


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]


def rewrite(folder: Path, rows: list[dict[str, Any]], kind: str = "jsonl") -> Path:
    (folder / "test.jsonl").unlink(missing_ok=True)
    path = folder / f"test.{kind}"
    if kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif kind == "json":
        path.write_text(json.dumps(rows))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_every_file_form_gives_the_same_samples(make_vsi: Callable[[], Path]) -> None:
    folder = make_vsi()
    rows = rows_of(folder)
    samples = BENCH.load(folder)
    assert [sample.id for sample in samples] == ["1", "2", "3", "11", "12", "13"]
    for kind in ("json", "parquet", "jsonl"):
        path = rewrite(folder, rows, kind)
        assert BENCH.load(path) == BENCH.load(folder) == samples
        path.unlink()


def test_sample_of_a_row(make_vsi: Callable[[], Path]) -> None:
    folder = make_vsi()
    choice, _, number, *_ = BENCH.load(folder)
    assert (choice.options, choice.truth, choice.form) == (("sofa", "lamp"), "A", "choice")
    assert (number.options, number.truth, number.form) == ((), "2", "number")
    assert choice.scene == "scannet/dark"
    assert choice.media == (VideoFile(folder / "scannet" / "dark.mp4"),)


def test_prompts_are_worded_exactly(make_vsi: Callable[[], Path]) -> None:
    choice, _, number, *_ = BENCH.load(make_vsi())
    official, kit = BENCH.variant(), BENCH.variant("vlmevalkit")
    assert BENCH.prompt(choice, official) == (
        "These are frames of a video.\nWhich is closer to the door?\nOptions:\nA. sofa\nB. lamp\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert BENCH.prompt(number, official) == (
        "These are frames of a video.\nHow many chairs are in this room?\n"
        "Please answer the question using a single word or phrase."
    )
    assert BENCH.prompt(choice, kit) == (
        "These are frames of a video.\nWhich is closer to the door?\nA. sofa\nB. lamp\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert BENCH.prompt(number, kit) == (
        "These are frames of a video.\nHow many chairs are in this room?\n"
        "Answer briefly and directly in one float number."
    )


def test_score_by_variant(make_vsi: Callable[[], Path]) -> None:
    choice, _, number, *_ = BENCH.load(make_vsi())

    def score(raw: str, sample: Sample, name: str) -> float:
        variant = BENCH.variant(name)
        return BENCH.score(sample, BENCH.extract(raw, sample, variant), variant)

    assert score("a", choice, "official") == 1.0
    assert score("The answer is A", choice, "official") == 0.0
    assert score("The answer is A", choice, "robust") == 1.0
    # The truth is 2: an error of exactly one half.
    assert score("3", number, "official") == pytest.approx(0.1)
    assert score("3", number, "strict") == 0.0
    assert score("about 2", number, "official") == 0.0
    assert score("about 2", number, "vlmevalkit") == 1.0


def scored(category: str, *scores: float) -> list[Scored]:
    choice = category in CHOICE_TYPES
    options, form = (("x", "y"), "choice") if choice else ((), "number")
    sample = Sample("1", "vsi-bench", category, "s", "?", options, "A", form)
    return [Scored(sample, "A", score) for score in scores]


def test_overall_is_the_mean_of_eight_types_with_one_direction_type() -> None:
    parts = [
        *scored("object_rel_direction_easy", 1.0, 1.0),
        *scored("object_rel_direction_medium", 0.0),
        *scored("object_rel_direction_hard", 0.5),
        *scored("object_rel_distance", 1.0),
        *scored("route_planning", 0.0),
        *scored("obj_appearance_order", 1.0, 0.0),
        *scored("object_abs_distance", 0.4),
        *scored("object_counting", 0.6),
        *scored("object_size_estimation", 0.8),
        *scored("room_size_estimation", 0.2),
    ]
    totals = BENCH.aggregate(parts, BENCH.variant())
    assert totals["object_rel_direction"] == pytest.approx(0.5)
    # (0.5 + 1.0 + 0.0 + 0.5 + 0.4 + 0.6 + 0.8 + 0.2) / 8
    assert totals["overall"] == pytest.approx(0.5)
    assert totals["mean"] == pytest.approx(6.5 / 12)
    lacking = [one for one in parts if one.sample.category != "route_planning"]
    assert BENCH.aggregate(lacking, BENCH.variant())["overall"] is None


def test_types_are_those_of_the_benchmark() -> None:
    assert len(CHOICE_TYPES) == 6 and len(NUMBER_TYPES) == 4


def test_zero_truth_and_missing_video_are_kept_with_a_reason(make_vsi: Callable[[], Path]) -> None:
    folder = make_vsi()
    rows = rows_of(folder)
    rows[2]["ground_truth"] = "0"
    rows[3]["scene_name"] = "nowhere"
    rewrite(folder, rows)
    samples = {sample.id: sample for sample in BENCH.load(folder)}
    assert samples["3"].skip == ZERO_TRUTH and samples["11"].skip == NO_VIDEO
    assert [id for id, sample in samples.items() if not sample.skip] == ["1", "2", "12", "13"]


def test_folder_of_pictures_stands_for_a_video(make_vsi: Callable[[], Path]) -> None:
    folder = make_vsi()
    (folder / "scannet" / "dark.mp4").unlink()
    (folder / "scannet" / "dark").mkdir()
    assert BENCH.load(folder)[0].media == (FrameFolder(folder / "scannet" / "dark"),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 2}, "rows 1 and 2 both have the id '2'"),
        ({"question": None}, "row 1: field 'question' is missing"),
        ({"question": " "}, "row 1: field 'question' is empty"),
        ({"question": ["x"]}, "row 1: field 'question' is a list, not text"),
        ({"ground_truth": None}, "row 1: field 'ground_truth' is missing"),
        ({"ground_truth": "C"}, "row 1: ground_truth 'C' is the letter of no option"),
        ({"question_type": "colour"}, "row 1: question_type 'colour' is not one of VSI-Bench's"),
        ({"options": None}, "row 1: field 'options' is missing"),
        ({"options": ["sofa", "lamp"]}, "row 1: option 'sofa' does not begin with 'A. '"),
        ({"options": ["A. sofa", "C. lamp"]}, "option 'C. lamp' does not begin with 'B. '"),
    ],
)
def test_bad_row_is_an_error_that_names_it(
    make_vsi: Callable[[], Path], change: dict[str, Any], message: str
) -> None:
    folder = make_vsi()
    rows = rows_of(folder)
    rows[0] |= change
    rewrite(folder, rows)
    with pytest.raises(SpatuneError, match=message):
        BENCH.load(folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", "{broken", "line 1 is not JSON"),
        ("a.json", "{}", "a dict, not a list of rows"),
        ("a.json", "[1]", "row 1 is not an object"),
        ("a.jsonl", "", "holds no row"),
        ("a.parquet", "no", "not a readable parquet file"),
        ("a.csv", "no", "give a .parquet, .json or .jsonl file"),
    ],
)
def test_bad_file_is_an_error_that_names_it(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SpatuneError, match=message):
        BENCH.load(tmp_path / name)
