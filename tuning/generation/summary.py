"""`GenerateSummary`: how many questions of each task there are, and why not more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .jobs import TrajectoryResult


@dataclass(frozen=True)
class GenerateSummary:
    """Counts over all trajectories.

    Attributes:
        trajectories: Number of trajectories that exist.
        frames: Number of shown frames.
        tasks: Questions by task, in the order of skills; 0 for a task without any.
        refusals: Refused draws by task and reason.
        problems: Trajectories that could not be made, by reason.
    """

    trajectories: int
    frames: int
    tasks: dict[str, int]
    refusals: dict[str, dict[str, int]]
    problems: dict[str, int]

    @classmethod
    def of(cls, results: Iterable[TrajectoryResult], tasks: Sequence[str]) -> GenerateSummary:
        """Add up the results of trajectories."""
        counts = dict.fromkeys(tasks, 0)
        refusals: dict[str, Counter[str]] = {task: Counter() for task in tasks}
        problems: Counter[str] = Counter()
        made = frames = 0
        for result in results:
            if result.problem:
                problems[result.problem] += 1
                continue
            made += 1
            frames += result.frames
            for task, count in result.questions.items():
                counts[task] += count
            for task, reasons in result.refusals.items():
                refusals[task].update(reasons)
        return cls(
            made,
            frames,
            counts,
            {task: dict(sorted(reasons.items())) for task, reasons in refusals.items() if reasons},
            dict(sorted(problems.items())),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "trajectories": self.trajectories,
            "frames": self.frames,
            "questions": sum(self.tasks.values()),
            "tasks": self.tasks,
            "refused_draws": self.refusals,
            "problems": self.problems,
        }

    def show(self) -> None:
        """Print a table."""
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, title="questions", title_justify="left")
        for name in ("task", "questions", "refused draws", "most often because"):
            table.add_column(name, justify="left" if name in ("task",) else "right")
        for task, count in self.tasks.items():
            reasons = Counter(self.refusals.get(task, {}))
            worst = reasons.most_common(1)
            table.add_row(
                task,
                str(count),
                str(reasons.total()),
                f"{worst[0][0]} ({worst[0][1]})" if worst else "",
            )
        console = Console()
        console.print(table)
        for problem, count in self.problems.items():
            console.print(f"{count} trajectories could not be made: {problem}")
