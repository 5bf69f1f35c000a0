"""`MetricSummary`: a number beside success, over the finished episodes of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from .bootstrap import mean_interval
from .records import EpisodeRecord


@dataclass(frozen=True)
class MetricSummary:
    """Mean of one metric.

    Attributes:
        name: As in the records.
        episodes: Finished episodes that have a value.
        missing: Finished episodes without one; they are not in the mean.
        reason: Why a value can be missing, in words; empty when nobody said.
        mean: Mean of the values, or None without any.
        interval: Bootstrap 95 % interval of the mean, stratified by task; None for fewer than two
            values.
    """

    name: str
    episodes: int
    missing: int
    reason: str
    mean: float | None
    interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form, without the name."""
        return {
            "episodes": self.episodes,
            "mean": self.mean,
            "bootstrap95": None if self.interval is None else list(self.interval),
            "missing": self.missing,
            **({"missing_because": self.reason} if self.missing and self.reason else {}),
        }

    @property
    def note(self) -> str:
        """What a reader must know beside the mean, or an empty string."""
        if not self.missing:
            return ""
        why = f" ({self.reason})" if self.reason else ""
        total = self.episodes + self.missing
        return f"{self.name}: {self.missing} of {total} episodes have no value{why}; not counted"


def summarise_metrics(
    records: Sequence[EpisodeRecord], reasons: Mapping[str, str]
) -> tuple[MetricSummary, ...]:
    """Every metric that a record names, in alphabetical order.

    Args:
        records: Finished episodes.
        reasons: Why a value can be missing, by the metric's name.
    """
    return tuple(_summarise(name, records, reasons.get(name, "")) for name in metric_names(records))


def metric_names(records: Sequence[EpisodeRecord]) -> tuple[str, ...]:
    """Names of all metrics in the records, sorted."""
    return tuple(sorted({name for record in records for name in record.metrics}))


def metric_means(records: Sequence[EpisodeRecord], names: Sequence[str]) -> dict[str, float | None]:
    """Mean of each metric over the records that have a value; None where none has."""
    return {name: _mean([value for _, value in _values(name, records)]) for name in names}


def _summarise(name: str, records: Sequence[EpisodeRecord], reason: str) -> MetricSummary:
    pairs = _values(name, records)
    values = [value for _, value in pairs]
    return MetricSummary(
        name=name,
        episodes=len(values),
        missing=len(records) - len(values),
        reason=reason,
        mean=_mean(values),
        interval=mean_interval(values, [(r.key.suite, r.key.task_id) for r, _ in pairs]),
    )


def _values(name: str, records: Sequence[EpisodeRecord]) -> list[tuple[EpisodeRecord, float]]:
    found = [(record, record.metrics.get(name)) for record in records]
    return [(record, value) for record, value in found if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
