"""`compare_runs`: the body of `spatune compare`."""

from __future__ import annotations

import json
from pathlib import Path

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
from .store import read_records

_LEAST_POINTS = 0.1


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
    title = f"against {config.first} ({_backend(first)})"
    table = Table(title=title, title_justify="left", box=None)
    for name in ("run", "first k/n", "run k/n", "only first", "only run", "p", "difference"):
        left = name == "run"
        justify = "left" if left else "right"
        table.add_column(name, justify=justify, no_wrap=not left, overflow="fold")
    found: list[PairedCounts] = []
    metrics: list[tuple[PairedMetric, ...]] = []
    split: list[dict[str, PairedCounts]] = []
    for other in config.others:
        records = _records(other)
        pairs = PairedCounts.of_runs(first, records)
        found.append(pairs)
        metrics.append(PairedMetric.of_runs(first, records))
        table.add_row(f"{other.name} ({_backend(records)})", *_cells(pairs))
        split.append(_by_perturbation(first, records))
        for perturbation, part in split[-1].items():
            table.add_row(f"  {perturbation}", *_cells(part))
    console = Console()
    console.print(table)
    console.print("difference in success points with its 95 % interval; p: exact McNemar test")
    for other, pairs in zip(config.others, found, strict=True):
        if pairs.unpaired:
            console.print(f"{other}: {pairs.unpaired} episodes are in one run only; left out")
        resolution = Resolution.of(pairs, config.resolve)
        console.print(f"{other}: {resolution.text} (power 80 %, level 0.05)", highlight=False)
    if any(metrics):
        _print_metrics(console, config, metrics)
    if config.out is not None:
        data = _json(config, first, found, metrics, split)
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


def _by_perturbation(
    first: list[EpisodeRecord], records: list[EpisodeRecord]
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
    low, high = pairs.interval()
    return [
        *(f"{k}/{pairs.episodes}" for k in pairs.successes),
        str(pairs.first_only),
        str(pairs.second_only),
        f"{pairs.p_value():.3f}",
        f"{100 * pairs.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
    ]


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
    split: list[dict[str, PairedCounts]],
) -> dict:
    return {
        "first": {"run": config.first.name, "backend": _backend(first), **_rate(found[0], 0)},
        "others": [
            {
                "run": other.name,
                "backend": _backend(_records(other)),
                **_rate(pairs, 1),
                "paired": pairs.to_json(),
                "perturbations": {name: part.to_json() for name, part in parts.items()},
                "to_resolve": Resolution.of(pairs, config.resolve).to_json(),
                **({"metrics": {m.name: m.to_json() for m in group}} if group else {}),
            }
            for other, pairs, group, parts in zip(config.others, found, metrics, split, strict=True)
        ],
    }


def _rate(pairs: PairedCounts, side: int) -> dict:
    k, n = pairs.successes[side], pairs.episodes
    return {"successes": k, "episodes": n, "wilson95": list(wilson(k, n))}


def _backend(records: list[EpisodeRecord]) -> str:
    return ", ".join(sorted({record.backend for record in records}))
