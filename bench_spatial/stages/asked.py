"""`Asked`: one finished run, or a part of its questions, with its score and its pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...evaluation.paired_metrics import PairedMetric
from ...evaluation.records import EpisodeRecord
from ...evaluation.store import read_records
from ..outcome import episode_key
from ..report import SpatialReport
from ..sample import Sample
from ..totals import Interval, Totals


@dataclass(frozen=True)
class Score:
    """A total of a benchmark.

    Attributes:
        value: 0..1, or None where it is undefined.
        interval: Bootstrap 95 % interval, drawing whole scenes, or None.
    """

    value: float | None
    interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {"value": self.value, "scene_bootstrap95": self.interval}


@dataclass(frozen=True)
class Asked:
    """Questions that a model has answered.

    Attributes:
        report: Of the whole run.
        totals: Of these questions.
        unreadable: How many of the answers could not be read.
        records: Of these questions, for pairing.
    """

    report: SpatialReport
    totals: Totals
    unreadable: int
    records: tuple[EpisodeRecord, ...]

    @classmethod
    def of(cls, report: SpatialReport) -> Asked:
        """All questions of a run whose directory is written."""
        records = tuple(read_records(report.plan.directory))
        return cls(report, report.totals, len(report.outcome.unparsable), records)

    @property
    def samples(self) -> int:
        """Answers."""
        return self.totals.samples

    @property
    def scores(self) -> Mapping[str, Score]:
        """Every total by name, `overall` first."""
        return {
            name: Score(value, self.totals.intervals.get(name))
            for name, value in self.totals.numbers.items()
        }

    def records_of(self, capability: str) -> tuple[EpisodeRecord, ...]:
        """Records of the samples of one capability; none where the benchmark knows no such."""
        return self._records(lambda sample: sample.extra.get("capability") == capability)

    def part(self, wanted: Callable[[Sample], bool]) -> Asked | None:
        """Some of the questions as a whole of its own, or None if there is none of them."""
        report, outcome = self.report, self.report.outcome
        scored = [one for one in outcome.scored if wanted(one.sample)]
        if not scored:
            return None
        plan = report.plan
        guessing = plan.mode != "circular"
        totals = Totals.of(plan.benchmark, plan.variant, scored, outcome.unparsable, guessing)
        unreadable = sum(one.sample.id in outcome.unparsable for one in scored)
        return Asked(report, totals, unreadable, self._records(wanted))

    def _records(self, wanted: Callable[[Sample], bool]) -> tuple[EpisodeRecord, ...]:
        keys = {episode_key(one) for one in self.report.plan.samples if wanted(one)}
        return tuple(record for record in self.records if record.key in keys)


def minus(one: Asked | None, other: Asked | None, capability: str = "") -> PairedMetric | None:
    """The mean score of `one` minus that of `other` over the questions that both were asked.

    Args:
        one: A run, or None.
        other: Another.
        capability: Pair only the questions of this one.

    Returns:
        The difference, or None where there is no pair.
    """
    if one is None or other is None:
        return None
    runs = [run.records_of(capability) if capability else run.records for run in (other, one)]
    paired = PairedMetric.of_runs(*runs)
    found = next((metric for metric in paired if metric.name == "score"), None)
    return found if found is not None and found.episodes else None
