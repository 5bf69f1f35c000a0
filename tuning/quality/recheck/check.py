"""`check_data`: the body of `spatune data check`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ....envs.experts.jobs import run_jobs
from ....errors import SpatuneError, first_line
from ....progress import Progress
from ...questions.question import Question
from ...scenes.subject import Thresholds
from ..question_files import Place, QuestionFiles
from ..stable_hash import stable_hash
from .config import CheckConfig
from .report import CheckReport
from .scene_check import Checked, SceneQuestions, check_scene

_NAMED = 3

_TOGETHER = 3
"""Questions of a task that are drawn on one walk before the next walk is taken: casting rays for a
walk's frames takes longer than all its questions."""


def check_data(config: CheckConfig) -> CheckReport:
    """Print and write what `compared` says; end in an error if it does not say yes.

    Raises:
        SpatuneError: As `compared` raises it; an answer is denied, a question of a task with a
            second method is not understood, or a file cannot be written.
    """
    report = compared(config)
    report.show()
    _write(config.out or config.data / "check.json", report, config)
    for what, found in (("denied", report.disagreements), ("not understood", report.unread)):
        if found:
            first = "; ".join(
                f"{one.id}: {one.answer[:40]!r}, but {one.finding.second}" for one in found[:_NAMED]
            )
            raise SpatuneError(f"{len(found)} of {len(report.checked)} answers are {what}: {first}")
    return report


def compared(config: CheckConfig) -> CheckReport:
    """Compute the answers of drawn questions again.

    Raises:
        SpatuneError: A wrong setting, an unknown task, no data or damaged data, or data that are
            not of houses.
    """
    if config.questions < 1:
        raise SpatuneError(f"--questions is {config.questions}; use at least 1")
    files = QuestionFiles(config.data)
    limits = _thresholds(config.data)
    drawn = _drawn(files, config)
    scenes: dict[str, list[Question]] = {}
    for question in drawn:
        scenes.setdefault(question.scene, []).append(question)
    jobs = [
        SceneQuestions(config.data, scene, tuple(questions), limits.salient, limits.faint)
        for scene, questions in scenes.items()
    ]
    checked: list[Checked] = []
    with Progress(len(drawn), "questions") as progress:
        for one in run_jobs(check_scene, jobs, config.workers):
            checked.append(one)
            denied = sum(other.finding.verdict == "disagree" for other in checked)
            progress.update(len(checked), f"{denied} disagreements")
    return CheckReport(tuple(sorted(checked, key=lambda one: (one.task, one.id))))


def evenly(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """How many to take of each, as even as their sizes allow, `total` together if there are."""
    taken = dict.fromkeys(sizes, 0)
    left = min(total, sum(sizes.values()))
    while left:
        open_ = [name for name in sizes if taken[name] < sizes[name]]
        share = max(1, left // len(open_))
        for name in open_:
            more = min(share, sizes[name] - taken[name], left)
            taken[name] += more
            left -= more
    return taken


_Drawable = tuple[int, int, str, Place]
"""Hash of the walk, hash of the question, its id and place."""


def _drawn(files: QuestionFiles, config: CheckConfig) -> list[Question]:
    tasks: dict[str, list[_Drawable]] = {}
    for place, question in files.placed():
        if question.source != "procthor":
            raise SpatuneError(f"{question.id} is of source {question.source!r}; give the data of "
                               "`spatune data generate --source houses`")  # fmt: skip
        walk = stable_hash(config.seed, "walk", question.scene, question.trajectory)
        order = stable_hash(config.seed, "check", question.id)
        tasks.setdefault(question.task, []).append((walk, order, question.id, place))
    for task in config.tasks:
        if task not in tasks:
            raise SpatuneError(f"there is no task {task!r}; tasks are: {', '.join(sorted(tasks))}")
    wanted = {
        task: tasks[task] for task in sorted(tasks) if task in config.tasks or not config.tasks
    }
    counts = evenly({task: len(group) for task, group in wanted.items()}, config.questions)
    return [
        files.at(place)
        for task, group in wanted.items()
        for *_, place in _least(group, counts[task])
    ]


def _least(group: Sequence[_Drawable], count: int) -> list[_Drawable]:
    """A few questions of every walk, walk after walk, then a few more."""
    before: Counter[int] = Counter()
    rounds: list[tuple[int, _Drawable]] = []
    for entry in sorted(group, key=lambda entry: entry[:3]):
        rounds.append((before[entry[0]] // _TOGETHER, entry))
        before[entry[0]] += 1
    rounds.sort(key=lambda pair: (pair[0], pair[1][:3]))
    return [entry for _, entry in rounds[:count]]


def _thresholds(data: Path) -> Thresholds:
    """Those that `spatune data generate` noted."""
    file, usual = data / "config.json", Thresholds()
    try:
        held = json.loads(file.read_text())
        salient, faint = held["salient"], held["faint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpatuneError(
            f"{file} cannot be read ({first_line(error)}); give what `spatune data generate` wrote"
        ) from None
    return Thresholds(
        usual.salient if salient is None else float(salient),
        usual.faint if faint is None else float(faint),
    )


def _write(file: Path, report: CheckReport, config: CheckConfig) -> None:
    result = {"seed": config.seed, **report.to_json()}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result, indent=1) + "\n")
    except OSError as error:
        raise SpatuneError(f"{file} cannot be written: {first_line(error)}") from None
    print(f"{file}")
