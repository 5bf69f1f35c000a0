"""`audit_data`: the body of `spatune data audit`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from ...errors import SpatuneError, first_line
from ...progress import Progress
from ..questions.question import Question
from .audit_config import AuditConfig
from .audit_report import AuditReport, TaskAudit
from .balance import by_task
from .blind import blind_of
from .folds import folds_of
from .outline import Outline
from .question_files import QuestionFiles
from .scoring import Score
from .stable_hash import stable_hash

_LEAST_QUESTIONS = 20
_Scored = Callable[[np.ndarray, np.ndarray], np.ndarray]


def audit_data(config: AuditConfig) -> AuditReport:
    """Score text-only models on a folder's questions, print the table and write it.

    The result depends on the questions and on `tasks`, `cap`, `trees`, `folds`, `margin` and
    `seed`, not on files or their order.

    Raises:
        SpatuneError: A wrong setting, an unknown task, no data or damaged data, or a folder that
            cannot be written.
    """
    _check(config)
    files = QuestionFiles(config.data)
    outlines = by_task(Outline.of(question, place) for place, question in files.placed())
    tasks = _tasks(config.tasks, outlines)
    audits = []
    with Progress(len(tasks), "audit") as progress:
        for number, task in enumerate(tasks, start=1):
            progress.update(number - 1, task)
            audit = audit_task(_questions(files, outlines[task], config), config)
            audits.append(replace(audit, available=len(outlines[task])))
            progress.update(number, task)
    settings = {k: v for k, v in asdict(config).items() if k not in ("data", "out", "tasks")}
    report = AuditReport(tuple(audits), settings)
    report.show()
    _write(config.out or config.data / "audit", report)
    return report


def audit_task(questions: Sequence[Question], config: AuditConfig) -> TaskAudit:
    """Score text-only models on the questions of one task; the order of them does not matter.

    Args:
        questions: At least one.
        config: Its `trees`, `folds`, `margin` and `seed` count.
    """
    questions = sorted(questions, key=lambda question: question.id)
    first = questions[0]
    scenes = [question.scene for question in questions]
    forms = {question.form for question in questions}
    form = forms.pop() if len(forms) == 1 else "mixed"
    empty = TaskAudit(first.task, form, len(questions), len(questions), len(set(scenes)))
    model = blind_of(questions, form, config.trees, config.seed)
    if model is None:
        return empty.left_out("text cannot be scored")
    if len(questions) < max(_LEAST_QUESTIONS, config.folds):
        return empty.left_out(f"fewer than {max(_LEAST_QUESTIONS, config.folds)} questions")
    if len(set(scenes)) < config.folds:
        return empty.left_out(f"fewer than {config.folds} scenes")
    ids = [question.id for question in questions]
    grouped = folds_of(scenes, config.folds, config.seed)
    return empty.scored(
        chance=model.chance,
        constant=Score.of(_out_of_fold(model.constant, grouped), scenes, config.seed),
        random=Score.of(
            _out_of_fold(model.blind, folds_of(ids, config.folds, config.seed)),
            scenes,
            config.seed,
        ),
        grouped=Score.of(_out_of_fold(model.blind, grouped), scenes, config.seed),
        margin=config.margin,
    )


def _out_of_fold(score: _Scored, folds: np.ndarray) -> np.ndarray:
    """Scores (N,) of every item by a model that was fitted to the other folds."""
    scores = np.zeros(len(folds))
    for fold in range(folds.max() + 1):
        test = np.flatnonzero(folds == fold)
        scores[test] = score(np.flatnonzero(folds != fold), test)
    return scores


def _questions(
    files: QuestionFiles, outlines: Sequence[Outline], config: AuditConfig
) -> list[Question]:
    order = sorted(outlines, key=lambda o: (stable_hash(config.seed, "audit", o.id), o.id))
    return [files.at(outline.place) for outline in order[: config.cap]]


def _tasks(wanted: Sequence[str], outlines: Mapping[str, Sequence[Outline]]) -> list[str]:
    for task in wanted:
        if task not in outlines:
            raise SpatuneError(f"there is no task {task!r}; tasks are: {', '.join(outlines)}")
    return [task for task in outlines if task in wanted or not wanted]


def _check(config: AuditConfig) -> None:
    if config.folds < 2:
        raise SpatuneError(f"--folds is {config.folds}; use 2 or more")
    if config.cap < _LEAST_QUESTIONS or config.trees < 1:
        raise SpatuneError(
            f"--cap is {config.cap} and --trees {config.trees}; use at least {_LEAST_QUESTIONS} "
            "and 1"
        )


def _write(folder: Path, report: AuditReport) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "audit.json").write_text(json.dumps(report.to_json(), indent=1) + "\n")
        (folder / "audit.md").write_text(report.to_markdown())
    except OSError as error:
        raise SpatuneError(f"{folder} cannot be written: {first_line(error)}") from None
    print(f"{folder}/audit.md, {folder}/audit.json")
