"""`compare_runs`: the body of `spatune compare`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..errors import SpatuneError
from .atomic import write_atomically
from .compare_config import CompareConfig
from .intervals import wilson
from .keys import EpisodeKey
from .paired import PairedCounts, shared_episodes
from .paired_metrics import PairedMetric
from .records import EpisodeRecord
from .resolution import Resolution
from .store import read_records, run_directories
from .wording import points_text

_LEAST_POINTS = 0.1


@dataclass(frozen=True)
class _Comparison:
    """One run against the first."""

    run: Path
    backend: str
    pairs: PairedCounts
    perturbations: Mapping[str, PairedCounts]
    metrics: tuple[PairedMetric, ...]
    resolution: Resolution

    @classmethod
    def of(cls, first: Sequence[EpisodeRecord], run: Path, points: float) -> _Comparison:
        records = _records(run)
        pairs = PairedCounts.of_runs(first, records)
        return cls(
            run=run,
            backend=_backend(records),
            pairs=pairs,
            perturbations=_by_perturbation(first, records),
            metrics=PairedMetric.of_runs(first, records),
            resolution=Resolution.of(pairs, points),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run.name,
            "backend": self.backend,
            **_rate(self.pairs, 1),
            "paired": self.pairs.to_json(),
            "perturbations": {name: part.to_json() for name, part in self.perturbations.items()},
            "to_resolve": self.resolution.to_json(),
            **({"metrics": {m.name: m.to_json() for m in self.metrics}} if self.metrics else {}),
        }


def compare_runs(config: CompareConfig) -> list[PairedCounts]:
    """Compare runs with the first in success and metrics, print tables, write JSON if asked.

    Raises:
        SpatuneError: A directory is no run, two runs share no episode, or the difference to resolve
            is none.
    """
    if not _LEAST_POINTS <= config.resolve <= 100:
        raise SpatuneError(
            f"--resolve {config.resolve:g}: give success points from {_LEAST_POINTS:g} to 100"
        )
    if not config.others:
        raise SpatuneError("nothing to compare: spatune compare FIRST OTHER [OTHER ...]")
    first = _records(config.first)
    found = [_Comparison.of(first, run, config.resolve) for run in config.others]
    console = Console()
    console.print(_table(found, f"against {config.first} ({_backend(first)})"))
    console.print("difference in success points with its 95 % interval; p: exact McNemar test")
    for one in found:
        if one.pairs.unpaired:
            console.print(f"{one.run}: {one.pairs.unpaired} episodes are in one run only; left out")
        console.print(f"{one.run}: {one.resolution.text} (power 80 %, level 0.05)", highlight=False)
    if any(one.metrics for one in found):
        _print_metrics(console, found)
    if config.out is not None:
        whole = {"run": config.first.name, "backend": _backend(first), **_rate(found[0].pairs, 0)}
        data = {"first": whole, "others": [one.to_json() for one in found]}
        config.out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(config.out, json.dumps(data, indent=1) + "\n")
    return [one.pairs for one in found]


def _table(found: Sequence[_Comparison], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("run", overflow="fold")
    # In two lines, so that the names have room in 80 columns.
    for name in ("first\nk/n", "run\nk/n", "only\nfirst", "only\nrun", "p", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        table.add_row(f"{one.run.name} ({one.backend})", *_cells(one.pairs))
        for perturbation, part in one.perturbations.items():
            table.add_row(f"  {perturbation}", *_cells(part))
    return table


def _records(run: Path) -> list[EpisodeRecord]:
    """Of a run, or of all runs in a folder: their suites are different episodes."""
    owners: dict[EpisodeKey, Path] = {}
    records: list[EpisodeRecord] = []
    for one in run_directories(run):
        for record in read_records(one):
            if owners.setdefault(record.key, one) != one:
                raise SpatuneError(
                    f"{run} holds two runs of the same episodes ({owners[record.key].name} and "
                    f"{one.name}): give one of them"
                )
            records.append(record)
    return records


def _by_perturbation(
    first: Sequence[EpisodeRecord], records: Sequence[EpisodeRecord]
) -> dict[str, PairedCounts]:
    """The shared episodes of each perturbation; empty when there is only one."""
    shared = shared_episodes(first, records)
    names = sorted({one.key.perturbation for one, _ in shared})
    parts = {name: [pair for pair in shared if pair[0].key.perturbation == name] for name in names}
    if len(parts) < 2:
        return {}
    return {
        name: PairedCounts.of_runs([one for one, _ in pairs], [other for _, other in pairs])
        for name, pairs in parts.items()
    }


def _cells(pairs: PairedCounts) -> list[str]:
    return [
        *(f"{k}/{pairs.episodes}" for k in pairs.successes),
        str(pairs.first_only),
        str(pairs.second_only),
        f"{pairs.p_value():.3f}",
        points_text(pairs.difference, pairs.interval()),
    ]


def _print_metrics(console: Console, found: Sequence[_Comparison]) -> None:
    table = Table(title="metrics that both runs have", title_justify="left", box=None)
    for name in ("run", "metric", "pairs", "first", "run's", "difference"):
        left = name in ("run", "metric")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "run")
    every = [(one.run, metric) for one in found for metric in one.metrics]
    for run, metric in every:
        means = metric.means or ()
        table.add_row(
            run.name,
            metric.name,
            str(metric.episodes),
            *(f"{mean:.3f}" for mean in means),
            *["-"] * (2 - len(means)),
            _difference(metric),
        )
    console.print()
    console.print(table)
    console.print(
        "run minus first with its 95 % interval: bootstrap of the pairs, stratified by task"
    )
    for run, metric in every:
        if metric.missing:
            console.print(
                f"{run}, {metric.name}: {metric.missing} shared episodes in which a run has no "
                "value; left out"
            )


def _difference(metric: PairedMetric) -> str:
    if metric.difference is None:
        return "-"
    if metric.interval is None:
        return f"{metric.difference:+.3f}"
    low, high = metric.interval
    return f"{metric.difference:+.3f} [{low:+.3f}, {high:+.3f}]"


def _rate(pairs: PairedCounts, side: int) -> dict[str, Any]:
    k, n = pairs.successes[side], pairs.episodes
    return {"successes": k, "episodes": n, "wilson95": list(wilson(k, n))}


def _backend(records: Sequence[EpisodeRecord]) -> str:
    return ", ".join(sorted({record.backend for record in records}))
