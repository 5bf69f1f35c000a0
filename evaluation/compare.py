"""`compare_runs`: the body of `spatune compare`."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..errors import SpatuneError
from .compare_config import CompareConfig
from .intervals import wilson
from .keys import EpisodeKey
from .paired import PairedCounts
from .paired_metrics import PairedMetric
from .records import EpisodeRecord
from .store import read_records, write_atomically


def compare_runs(config: CompareConfig) -> list[PairedCounts]:
    """Compare runs with the first in success and metrics, print tables, write JSON if asked.

    Raises:
        SpatuneError: A directory is no run, or two runs share no episode.
    """
    if not config.others:
        raise SpatuneError("nothing to compare: spatune compare FIRST OTHER [OTHER ...]")
    first = _records(config.first)
    title = f"against {config.first} ({_backend(first)})"
    table = Table(title=title, title_justify="left", box=None)
    for name in ("run", "first k/n", "run k/n", "only first", "only run", "p", "difference"):
        table.add_column(name, justify="left" if name == "run" else "right", no_wrap=name != "run")
    found: list[PairedCounts] = []
    metrics: list[tuple[PairedMetric, ...]] = []
    for other in config.others:
        records = _records(other)
        pairs = PairedCounts.of_runs(first, records)
        found.append(pairs)
        metrics.append(PairedMetric.of_runs(first, records))
        low, high = pairs.interval()
        table.add_row(
            f"{other.name} ({_backend(records)})",
            *(f"{k}/{pairs.episodes}" for k in pairs.successes),
            str(pairs.first_only),
            str(pairs.second_only),
            f"{pairs.p_value():.3f}",
            f"{100 * pairs.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
        )
    console = Console()
    console.print(table)
    console.print("difference in success points with its 95 % interval; p: exact McNemar test")
    for other, pairs in zip(config.others, found, strict=True):
        if pairs.unpaired:
            console.print(f"{other}: {pairs.unpaired} episodes are in one run only; left out")
    if any(metrics):
        _print_metrics(console, config, metrics)
    if config.out is not None:
        data = _json(config, first, found, metrics)
        config.out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(config.out, json.dumps(data, indent=1) + "\n")
    return found


def _records(run: Path) -> list[EpisodeRecord]:
    """Of a run, or of all runs in a folder: their suites are different episodes."""
    inside = sorted(path.parent for path in run.glob("*/episodes.jsonl"))
    if (run / "episodes.jsonl").exists() or not inside:
        return read_records(run)
    owners: dict[EpisodeKey, Path] = {}
    records: list[EpisodeRecord] = []
    for one in inside:
        for record in read_records(one):
            if owners.setdefault(record.key, one) != one:
                raise SpatuneError(
                    f"{run} holds two runs of the same episodes ({owners[record.key].name} and "
                    f"{one.name}): give one of them"
                )
            records.append(record)
    return records


def _print_metrics(
    console: Console, config: CompareConfig, metrics: list[tuple[PairedMetric, ...]]
) -> None:
    table = Table(title="metrics that both runs have", title_justify="left", box=None)
    for name in ("run", "metric", "pairs", "first", "run's", "difference"):
        left = name in ("run", "metric")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "run")
    for other, group in zip(config.others, metrics, strict=True):
        for metric in group:
            means = metric.means or ()
            table.add_row(
                other.name,
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
    for other, group in zip(config.others, metrics, strict=True):
        for metric in group:
            if metric.missing:
                console.print(
                    f"{other}, {metric.name}: {metric.missing} shared episodes in which a "
                    "run has no value; left out"
                )


def _difference(metric: PairedMetric) -> str:
    if metric.difference is None:
        return "-"
    if metric.interval is None:
        return f"{metric.difference:+.3f}"
    low, high = metric.interval
    return f"{metric.difference:+.3f} [{low:+.3f}, {high:+.3f}]"


def _json(
    config: CompareConfig,
    first: list[EpisodeRecord],
    found: list[PairedCounts],
    metrics: list[tuple[PairedMetric, ...]],
) -> dict:
    return {
        "first": {"run": config.first.name, "backend": _backend(first), **_rate(found[0], 0)},
        "others": [
            {
                "run": other.name,
                "backend": _backend(_records(other)),
                **_rate(pairs, 1),
                "paired": pairs.to_json(),
                **({"metrics": {m.name: m.to_json() for m in group}} if group else {}),
            }
            for other, pairs, group in zip(config.others, found, metrics, strict=True)
        ],
    }


def _rate(pairs: PairedCounts, side: int) -> dict:
    k, n = pairs.successes[side], pairs.episodes
    return {"successes": k, "episodes": n, "wilson95": list(wilson(k, n))}


def _backend(records: list[EpisodeRecord]) -> str:
    return ", ".join(sorted({record.backend for record in records}))
