"""`Robustness`: success under each perturbation, and what each costs on the same episodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .keys import EpisodeKey
from .paired import PairedCounts, shared_episodes
from .records import EpisodeRecord
from .summary import Count, final_records, summarise

BASELINE = "none"


@dataclass(frozen=True)
class PerturbedSuccess:
    """Success under one perturbation.

    Attributes:
        perturbation: Its name, `<dimension>:<level>` or `none`.
        total: Over all tasks.
        tasks: One count a task.
        paired: The same episodes without and with it; None for `none` itself, and where no episode
            has both results.
    """

    perturbation: str
    total: Count
    tasks: tuple[Count, ...]
    paired: PairedCounts | None

    @property
    def dimension(self) -> str:
        """What is changed."""
        return self.perturbation.partition(":")[0]

    @property
    def magnitude(self) -> float | None:
        """How much, where the level is a number."""
        try:
            return float(self.perturbation.partition(":")[2])
        except ValueError:
            return None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form with intervals."""
        return {
            "perturbation": self.perturbation,
            "dimension": self.dimension,
            "magnitude": self.magnitude,
            "total": self.total.to_json(),
            "tasks": [task.to_json() for task in self.tasks],
            "paired": self.paired and self.paired.to_json(),
        }


@dataclass(frozen=True)
class Robustness:
    """Success of one policy under several perturbations.

    Attributes:
        rows: One a perturbation, in the order that was asked for.
    """

    rows: tuple[PerturbedSuccess, ...]

    @classmethod
    def of(
        cls,
        records: Sequence[EpisodeRecord],
        keys: Iterable[EpisodeKey],
        perturbations: Sequence[str],
    ) -> Robustness:
        """Count the records of the planned episodes by perturbation.

        Args:
            records: Records of one run.
            keys: The planned episodes.
            perturbations: Their perturbations, in the order to show.
        """
        planned: dict[str, list[EpisodeKey]] = {name: [] for name in perturbations}
        for key in keys:
            planned[key.perturbation].append(key)
        final = final_records(records)
        plain = [final[key] for key in planned.get(BASELINE, []) if key in final]
        rows = []
        for name, wanted in planned.items():
            summary = summarise(records, wanted)
            mine = [final[key] for key in wanted if key in final]
            paired = None if name == BASELINE else _paired(plain, mine)
            rows.append(PerturbedSuccess(name, summary.total, summary.tasks, paired))
        return cls(tuple(rows))

    @property
    def baseline(self) -> PerturbedSuccess | None:
        """Without perturbation, if that was played."""
        return next((row for row in self.rows if row.perturbation == BASELINE), None)

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON form."""
        return [row.to_json() for row in self.rows]


def _paired(plain: list[EpisodeRecord], changed: list[EpisodeRecord]) -> PairedCounts | None:
    """Pair episodes whose keys differ in the perturbation only."""
    alike = [replace(r, key=replace(r.key, perturbation=BASELINE)) for r in changed]
    return PairedCounts.of_runs(plain, alike) if shared_episodes(plain, alike) else None
