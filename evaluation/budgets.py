"""`BudgetPoint`: successes within a step budget; one run gives those of every smaller budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .intervals import wilson
from .records import EpisodeRecord
from .wording import rate_text


@dataclass(frozen=True)
class BudgetPoint:
    """Successes within a step budget, over all finished episodes.

    An episode ends at its first success and does not know its budget, so what a run with more steps
    has solved within `budget` is what a run with that budget would have solved.

    Attributes:
        budget: Control steps.
        successes: Episodes that were solved within them; None beyond the run's own step limit,
            where the outcome is unknown.
        episodes: Finished episodes.
        protocols: Names of the protocols that give this budget; most points have none.
    """

    budget: int
    successes: int | None
    episodes: int
    protocols: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; points of a protocol have its name and the Wilson 95 % interval."""
        data = asdict(self)
        del data["protocols"]
        if not self.protocols:
            return data
        interval = None if self.successes is None else list(wilson(self.successes, self.episodes))
        return {**data, "protocols": list(self.protocols), "wilson95": interval}

    @property
    def text(self) -> str:
        """Budget, protocols and success in words."""
        names = f" ({', '.join(self.protocols)})" if self.protocols else ""
        start = f"within {self.budget} steps{names}:"
        if self.successes is None:
            return f"{start} unknown, the run had fewer"
        return f"{start} {rate_text(self.successes, self.episodes)}"


def success_by_budget(
    records: Sequence[EpisodeRecord], step: int, protocols: Mapping[str, int] | None = None
) -> tuple[BudgetPoint, ...]:
    """Success against step budget, in ascending order; empty without a finished episode.

    Args:
        records: The record that counts of each episode; errors are left out.
        step: Control steps between two points, up to the shortest step limit of the episodes.
        protocols: Step budgets by protocol, each of which becomes a point of its own.
    """
    finished = [record for record in records if not record.is_error]
    if not finished:
        return ()
    named: dict[int, list[str]] = {}
    for name, budget in (protocols or {}).items():
        named.setdefault(budget, []).append(name)
    # Beyond its step limit the outcome of an episode is unknown.
    last = min(record.max_steps for record in finished)
    solved = [r.first_success_step for r in finished if r.first_success_step is not None]
    return tuple(
        BudgetPoint(
            budget=budget,
            successes=sum(s <= budget for s in solved) if budget <= last else None,
            episodes=len(finished),
            protocols=tuple(sorted(named.get(budget, ()))),
        )
        for budget in sorted({*range(step, last, step), last, *named})
    )
