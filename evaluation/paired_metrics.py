"""`PairedMetric`: a metric of two runs on the same episodes, and the interval of its difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from .bootstrap import mean_interval
from .metrics import metric_names
from .paired import shared_episodes
from .records import EpisodeRecord


@dataclass(frozen=True)
class PairedMetric:
    """One metric over the episodes in which both runs have a value.

    Attributes:
        name: As in the records.
        episodes: Pairs of values.
        missing: Shared episodes in which a run has no value; they take no part.
        means: Of the first and of the second run, or None without a pair.
        difference: Mean of the second run's value minus that of the first, or None.
        interval: Bootstrap 95 % interval of `difference`: whole pairs are drawn, stratified by
            task. None for fewer than two pairs.
    """

    name: str
    episodes: int
    missing: int
    means: tuple[float, float] | None
    difference: float | None
    interval: tuple[float, float] | None

    @classmethod
    def of_runs(
        cls, first: Iterable[EpisodeRecord], second: Iterable[EpisodeRecord]
    ) -> tuple[PairedMetric, ...]:
        """Every metric that both runs name, in alphabetical order."""
        shared = shared_episodes(first, second)
        names = [set(metric_names([pair[side] for pair in shared])) for side in (0, 1)]
        return tuple(cls._of_pairs(name, shared) for name in sorted(names[0] & names[1]))

    @classmethod
    def _of_pairs(
        cls, name: str, shared: list[tuple[EpisodeRecord, EpisodeRecord]]
    ) -> PairedMetric:
        pairs, places = [], []
        for one, other in shared:
            a, b = one.metrics.get(name), other.metrics.get(name)
            if a is not None and b is not None:
                pairs.append((a, b))
                places.append((one.key.suite, one.key.task_id))
        differences = [b - a for a, b in pairs]
        return cls(
            name=name,
            episodes=len(pairs),
            missing=len(shared) - len(pairs),
            means=(fmean(a for a, _ in pairs), fmean(b for _, b in pairs)) if pairs else None,
            difference=fmean(differences) if pairs else None,
            interval=mean_interval(differences, places),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form, without the name."""
        data = asdict(self)
        interval = data.pop("interval")
        del data["name"]
        return {**data, "difference95": interval}
