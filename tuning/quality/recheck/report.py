"""`CheckReport`: agreements and disagreements by task, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .finding import VERDICTS
from .scene_check import Checked
from .table import CHECKS


@dataclass(frozen=True)
class CheckReport:
    """What the second method says of all drawn questions.

    Attributes:
        checked: In order of tasks and ids.
    """

    checked: tuple[Checked, ...]

    @property
    def disagreements(self) -> list[Checked]:
        """Questions whose answer the second method denies."""
        return [one for one in self.checked if one.finding.verdict == "disagree"]

    @property
    def unread(self) -> list[Checked]:
        """Questions of tasks with a second method that it could not read."""
        return [
            one
            for one in self.checked
            if one.finding.verdict == "not covered" and one.task in CHECKS
        ]

    @property
    def uncovered(self) -> dict[str, str]:
        """Tasks with questions that were not compared, and why."""
        return {
            one.task: one.finding.second
            for one in self.checked
            if one.finding.verdict == "not covered"
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "questions": len(self.checked),
            **_counts(self.checked),
            "tasks": {
                task: {
                    "n": len(group),
                    **_counts(group),
                    "method": CHECKS[task].method if task in CHECKS else "",
                }
                for task, group in self._by_task().items()
            },
            "not_covered": self.uncovered,
            "not_agreed": [
                {
                    "id": one.id,
                    "answer": one.answer,
                    "verdict": one.finding.verdict,
                    "second": one.finding.second,
                }
                for one in self.checked
                if one.finding.verdict != "agree"
            ],
        }

    def show(self) -> None:
        """Print the table."""
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, title="answers computed again", title_justify="left")
        for name in ("task", "n", *VERDICTS, "second method"):
            side = "left" if name in ("task", "second method") else "right"
            table.add_column(name, justify=side, overflow="fold")
        for task, group in self._by_task().items():
            method = CHECKS[task].method if task in CHECKS else "none"
            numbers = (str(count) for count in _counts(group).values())
            table.add_row(task, str(len(group)), *numbers, method)
        console = Console()
        console.print(table)
        for task, reason in self.uncovered.items():
            console.print(f"not covered: {task}: {reason}")

    def _by_task(self) -> dict[str, Sequence[Checked]]:
        groups: dict[str, list[Checked]] = {}
        for one in self.checked:
            groups.setdefault(one.task, []).append(one)
        return dict(groups)


def _counts(group: Sequence[Checked]) -> dict[str, int]:
    found = Counter(one.finding.verdict for one in group)
    return {verdict: found[verdict] for verdict in VERDICTS}
