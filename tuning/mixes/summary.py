"""`MixSummary`: what a mix holds, what it lacks, and how balanced it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ..quality.balance import TaskBalance
from ..quality.outline import Outline
from ..questions.question import LETTERS

_NAME_LENGTH = 20
"""Most letters of an answer in the table."""


@dataclass(frozen=True)
class MixSummary:
    """Facts about a mix.

    Attributes:
        quotas: Wanted questions by task.
        available: Questions with pictures that the data has, by task.
        without_pictures: Questions that the data has and that no mix takes, as they show nothing.
        before: Balance of the available questions, by task with a quota.
        after: Balance of the mix, by task, with the letters as they are in it.
        capabilities: Questions of the mix by capability.
        repeated: Questions of the mix about what another one of the same task and scene is about.
        size: Questions in the mix.
        digest: sha256 of the ids in their order.
    """

    quotas: Mapping[str, int]
    available: Mapping[str, int]
    without_pictures: int
    before: Mapping[str, TaskBalance]
    after: Mapping[str, TaskBalance]
    capabilities: Mapping[str, int]
    repeated: int
    size: int
    digest: str

    @classmethod
    def of(
        cls,
        quotas: Mapping[str, int],
        available: Mapping[str, Sequence[Outline]],
        without_pictures: int,
        chosen: Sequence[Outline],
    ) -> MixSummary:
        """The summary of the `chosen` questions, in their order, with their final letters."""
        groups: dict[str, list[Outline]] = {}
        for outline in chosen:
            groups.setdefault(outline.task, []).append(outline)
        return cls(
            quotas=quotas,
            available={task: len(available.get(task, ())) for task in quotas},
            without_pictures=without_pictures,
            before={t: TaskBalance.of(available[t]) for t in quotas if available.get(t)},
            after={t: TaskBalance.of(groups[t]) for t in quotas if t in groups},
            capabilities=dict(sorted(Counter(o.capability for o in chosen).items())),
            repeated=len(chosen) - len({outline.asked for outline in chosen}),
            size=len(chosen),
            digest=sha256("\n".join(outline.id for outline in chosen).encode()).hexdigest(),
        )

    @property
    def deficits(self) -> dict[str, int]:
        """Missing questions by task, of tasks that miss any."""
        lacking = {task: n - self._taken(task) for task, n in self.quotas.items()}
        return {task: n for task, n in lacking.items() if n}

    @property
    def repeated_share(self) -> float:
        """Share of `repeated` in the mix, 0 to 1."""
        return self.repeated / max(1, self.size)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "questions": self.size,
            "wanted": sum(self.quotas.values()),
            "deficits": self.deficits,
            "without_pictures": self.without_pictures,
            "repeated": self.repeated,
            "repeated_share": round(self.repeated_share, 4),
            "capabilities": dict(self.capabilities),
            "ids_sha256": self.digest,
            "tasks": {task: self._task_json(task) for task in self.quotas},
        }

    def show(self) -> None:
        """Print a table, and every deficit."""
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, title="mix", title_justify="left")
        for name in ("task", "quota", "taken", "there are", "scenes", "letters", "top answer"):
            table.add_column(name, justify="left" if name == "task" else "right")
        table.add_column("before", justify="right")
        for task, quota in self.quotas.items():
            counts = [str(quota), str(self._taken(task)), str(self.available[task])]
            if task in self.after:
                after, before = self.after[task], self.before[task]
                counts += [str(after.scenes), _letters(after), _top(after), _top(before)]
            table.add_row(task, *counts)
        console = Console()
        console.print(table)
        lines = [
            f"{self.size} questions; {self.repeated_share:.1%} ask again about the same things of "
            "their scene"
        ]
        if self.without_pictures:
            lines.append(f"left out: {self.without_pictures} questions without pictures")
        for task, missing in self.deficits.items():
            lines.append(f"deficit: {task} lacks {missing} of {self.quotas[task]}")
        for line in lines:
            console.print(line, highlight=False)

    def _taken(self, task: str) -> int:
        return self.after[task].questions if task in self.after else 0

    def _task_json(self, task: str) -> dict[str, Any]:
        before, after = self.before.get(task), self.after.get(task)
        return {
            "quota": self.quotas[task],
            "available": self.available[task],
            "taken": self._taken(task),
            "deficit": self.quotas[task] - self._taken(task),
            "before": before.to_json() if before else None,
            "after": after.to_json() if after else None,
        }


def _letters(balance: TaskBalance) -> str:
    groups = [
        "/".join(str(spread.counts.get(letter, 0)) for letter in LETTERS[:places])
        for places, spread in balance.letters.items()
    ]
    return " ".join(groups)


def _top(balance: TaskBalance) -> str:
    names = list(balance.answers.counts)
    if balance.kind in ("orders", "free"):
        return ""
    name = names[0] if len(names[0]) <= _NAME_LENGTH else f"{names[0][: _NAME_LENGTH - 3]}..."
    return f"{name} {balance.answers.most_common_share:.0%}"
