"""SPAR-Bench: choices, amounts, movements of a camera, and their totals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatune.bench_spatial.benchmark import Scored
from spatune.bench_spatial.benchmarks.spar import BOX_SCALE, HIGH, LOW, MIDDLE, SPARBench
from spatune.bench_spatial.benchmarks.vsi_bench import ZERO_TRUTH
from spatune.bench_spatial.scores.view_change import AXES, read_actions, view_change_score
from spatune.errors import SpatuneError

BENCH = SPARBench()
OFFICIAL, ROBUST = BENCH.variants
MOVED = "move_left:0.4,move_up:0.0,move_forward:1.0,rotate_right:20,rotate_down:10"


def row(task: str = "spatial_imagination_oo", **changes: Any) -> dict[str, Any]:
    question = "Where is it?\nA. left\nB. right\nC. above\nD. below"
    return {
        "id": f"{task}_1",
        "task": task,
        "question": question,
        "answer": "C",
        "image": ["0.png"],
        **changes,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    Image.new("RGB", (4, 4)).save(folder / "0.png")
    path = folder / "spar.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_a_choice_is_asked_and_read_by_its_letter(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row()))
    assert (sample.form, sample.options[2], sample.truth) == ("choice", "above", "C")
    assert BENCH.prompt(sample, OFFICIAL) == (
        f"{row()['question']}\nAnswer with the option's letter from the given choices directly."
    )
    for text, official, robust in [("C. above", 1, 1), ("It is C", 0, 1), ("B", 0, 0), ("", 0, 0)]:
        for variant, expected in ((OFFICIAL, official), (ROBUST, robust)):
            extracted = BENCH.extract(text, sample, variant)
            assert BENCH.score(sample, extracted, variant) == expected


def test_tasks_about_boxes_say_their_scale(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row("position_matching")))
    assert BOX_SCALE in BENCH.prompt(sample, OFFICIAL)


def test_amounts_score_by_relative_accuracy_of_the_published_number(tmp_path: Path) -> None:
    rows = [
        row(task, question="How far?", answer="2.0")
        for task in ("depth_prediction_oc", "depth_prediction_oc_mv")
    ]
    single, several = BENCH.load(written(tmp_path, *rows))
    text = "1.0 m away, or 2 m"
    assert BENCH.extract(text, single, OFFICIAL) == "1.0"
    assert BENCH.extract(text, several, OFFICIAL) == "2"
    assert BENCH.score(several, "2", OFFICIAL) == 1
    assert BENCH.score(single, "1.0", OFFICIAL) == pytest.approx(0.1)  # error 0.5: one of ten
    assert BENCH.score(single, BENCH.extract("far", single, OFFICIAL), OFFICIAL) == 0


def test_an_amount_without_a_positive_truth_is_skipped(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row("depth_prediction_oc", answer="0")))
    assert sample.skip == ZERO_TRUTH


def test_movements_score_axis_by_axis(tmp_path: Path) -> None:
    (sample,) = BENCH.load(written(tmp_path, row("view_change_infer", answer=MOVED)))
    assert BENCH.prompt(sample, OFFICIAL) == sample.question

    def score(text: str) -> float:
        return BENCH.score(sample, BENCH.extract(text, sample, OFFICIAL), OFFICIAL)

    assert score(MOVED) == 1
    # Against the sign of two axes, which then score 0.
    assert score(MOVED.replace("left", "right").replace("rotate_right", "rotate_left")) < 1
    # All but one axis, whose amount is missing.
    assert score(MOVED.replace("move_forward:1.0,", "")) == pytest.approx(0.8)
    # Half a metre too far forward: relative error 0.5, one of ten.
    assert score(MOVED.replace("forward:1.0", "forward:1.5")) == pytest.approx(0.8 + 0.1 / 5)
    assert score("the camera turned") == 0


def test_an_axis_without_movement_counts_the_amount_itself() -> None:
    truth = {"rotate_right": 20.0}
    assert view_change_score({"rotate_right": 20.0, "move_up": 0.5}, truth) == pytest.approx(0.82)
    assert view_change_score({"rotate_right": 20.0, "move_up": 0.6}, truth) == pytest.approx(0.8)
    assert view_change_score(None, truth) == 0


amounts = st.dictionaries(
    st.sampled_from([name for pair in AXES for name in pair]), st.floats(0.01, 99), min_size=1
)


@given(amounts)
def test_movements_survive_their_text_and_match_themselves(actions: dict[str, float]) -> None:
    text = ",".join(f"{name}:{value:.4f}" for name, value in actions.items())
    found = read_actions(text)
    assert found is not None
    assert found == pytest.approx(actions, abs=1e-4)
    assert view_change_score(found, found) == 1


def test_unknown_movements_are_no_answer() -> None:
    assert read_actions("move_sideways:3") is None
    assert read_actions("move_left: 1, move_left: 2") == {"move_left": 2.0}


def test_totals_are_means_of_task_means(tmp_path: Path) -> None:
    tasks = [(LOW[0], 1.0), (LOW[0], 0.0), (MIDDLE[0], 1.0), (HIGH[0], 0.0), (HIGH[1], 0.5)]
    rows = [
        row(task, id=str(i), answer="1" if task in LOW else "C")
        for i, (task, _) in enumerate(tasks)
    ]
    samples = BENCH.load(written(tmp_path, *rows))
    scored = [Scored(s, "x", value) for s, (_, value) in zip(samples, tasks, strict=True)]
    assert BENCH.aggregate(scored, OFFICIAL) == pytest.approx(
        {"overall": (0.5 + 1 + 0 + 0.5) / 4, "low": 0.5, "middle": 1, "high": 0.25, "mean": 0.5}
    )


@pytest.mark.parametrize("field", ["task", "question", "answer", "image"])
def test_a_missing_field_is_named_with_its_row(tmp_path: Path, field: str) -> None:
    broken = {key: value for key, value in row(id="2").items() if key != field}
    with pytest.raises(SpatuneError, match=rf"row 2: field '{field}' is missing"):
        BENCH.load(written(tmp_path, row(), broken))


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="task 'cooking' is not one"):
        BENCH.load(written(tmp_path, row("cooking")))
    with pytest.raises(SpatuneError, match="names no movement"):
        BENCH.load(written(tmp_path, row("view_change_infer", answer="left")))
    with pytest.raises(SpatuneError, match="both have the id"):
        BENCH.load(written(tmp_path, row(), row()))
