"""`AuditReport`: what a text-only model scores on each task, as a table, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .scoring import Score

COLUMNS = (
    "task",
    "n",
    "scenes",
    "score",
    "chance",
    "constant",
    "blind, random folds",
    "blind, by scene",
    "verdict",
)
_MEASURES = {"choice": "accuracy", "number": "MRA", "text": "accuracy"}


@dataclass(frozen=True)
class TaskAudit:
    """Blind scores of one task.

    Attributes:
        task: Its name.
        form: `choice`, `number`, `text` or another form of answers.
        questions: How many were used.
        available: How many there are.
        scenes: From how many scenes they are.
        skipped: Why there are no scores, or empty.
        chance: Score without any knowledge, 0 to 1; 0 for numbers.
        constant: Score of the best constant answer of the other scenes (majority class, or
            number).
        random: Score of the forest on questions that it has not seen.
        grouped: Score of the forest on scenes that it has not seen.
        verdict: `ok`; `rebalance answers` where a constant answer is too good; `rebalance text`
            where the forest is better than a constant answer.
    """

    task: str
    form: str
    questions: int
    available: int
    scenes: int
    skipped: str = ""
    chance: float = 0.0
    constant: Score | None = None
    random: Score | None = None
    grouped: Score | None = None
    verdict: str = ""

    def left_out(self, why: str) -> TaskAudit:
        """The same task without scores."""
        return replace(self, skipped=why, verdict="not audited")

    def scored(
        self, *, chance: float, constant: Score, random: Score, grouped: Score, margin: float
    ) -> TaskAudit:
        """The same task with scores and the verdict on them.

        For choices the reference is chance, for numbers, where there is none, the best constant.
        A score counts as better when it is so by more than the margin and its interval agrees.
        """

        def better(score: Score, reference: float) -> bool:
            return score.mean > reference + margin and score.low > reference

        verdict = "ok"
        if better(grouped, constant.mean if self.form == "number" else chance):
            verdict = "rebalance text" if better(grouped, constant.mean) else "rebalance answers"
        elif self.form != "number" and better(constant, chance):
            verdict = "rebalance answers"
        return replace(
            self, chance=chance, constant=constant, random=random, grouped=grouped, verdict=verdict
        )

    @property
    def is_flagged(self) -> bool:
        """Whether the task should be rebalanced before anything is trained on it."""
        return self.verdict.startswith("rebalance")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        facts = {
            "form": self.form,
            "questions": self.questions,
            "available": self.available,
            "scenes": self.scenes,
            "verdict": self.verdict,
        }
        if self.constant is None or self.random is None or self.grouped is None:
            return facts | {"skipped": self.skipped}
        return facts | {
            "measure": _MEASURES[self.form],
            "chance": round(self.chance, 4) if self.form != "number" else None,
            "constant": self.constant.to_json(),
            "blind_random_folds": self.random.to_json(),
            "blind_by_scene": self.grouped.to_json(),
        }

    def cells(self) -> tuple[str, ...]:
        """Texts of `COLUMNS`."""
        used = f"{self.questions} of {self.available}"
        count = used if self.questions < self.available else str(self.questions)
        if self.skipped:
            return (self.task, count, str(self.scenes), "", "", "", "", "", self.skipped)
        return (
            self.task,
            count,
            str(self.scenes),
            _MEASURES[self.form],
            "" if self.form == "number" else f"{100 * self.chance:.1f}",
            str(self.constant),
            str(self.random),
            str(self.grouped),
            self.verdict,
        )


@dataclass(frozen=True)
class AuditReport:
    """All tasks.

    Attributes:
        tasks: One a task.
        settings: What decided the result.
    """

    tasks: tuple[TaskAudit, ...]
    settings: Mapping[str, Any]

    @property
    def notes(self) -> list[str]:
        """Sentences below the table."""
        notes = [
            "Scores in percent with 95 % intervals (bootstrap over scenes). Constant: always the "
            "answer that was best on the other scenes.",
        ]
        capped = [audit.task for audit in self.tasks if audit.questions < audit.available]
        if capped:
            cap = self.settings["cap"]
            notes.append(f"At most {cap} questions of a task were used: {', '.join(capped)}.")
        flagged = [f"{a.task} ({a.verdict[10:]})" for a in self.tasks if a.is_flagged]
        notes.append(f"Rebalance: {', '.join(flagged) or 'nothing'}.")
        return notes

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; holds no path and no time."""
        return {
            "settings": dict(self.settings),
            "rebalance": [audit.task for audit in self.tasks if audit.is_flagged],
            "tasks": {audit.task: audit.to_json() for audit in self.tasks},
        }

    def to_markdown(self) -> str:
        """A table and notes."""
        rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(audit.cells() for audit in self.tasks)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        return "\n\n".join([table, *self.notes]) + "\n"

    def show(self) -> None:
        """Print the table and notes."""
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, title="answers from text alone", title_justify="left")
        for name in COLUMNS:
            table.add_column(name, justify="left" if name in ("task", "verdict") else "right")
        for audit in self.tasks:
            table.add_row(*audit.cells(), style="yellow" if audit.is_flagged else None)
        console = Console()
        console.print(table)
        for note in self.notes:
            console.print(note, highlight=False)
