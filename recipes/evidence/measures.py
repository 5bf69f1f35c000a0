"""Numbers of the ablation from records: cells, groups of training seeds, paired comparisons.

All statistics are `spatune.evaluation`'s; here they are only put together over training seeds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from matrix import ARMS, SEEDS, VLMS, Cell, Comparison, cell_of, comparisons

from spatune.errors import SpatuneError
from spatune.evaluation import EpisodeKey, EpisodeRecord, PairedCounts, PairedMetric, summarise
from spatune.evaluation.bootstrap import mean_interval
from spatune.evaluation.resolution import Resolution
from spatune.evaluation.store import read_records
from spatune.evaluation.suite_means import suite_interval

POINTS = 5.0
"""Difference, in success points, for which the needed episodes are said."""
METRICS = ("spl", "soft_spl")
"""Metrics of navigation that are kept beside success."""

Group = dict[int, list[EpisodeRecord]]
"""Records by training seed, of one arm, training and VLM."""


@dataclass(frozen=True)
class Run:
    """One run directory.

    Attributes:
        cell: The cell that it belongs to.
        records: All attempts, at least one.
        config: Its `config.json`.
    """

    cell: Cell
    records: list[EpisodeRecord]
    config: Mapping[str, Any]


def read_runs(runs: Path) -> list[Run]:
    """Every run directory `<arm>/<policy>` that holds a record, in the order of the matrix.

    Raises:
        SpatuneError: A directory is no cell of the matrix, or holds episodes of another arm.
    """
    found = []
    for path in sorted(runs.glob("*/*/episodes.jsonl")):
        name = path.parent.relative_to(runs).as_posix()
        cell = cell_of(name)
        if cell is None:
            raise SpatuneError(
                f"{path.parent} is no cell of recipes/evidence/matrix.py: move it elsewhere, or "
                "declare its arm or training there"
            )
        records = read_records(path.parent)
        arm = ARMS[cell.arm]
        for record in records:
            key, suite = record.key, arm.suite if arm.benchmark == "libero" else f"{arm.suite}-test"
            there = (key.benchmark, key.suite, key.perturbation, record.control)
            if there != (arm.benchmark, suite, arm.perturbation, cell.control):
                raise SpatuneError(
                    f"{path.parent} holds an episode of {' '.join(there)}, which is not {cell.run}:"
                    " it was copied or renamed; remove it"
                )
        if records:
            config = json.loads((path.parent / "config.json").read_text())
            found.append(Run(cell, records, config))
    arms, vlms = list(ARMS), list(VLMS)
    return sorted(found, key=lambda r: (arms.index(r.cell.arm), _place(r.cell, vlms)))


def _place(cell: Cell, vlms: Sequence[str]) -> tuple[str, int, int, str]:
    return cell.training, vlms.index(cell.vlm), cell.seed, cell.control


def measure_cell(run: Run) -> dict[str, Any]:
    """One cell: counts, intervals, tasks, and what computed it."""
    cell, arm = run.cell, ARMS[run.cell.arm]
    keys = {record.key for record in run.records}
    summary = summarise(run.records, keys, cell.control)
    finished = [record for record in run.records if not record.is_error]
    total, suite = summary.total, summary.suites[0]
    return {
        "arm": cell.arm,
        "training": cell.training,
        "vlm": cell.vlm,
        "seed": cell.seed,
        "control": cell.control,
        "successes": total.successes,
        "episodes": total.episodes,
        "asked_for": arm.TASKS * arm.episodes,
        "errors": total.errors,
        "wilson95": list(total.wilson()),
        "mean_over_tasks": suite.to_json(),
        "tasks": [[task.task_id, task.successes, task.episodes] for task in summary.tasks],
        "metrics": {m.name: m.to_json() for m in summary.metrics if m.name in METRICS},
        "protocol": run.config.get("protocol", run.config.get("split")),
        "policy_sha256": run.config.get("policy_sha256"),
        "policy_seeds": sorted({key.policy_seed for key in keys}),
        "env_seeds": [min(k.env_seed for k in keys), max(k.env_seed for k in keys)],
        "reason_every": sorted({record.reason_every for record in finished}),
        "backends": sorted({record.backend for record in finished}),
        "modes": sorted({record.mode for record in finished}),
        "versions": _versions(finished),
        "notes": list(summary.notes),
    }


def _versions(records: Iterable[EpisodeRecord]) -> dict[str, str]:
    """Every version that took part; several of one name are listed."""
    found: dict[str, set[str]] = {}
    for record in records:
        for name, value in record.versions.items():
            found.setdefault(name, set()).add(value)
    return {name: ", ".join(sorted(values)) for name, values in sorted(found.items())}


def groups_of(runs: Iterable[Run]) -> dict[tuple[str, str, str], Group]:
    """Finished episodes of the policies themselves, by arm, training and VLM, then by seed."""
    found: dict[tuple[str, str, str], Group] = {}
    for run in runs:
        finished = [record for record in run.records if not record.is_error]
        if run.cell.control == "none" and finished:
            place = (run.cell.arm, run.cell.training, run.cell.vlm)
            found.setdefault(place, {})[run.cell.seed] = finished
    return found


def measure_group(place: tuple[str, str, str], group: Group) -> dict[str, Any]:
    """One VLM and training over its training seeds, on the episodes that all of them finished.

    Every task has the same weight in a seed's rate, and every seed in `mean`.
    `interval` is a bootstrap within tasks of the mean over seeds of each episode (`SuiteMean`'s):
    it speaks of other episodes for these trained policies. `sd_over_seeds` is the spread between
    trained policies, which the interval does not contain.
    """
    shared = set.intersection(*({record.key for record in records} for records in group.values()))
    by_seed = {
        seed: {r.key: bool(r.success) for r in records if r.key in shared}
        for seed, records in sorted(group.items())
    }
    rates = [_over_tasks(_by_task(solved)) for solved in by_seed.values()] if shared else []
    tasks = _by_task({key: fmean(s[key] for s in by_seed.values()) for key in shared})
    return {
        **dict(zip(("arm", "training", "vlm"), place, strict=True)),
        "seeds": list(by_seed),
        "episodes_a_seed": len(shared),
        "left_out": sum(map(len, group.values())) - len(shared) * len(group),
        "successes": {str(seed): sum(solved.values()) for seed, solved in by_seed.items()},
        "mean": fmean(rates) if rates else None,
        "sd_over_seeds": stdev(rates) if len(rates) > 1 else None,
        "variance_over_seeds": stdev(rates) ** 2 if len(rates) > 1 else None,
        "interval": _listed(suite_interval(tasks)) if tasks else None,
    }


def _by_task(values: Mapping[EpisodeKey, float]) -> list[list[float]]:
    tasks: dict[int, list[float]] = {}
    for key in sorted(values):
        tasks.setdefault(key.task_id, []).append(values[key])
    return list(tasks.values())


def _over_tasks(tasks: Sequence[Sequence[float]]) -> float:
    return fmean(map(fmean, tasks))


def measure_pair(
    comparison: Comparison, arm: str, first: Group, second: Group
) -> dict[str, Any] | None:
    """Second minus first on shared episodes, seed by seed and together; None without any.

    `difference` and `interval` are over all seeds. With several seeds the interval is a bootstrap
    of episodes within tasks, an episode with all its seeds being one value, because the seeds of an
    episode share its scene. Where that has no width, and with a single seed, it is the paired
    interval of the counts. The pooled McNemar test takes the seeds of one episode for independent.
    """
    seeds: dict[int, PairedCounts] = {}
    changes: dict[EpisodeKey, list[float]] = {}
    notes: set[str] = set()
    for seed in sorted(first.keys() & second.keys()):
        pairs = _paired(first[seed], second[seed])
        if pairs is None:
            continue
        seeds[seed] = pairs
        other = {record.key: record for record in second[seed]}
        for record in first[seed]:
            if record.key in other:
                change = float(bool(other[record.key].success)) - float(bool(record.success))
                changes.setdefault(record.key, []).append(change)
        notes |= _mixed(first[seed], second[seed])
    if not seeds:
        return None
    names = ("both", "first_only", "second_only", "neither", "unpaired", "same_actions")
    pooled = PairedCounts(**{n: sum(getattr(p, n) for p in seeds.values()) for n in names})
    keys = sorted(changes)
    whole = {key for key in keys if len(changes[key]) == len(seeds)}
    if len(whole) < len(keys):
        notes.add("the seeds share other episodes; each episode counts with the seeds it has")
    clustered = mean_interval(
        [fmean(changes[key]) for key in keys],
        [key.task_id for key in keys],
        weights=_weights(changes),
    )
    narrow = clustered is None or clustered[0] == clustered[1]
    metrics = {seed: PairedMetric.of_runs(first[seed], second[seed]) for seed in seeds}
    return {
        "arm": arm,
        "table": comparison.table,
        "first": list(comparison.first),
        "second": list(comparison.second),
        "seeds": {str(seed): pairs.to_json() for seed, pairs in seeds.items()},
        "sd_over_seeds": _spread([pairs.difference for pairs in seeds.values()]),
        "difference": pooled.difference,
        "interval": _listed(pooled.interval() if len(seeds) == 1 or narrow else clustered),
        "interval_is": "paired counts" if len(seeds) == 1 or narrow else "bootstrap of episodes",
        "pooled": pooled.to_json(),
        "pooled_note": "episodes of several seeds are not independent" if len(seeds) > 1 else "",
        "metrics": {
            str(seed): {m.name: m.to_json() for m in found if m.name in METRICS}
            for seed, found in metrics.items()
        },
        "to_resolve": Resolution.of(pooled, POINTS).to_json(),
        "notes": sorted(notes),
    }


def _paired(first: list[EpisodeRecord], second: list[EpisodeRecord]) -> PairedCounts | None:
    if not {record.key for record in first} & {record.key for record in second}:
        return None
    return PairedCounts.of_runs(first, second)


def _weights(changes: Mapping[EpisodeKey, Sequence[float]]) -> dict[Any, float]:
    """Each task's share of all pairs, so that the bootstrap is of the pooled difference."""
    weights: dict[Any, float] = {}
    for key, found in changes.items():
        weights[key.task_id] = weights.get(key.task_id, 0.0) + len(found)
    return weights


def _mixed(first: list[EpisodeRecord], second: list[EpisodeRecord]) -> set[str]:
    """What the two runs do not share although a comparison should."""
    notes = set()
    for name in ("backend", "mode"):
        values = [sorted({getattr(r, name) for r in run}) for run in (first, second)]
        if values[0] != values[1]:
            notes.add(f"{name}s differ: {', '.join(values[0])} against {', '.join(values[1])}")
    one, other = _versions(first), _versions(second)
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            notes.add(f"versions of {name} differ: {one.get(name)} against {other.get(name)}")
    return notes


def _spread(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _listed(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


def measure_blind(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Each policy against its own blind control on shared episodes."""
    by_cell = {run.cell: run for run in runs}
    found = []
    for cell, run in by_cell.items():
        seeing = by_cell.get(Cell(cell.arm, cell.training, cell.vlm, cell.seed))
        if cell.control != "blind" or seeing is None:
            continue
        ends = ([r for r in one.records if not r.is_error] for one in (run, seeing))
        pairs = _paired(*ends)
        if pairs is not None:
            place = {k: getattr(cell, k) for k in ("arm", "training", "vlm", "seed")}
            found.append({**place, **pairs.to_json()})
    return found


def check_policies(policies: Mapping[str, Mapping[str, Any]], runs: Iterable[Run]) -> list[str]:
    """What should be shared between policies and is not, in words; empty where all is as declared.

    Policies of one training must have equal settings, those of one frozen VLM the same VLM, and
    those of two VLMs different ones.
    """
    notes: set[str] = set()
    cells = {run.cell.policy: run.cell for run in runs}
    known = {name: policies[name] for name in sorted(cells) if name in policies}
    for name in sorted(cells.keys() - known.keys()):
        notes.add(f"{name}: nothing is noted about this policy")
    settings: dict[str, tuple[str, Any]] = {}
    vlm_of: dict[str, tuple[str, str]] = {}
    hash_of: dict[str, tuple[str, str]] = {}
    for name, policy in known.items():
        cell = cells[name]
        other, same = settings.setdefault(cell.training, (name, policy["settings"]))
        for field in sorted(same.keys() | policy["settings"].keys()):
            if same.get(field) != policy["settings"].get(field):
                notes.add(f"{name} and {other} differ in {field}")
        sha = policy["features_vlm"]
        if not sha or cell.training not in ("frozen", "reason", "nav", "nav-reason"):
            continue
        other, there = vlm_of.setdefault(cell.vlm, (name, sha))
        if there != sha:
            notes.add(f"{name} and {other} name one VLM and were trained on two")
        other, there = hash_of.setdefault(sha, (name, cell.vlm))
        if there != cell.vlm:
            notes.add(f"{name} and {other} name two VLMs and were trained on one")
    return sorted(notes)


def measure(runs: Sequence[Run], policies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Everything that the page and the figure show."""
    groups = groups_of(runs)
    pairs = []
    for comparison in comparisons():
        for arm in ARMS:
            first = groups.get((arm, *comparison.first))
            second = groups.get((arm, *comparison.second))
            if first and second:
                pairs.append(measure_pair(comparison, arm, first, second))
    return {
        "what": "The ablation of docs/evidence.md; recipes/evidence/collect.py writes this file.",
        "declared_seeds": list(SEEDS),
        "cells": [measure_cell(run) for run in runs],
        "groups": [measure_group(place, group) for place, group in groups.items()],
        "comparisons": [pair for pair in pairs if pair is not None],
        "blind": measure_blind(runs),
        "checks": check_policies(policies, runs),
    }
