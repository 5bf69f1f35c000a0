"""`report_lines`: the stage report as rows of words, the same on the terminal and in the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...evaluation.paired_metrics import PairedMetric
from ...evaluation.wording import interval_text, points_text
from ..report import points
from .asked import Score
from .stage import GENERAL_TASKS, Stage

_NONE = "-"


@dataclass(frozen=True)
class Line:
    """One quantity.

    Attributes:
        label: Its name.
        cells: Its value for each stage.
        section: Whether it begins a part of the table.
    """

    label: str
    cells: tuple[str, ...]
    section: bool = False


def report_lines(stages: Sequence[Stage]) -> tuple[Line, ...]:
    """Every quantity that some stage has, in points of 100 with 95 % intervals."""
    names = list(dict.fromkeys(name for stage in stages for name in stage.groups))
    general = stages[0].general

    def line(label: str, cell: Callable[[Stage], str], section: bool = False) -> Line:
        return Line(label, tuple(cell(stage) for stage in stages), section)

    lines = [
        line("overall", lambda s: _score(s.score("sighted")), True),
        line("minus stage before", lambda s: _difference(s.gain(s.before))),
        line("minus first stage", lambda s: _difference(s.gain(s.first))),
        line("blind", lambda s: _score(s.score("blind")), True),
        line("sighted minus blind", lambda s: _difference(s.minus_blind())),
        line("circular", lambda s: _score(s.score("circular"))),
        line(
            "with reasoning",
            lambda s: _score(s.thinking.scores["overall"] if s.thinking else None),
            True,
        ),
        line("with minus without", lambda s: _difference(s.thinking_gain())),
    ]
    for place, name in enumerate(names):
        lines += [
            line(name, lambda s, n=name: _score(s.score("sighted", n)), not place),
            line(f"{name} blind", lambda s, n=name: _score(s.score("blind", n))),
            line(f"{name} minus first", lambda s, n=name: _difference(s.gain(s.first, n))),
        ]
    label = "general" if general and general.report.plan.benchmark.name == "general" else _NAMING
    lines += [
        line(label, lambda s: _score(s.general.scores["overall"] if s.general else None), True),
        line(f"{label} minus before", lambda s: _difference(s.general_gain(s.before))),
        line(f"{label} minus first", lambda s: _difference(s.general_gain(s.first))),
    ]
    for place, run in enumerate(("sighted", "blind", "circular", "reasoning")):
        lines.append(
            line(f"unreadable, {run}", lambda s, r=run: _count(s.unreadable.get(r)), not place)
        )
    return tuple(_sections(lines))


_NAMING = "general (naming)"


def report_notes(stages: Sequence[Stage]) -> tuple[str, ...]:
    """What a reader must know beside the numbers."""
    first = stages[0]
    plan = first.sighted.report.plan
    notes = [
        "points of 100; scores with the bootstrap 95 % interval over scenes; differences are "
        "paired, over the questions that both runs answered, so they are means over questions "
        "while an overall score can weigh tasks equally",
        "an interval without width stands for equal values (such as 0 everywhere), not for "
        "certainty",
        f"{first.sighted.samples} questions in {first.sighted.totals.scenes} scenes",
    ]
    if plan.config.limit is not None:
        notes.append(f"a part of the benchmark: limit {plan.config.limit}")
    if plan.thinks:
        notes.append("every question is asked with reasoning")
    if "circular" in first.runs:
        count = first.runs["circular"].samples
        notes.append(f"circular: {count} choices, right only in every rotation of their options")
    if first.thinking is not None or plan.thinks:
        notes.append(
            "with reasoning: what follows </think> counts; an answer without it is unreadable, and "
            "unreadable answers are wrong"
        )
    if first.general is None:
        notes.append("general ability was not asked: give --general, a file of questions")
    elif first.general.report.plan.benchmark.name == "general":
        notes.append(f"general: {first.general.samples} questions of --general")
    else:
        notes.append(
            f"{_NAMING}: {first.general.samples} questions of this benchmark that only name or "
            f"count what pictures show ({', '.join(GENERAL_TASKS)}); they are part of the "
            "overall score too and of a kind that tuning may have seen, so they show forgetting "
            "in this world alone; --general asks others"
        )
    return tuple(notes)


def _sections(lines: Sequence[Line]) -> list[Line]:
    """Lines that say something; a part whose first line says nothing begins with its next."""
    kept: list[Line] = []
    section = False
    for line in lines:
        section = section or line.section
        if any(cell != _NONE for cell in line.cells):
            kept.append(Line(line.label, line.cells, section))
            section = False
    return kept


def _score(score: Score | None) -> str:
    if score is None or score.value is None:
        return _NONE
    interval = "" if score.interval is None else f" {interval_text(score.interval)}"
    return f"{points(score.value)}{interval}"


def _difference(paired: PairedMetric | None) -> str:
    if paired is None or paired.difference is None:
        return _NONE
    return points_text(paired.difference, paired.interval)


def _count(pair: tuple[int, int] | None) -> str:
    return _NONE if pair is None else f"{pair[0]} of {pair[1]}"
