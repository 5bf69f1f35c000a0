"""SUN RGB-D boxes: rows, answers as text or file, what is ignored, AP@15."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from spatune.bench_spatial.benchmark import Scored
from spatune.bench_spatial.benchmarks.sunrgbd_3d import (
    SunRGBD3D,
    ignored_boxes,
    score_predictions,
)
from spatune.bench_spatial.totals import Totals
from spatune.errors import SpatuneError

BENCH = SunRGBD3D()
DEGREES, RADIANS, HALF_TURNS = BENCH.variants
BOX = [0.2, 0.1, 3.0, 1.0, 0.8, 0.6, 10.0, 35.0, -5.0]
FAR = [-1.0, 0.3, 12.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0]


def row(uid: str = "sun-1", **changes: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "image_path": "0.jpg",
        "height": 530,
        "width": 730,
        "category": "chair",
        "camera_intrinsics": {"fx": 529.5, "fy": 529.5, "cx": 365.0, "cy": 265.0},
        "answer": [BOX, FAR],
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any], name: str = "sunrgbd.json") -> Path:
    Image.new("RGB", (4, 4)).save(folder / "0.jpg")
    path = folder / name
    path.write_text(json.dumps(rows))
    return path


def totals(folder: Path, text: str, variant: Any = DEGREES, **changes: Any) -> dict[str, Any]:
    (sample,) = BENCH.load(written(folder, row(**changes)))
    scored = Scored(sample, BENCH.extract(text, sample, variant), None)
    return BENCH.aggregate([scored], variant)


def test_a_row_asks_for_boxes_in_its_camera(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert (sample.id, sample.category, sample.form) == ("sun-1", "chair", "boxes3d")
    prompt = BENCH.prompt(sample, DEGREES)
    assert "every chair" in prompt and "fx=529.5" in prompt and "in degrees" in prompt
    assert "from -1 to 1" in BENCH.prompt(sample, HALF_TURNS)
    assert BENCH.score(sample, "[]", DEGREES) is None


def test_right_boxes_in_any_wording_score_one(tmp_path: Path) -> None:
    listed = [{"bbox_3d": box, "label": "chair"} for box in (BOX, FAR)]
    for text in (
        json.dumps([BOX, FAR]),
        f"```json\n{json.dumps(listed)}\n```",
        f"Here they are: {json.dumps([FAR, BOX])}",
    ):
        assert totals(tmp_path, text)["overall"] == 1


def test_angles_are_read_in_the_unit_of_the_variant(tmp_path: Path) -> None:
    half = [*BOX[:6], *(angle / 180 for angle in BOX[6:])]
    radians = [*BOX[:6], *np.deg2rad(BOX[6:]).tolist()]
    for variant, box in ((HALF_TURNS, half), (RADIANS, radians)):
        found = totals(tmp_path, json.dumps([box]), variant, answer=[BOX])
        assert found["overall"] == found["AP@50"] == 1


@pytest.mark.parametrize("text", ["none", "[]", "[[1, 2, 3]]", "[[", ""])
def test_no_boxes_find_nothing(tmp_path: Path, text: str) -> None:
    found = totals(tmp_path, text)
    assert found["overall"] == found["AR@5:50 100"] == 0


def test_boxes_are_scored_by_threshold_and_depth(tmp_path: Path) -> None:
    shifted = [BOX[0] + 0.55 * BOX[3], *BOX[1:6], 0, 0, 0]
    straight = [*BOX[:6], 0, 0, 0]
    found = totals(tmp_path, json.dumps([shifted]), answer=[straight])  # IoU 0.45 / 1.55 = 0.29
    assert (found["overall"], found["AP@25"], found["AP@50"]) == (1, 1, 0)
    assert found["AP@5:50"] == pytest.approx(0.5)
    found = totals(tmp_path, json.dumps([FAR]))
    assert found["overall"] == pytest.approx(51 / 101)
    assert (found["AP@5:50 near"], found["AP@5:50 medium"]) == (0, 1)
    assert found["AP@5:50 far"] is None


@pytest.mark.parametrize(
    ("changes", "ignored"),
    [
        ({}, [False, False]),
        ({"truncation": [1.0, -1]}, [True, False]),
        ({"truncation": [0.5, 0.99]}, [False, True]),
        ({"visibility": [-1, 0.0]}, [False, True]),
        ({"visibility": [0.01, 0.5]}, [True, False]),
        ({"answer": [[0, 0, -3.0, 1, 1, 1, 0, 0, 0], FAR]}, [True, False]),
        # 1.5 pictures high is 795 pixels: at a distance of 1 m to its face, 1.5014 m.
        ({"answer": [[0, 0, 1.5, 1, 1.49, 1, 0, 0, 0], FAR]}, [False, False]),
        ({"answer": [[0, 0, 1.5, 1, 1.51, 1, 0, 0, 0], FAR]}, [True, False]),
    ],
)
def test_boxes_that_cannot_be_found_are_ignored(
    tmp_path: Path, changes: dict[str, Any], ignored: list[bool]
) -> None:
    (sample,) = BENCH.load(written(tmp_path, row(**changes)))
    assert ignored_boxes(sample).tolist() == ignored


def test_an_ignored_box_is_not_missed(tmp_path: Path) -> None:
    assert totals(tmp_path, json.dumps([FAR]), truncation=[1.0, 0.0])["overall"] == 1


def test_a_run_without_scores_of_single_samples_has_totals(tmp_path: Path) -> None:
    rows = [row("a", answer=[BOX]), row("b", answer=[FAR], image_path="1.jpg")]
    samples = BENCH.load(written(tmp_path, *rows))
    scored = [Scored(sample, json.dumps([BOX]), None) for sample in samples]
    found = Totals.of(BENCH, DEGREES, scored, frozenset())
    assert found.numbers["overall"] == pytest.approx(51 / 101)
    assert [category.mean for category in found.categories] == [None]


def test_the_order_of_the_rows_is_part_of_the_score(tmp_path: Path) -> None:
    samples = BENCH.load(written(tmp_path, row("b", answer=[BOX]), row("a", answer=[BOX])))
    right, wrong = json.dumps([BOX]), json.dumps([FAR])
    scored = [Scored(samples[0], right, None), Scored(samples[1], wrong, None)]
    expected = pytest.approx(51 / 101)
    assert BENCH.aggregate(scored, DEGREES)["overall"] == expected
    assert BENCH.aggregate(scored[::-1], DEGREES)["overall"] == expected


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(-3, 3)] * 3, *[st.floats(0.1, 2)] * 3, *[st.floats(-180, 180)] * 3),
        min_size=1,
        max_size=4,
    )
)
def test_the_truth_as_an_answer_scores_one(boxes: list[tuple[float, ...]]) -> None:
    listed = [[*box[:2], box[2] + 8, *box[3:]] for box in boxes]
    sample = BENCH.sample(row(answer=listed, image_path=b"x"), 1, "row 1", Path())
    scored = Scored(sample, BENCH.extract(json.dumps(listed), sample, DEGREES), None)
    assert BENCH.aggregate([scored], DEGREES)["AP@5:50"] == 1


def test_a_file_of_predictions_is_scored_by_uid(tmp_path: Path) -> None:
    data = written(tmp_path, row("a", answer=[BOX]), row("b", answer=[FAR], category="sofa"))
    answers = [{"uid": "b", "answer": [BOX]}, {"uid": "a", "answer": f"boxes: {json.dumps([BOX])}"}]
    scores = score_predictions(data, written(tmp_path, *answers, name="answers.json"))
    assert scores.ap(0.15, category="chair") == 1 and scores.ap(0.15, category="sofa") == 0
    for broken, message in (
        (answers[:1], "differ in the uid 'a'"),
        ([*answers, answers[0]], "second prediction for 'b'"),
        ([{"uid": "a"}], "row 1: field 'answer' is missing"),
    ):
        with pytest.raises(SpatuneError, match=message):
            score_predictions(data, written(tmp_path, *broken, name="answers.json"))


@pytest.mark.parametrize(
    "field", ["uid", "image_path", "height", "width", "category", "camera_intrinsics", "answer"]
)
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in row("sun-2").items() if key != field}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="both have the id"):
        BENCH.load(written(tmp_path, row(), row()))
    with pytest.raises(SpatuneError, match="a box that is not nine numbers"):
        BENCH.load(written(tmp_path, row(answer=[BOX[:7]])))
    with pytest.raises(SpatuneError, match="'visibility' is not a list of 2 numbers"):
        BENCH.load(written(tmp_path, row(visibility=[1.0])))
    with pytest.raises(SpatuneError, match="field 'fx' is missing"):
        BENCH.load(written(tmp_path, row(camera_intrinsics={"fy": 1, "cx": 1, "cy": 1})))
