"""The blind audit finds answers that text alone gives away, and nothing else."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.tuning.quality.audit import audit_data, audit_task
from spatune.tuning.quality.audit_config import AuditConfig
from spatune.tuning.quality.scoring import Score, mean_relative_accuracy
from spatune.tuning.questions.question import LETTERS, Question

THINGS = ("bed", "chair", "desk", "lamp", "sofa", "stool", "table", "television")
QUICK = AuditConfig(Path("."), trees=15)


def asked(number: int, question: str, answer: str, options=(), form: Any = "choice") -> Question:
    """A question from one of twelve scenes; the right option takes every place equally often."""
    options = [option for option in options if option != answer]
    place = number // 12 % (len(options) + 1)
    letter = LETTERS[place] if options else ""
    options = (*options[:place], answer, *options[place:]) if options else ()
    scene = f"scene-{number % 12}"
    return Question(
        f"{scene}/{number}", "t", "SR", "video", form, "x", scene, "w", (0,), question, answer,
        options, letter,
    )  # fmt: skip


def directions(lefts: float, count: int = 240) -> list[Question]:
    """Left is right in this share."""
    draw = random.Random(0)
    answers = ["left" if i < lefts * count else "right" for i in range(count)]
    draw.shuffle(answers)
    sides = ("left", "right")
    return [
        asked(i, f"Is the {draw.choice(THINGS)} left or right?", answer, sides)
        for i, answer in enumerate(answers)
    ]


def nearest(weight: float) -> list[Question]:
    """A chair among the options is this much more likely to be right."""
    draw = random.Random(1)
    questions = []
    for i in range(240):
        options = draw.sample(THINGS, 4)
        weights = [weight if option == "chair" else 1 for option in options]
        questions.append(asked(i, "Which is nearest?", draw.choices(options, weights)[0], options))
    return questions


def distances(blurred: bool) -> list[Question]:
    """Numbers, which a word of the question gives away or not."""
    draw = random.Random(2)
    questions = []
    for i in range(240):
        thing = draw.choice(THINGS)
        size = THINGS.index(draw.choice(THINGS) if blurred else thing) + 1
        value = 1.7**size * draw.uniform(0.95, 1.05)
        questions.append(asked(i, f"How long is the {thing}?", f"{value:.2f}", form="number"))
    return questions


def test_a_frequent_answer_is_found() -> None:
    audit = audit_task(directions(0.8), QUICK)
    assert audit.verdict == "rebalance answers"
    assert audit.constant is not None and audit.constant.mean > 0.75
    assert audit.chance == 0.5


def test_an_option_that_is_usually_right_is_found() -> None:
    audit = audit_task(nearest(8), QUICK)
    assert audit.verdict == "rebalance text"
    assert audit.grouped is not None and audit.grouped.low > 0.35
    assert audit.chance == 0.25


def test_fair_questions_pass() -> None:
    assert audit_task(directions(0.5), QUICK).verdict == "ok"
    assert audit_task(nearest(1), QUICK).verdict == "ok"
    assert audit_task(distances(blurred=True), QUICK).verdict == "ok"


def test_numbers_that_a_word_gives_away_are_found() -> None:
    audit = audit_task(distances(blurred=False), QUICK)
    assert audit.verdict == "rebalance text"
    assert audit.grouped is not None and audit.constant is not None
    assert audit.grouped.mean > 0.8 > audit.constant.mean


def test_wrong_numbers_on_one_side_of_the_right_one_are_found() -> None:
    draw = random.Random(4)
    questions = []
    for i in range(240):
        truth = draw.uniform(1, 9)
        options = [f"{truth * factor:.2f}" for factor in (1, 1.3, 1.6, 2)]
        questions.append(asked(i, "How far?", options[0], options))
    audit = audit_task(questions, QUICK)
    assert audit.grouped is not None and audit.grouped.mean > 0.95


def test_a_letter_that_is_usually_right_is_found() -> None:
    draw = random.Random(5)
    questions = []
    for question in directions(0.5):
        place = int(draw.random() < 0.2)
        options = [o for o in question.options if o != question.answer]
        options.insert(place, question.answer)
        questions.append(replace(question, options=tuple(options), letter=LETTERS[place]))
    assert audit_task(questions, QUICK).is_flagged


def test_scenes_that_repeat_themselves_only_help_with_random_folds() -> None:
    draw = random.Random(6)
    sides = {scene: draw.random() for scene in range(40)}
    questions = []
    for i in range(240):
        scene = i % 40
        answer = "left" if sides[scene] < 0.5 else "right"
        question = asked(i, f"Is the thing{scene} left or right?", answer, ("left", "right"))
        questions.append(replace(question, scene=f"scene-{scene}"))
    audit = audit_task(questions, QUICK)
    assert audit.random is not None and audit.grouped is not None
    assert audit.random.mean > 0.95 and audit.grouped.mean < 0.7


def test_the_order_of_questions_does_not_matter() -> None:
    questions = nearest(8)[:120]
    turned = list(reversed(questions))
    assert audit_task(questions, QUICK).to_json() == audit_task(turned, QUICK).to_json()


def test_mean_relative_accuracy_is_that_of_vsi_bench() -> None:
    # |p - g| / g <= 1 - t for t in 0.50, 0.55, ..., 0.95.
    truth = np.full(7, 10.0)
    predicted = np.array([10.0, 10.5, 11.0, 12.0, 13.0, 15.0, 15.1])
    scores = mean_relative_accuracy(predicted, truth)
    # 12: 1 - 0.8 is less than 0.2 in floating point, as in the published code.
    assert scores.tolist() == [1.0, 1.0, 0.9, 0.6, 0.5, 0.1, 0.0]
    assert mean_relative_accuracy(-predicted, -truth).tolist() == scores.tolist()
    assert mean_relative_accuracy(np.array([0.0, 1.0]), np.zeros(2)).tolist() == [1.0, 0.0]


def test_interval_is_over_scenes_and_not_over_questions() -> None:
    scores = np.repeat([0.0, 1.0], 200)
    alike = Score.of(scores, ["a"] * 200 + ["b"] * 200, seed=0)
    apart = Score.of(scores, [f"s{i}" for i in range(400)], seed=0)
    assert alike.mean == apart.mean == 0.5
    assert (alike.low, alike.high) == (0.0, 1.0)
    assert 0.44 < apart.low < 0.47 and 0.53 < apart.high < 0.56


def write(folder: Path, questions: list[Question]) -> Path:
    """A data folder with questions only."""
    (folder / "questions").mkdir(parents=True)
    (folder / "questions" / "all.jsonl").write_text("".join(q.to_line() for q in questions))
    return folder


def renamed(questions: list[Question], task: str) -> list[Question]:
    """The same questions as another task."""
    return [replace(q, task=task, id=f"{task}/{q.id}") for q in questions]


def test_report_names_what_is_capped_flagged_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = [asked(i, "Where?", "[]", form="boxes3d") for i in range(30)]
    data = write(
        tmp_path / "data",
        renamed(directions(0.8), "skewed")
        + renamed(directions(0.5, 19), "rare")
        + renamed(boxes, "boxes"),
    )
    report = audit_data(AuditConfig(data, trees=5, cap=120))
    saved = json.loads((data / "audit" / "audit.json").read_text())
    assert saved["rebalance"] == ["skewed"]
    assert saved["tasks"]["skewed"]["questions"] == 120
    assert saved["tasks"]["skewed"]["available"] == 240
    assert saved["tasks"]["boxes"]["skipped"] == "text cannot be scored"
    assert saved["tasks"]["rare"]["skipped"] == "fewer than 20 questions"
    assert "At most 120 questions of a task were used: skewed." in report.notes
    table = (data / "audit" / "audit.md").read_text()
    assert "| skewed | 120 of 240 | 12 | accuracy | 50.0 |" in table
    assert "Rebalance: skewed (answers)." in capsys.readouterr().out


def test_bad_input_is_one_clear_error(tmp_path: Path) -> None:
    data = write(tmp_path / "data", directions(0.5, 20))
    for config, message in (
        (AuditConfig(tmp_path / "none"), "none is not a folder"),
        (AuditConfig(data, tasks=("other",)), "there is no task 'other'; tasks are: t"),
        (AuditConfig(data, folds=1), "--folds is 1"),
        (AuditConfig(data, cap=3), "--cap is 3"),
    ):
        with pytest.raises(SpatuneError, match=message):
            audit_data(config)
    file = data / "questions" / "all.jsonl"
    file.write_text(file.read_text()[:-9])
    with pytest.raises(SpatuneError, match=r"all.jsonl:20: not a question"):
        audit_data(AuditConfig(data))
