"""How often the project's 95 % intervals hold the truth, over success rates and episodes.

Wilson, Clopper-Pearson and the paired difference are summed exactly over all outcomes; the suite
mean (bootstrap within tasks) is drawn, 500 runs a cell, and beside it the same bootstrap without
the four episodes that it adds. Four minutes:

    python benchmarks/interval_coverage.py

Output goes to `benchmarks/results/interval_coverage.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import binom

from spatune.evaluation import PairedCounts, clopper_pearson, mean_interval, wilson
from spatune.evaluation.suite_means import suite_interval
from spatune.evaluation.versions import installed_versions
from spatune.progress import Progress

RESULTS = Path(__file__).parent / "results" / "interval_coverage.json"
RATES = (0.02, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.98)
EPISODES = (5, 10, 20, 50, 100, 500)
GRID = np.linspace(0.005, 0.995, 199)

PAIRS = ((0.01, 0.01), (0.05, 0.05), (0.02, 0.1), (0.1, 0.05), (0.05, 0.3), (0.4, 0.4))
"""Shares of episodes that only the first and only the second run solves."""
PAIRED_EPISODES = (10, 20, 50, 100)

TASKS, TASK_EPISODES = 10, (1, 2, 5, 10, 20)
SPREADS = {"equal tasks": 0.0, "unlike tasks": 0.9}
"""How far the tasks' rates lie around the suite's, in units of its distance to 0 or 1."""
SUITE_RATES = (0.5, 0.9, 0.95, 0.98)
RUNS = 500


def exact(interval: Callable[[int, int], tuple[float, float]], n: int, rates) -> np.ndarray:
    """Coverage of an interval of k/n at each rate, by the sum over k."""
    k = np.arange(n + 1)
    low, high = np.array([interval(int(one), n) for one in k]).T
    rates = np.asarray(rates)[:, None]
    held = (low <= rates) & (rates <= high)
    return (binom.pmf(k, n, rates) * held).sum(axis=1)


def of_rates(interval: Callable[[int, int], tuple[float, float]]) -> list[dict[str, Any]]:
    """Coverage of k/n: at `RATES`, and mean and least over a fine grid."""
    rows = []
    for n in EPISODES:
        grid = exact(interval, n, GRID)
        at = exact(interval, n, RATES)
        rows.append(
            {
                "episodes": n,
                "mean": round(float(grid.mean()), 4),
                "least": round(float(grid.min()), 4),
                "at_rate": {str(p): round(float(c), 4) for p, c in zip(RATES, at, strict=True)},
            }
        )
    return rows


def of_differences() -> list[dict[str, Any]]:
    """Coverage of the paired difference, by the sum over both discordant counts."""
    rows = []
    for n in PAIRED_EPISODES:
        counts = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
        b, c = np.array(counts).T
        bounds = [PairedCounts(n - x - y, x, y, 0).interval() for x, y in counts]
        low, high = np.array(bounds).T
        for lost, gained in PAIRS:
            chance = binom.pmf(b, n, lost) * binom.pmf(c, n - b, gained / (1 - lost))
            held = (low <= gained - lost) & (gained - lost <= high)
            rows.append(
                {
                    "episodes": n,
                    "only_first": lost,
                    "only_second": gained,
                    "coverage": round(float((chance * held).sum()), 4),
                }
            )
    return rows


def of_suites() -> list[dict[str, Any]]:
    """Coverage of the suite mean, drawn; and of the bootstrap without added episodes."""
    cells = [(n, name, rate) for n in TASK_EPISODES for name in SPREADS for rate in SUITE_RATES]
    rows = []
    with Progress(len(cells), "suite means") as progress:
        for done, (n, name, rate) in enumerate(cells, start=1):
            rows.append(of_suite(n, name, rate))
            progress.update(done, f"{n} episodes a task, rate {rate}")
    return rows


def of_suite(episodes: int, spread: str, rate: float) -> dict[str, Any]:
    """One cell of `of_suites`."""
    rng = np.random.default_rng([episodes, round(1000 * rate), list(SPREADS).index(spread)])
    rates = rate + np.linspace(-1, 1, TASKS) * SPREADS[spread] * min(rate, 1 - rate)
    strata = np.repeat(np.arange(TASKS), episodes).tolist()
    held, held_plain, widths = 0, 0, []
    for _ in range(RUNS):
        outcomes = (rng.random((TASKS, episodes)) < rates[:, None]).astype(float)
        interval = suite_interval(outcomes.tolist())
        plain = mean_interval(outcomes.ravel().tolist(), strata)
        assert interval is not None and plain is not None
        held += interval[0] <= rate <= interval[1]
        held_plain += plain[0] <= rate <= plain[1]
        widths.append(interval[1] - interval[0])
    return {
        "tasks": TASKS,
        "episodes_a_task": episodes,
        "task_rates": spread,
        "rate": rate,
        "coverage": round(held / RUNS, 3),
        "coverage_without_added_episodes": round(held_plain / RUNS, 3),
        "mean_width": round(float(np.mean(widths)), 4),
    }


def show(record: dict[str, Any]) -> None:
    """Print the least coverage by number of episodes."""
    console = Console()
    table = Table(title="k/n: mean (least) coverage in %, rates 0.005 to 0.995", box=None)
    for name in ("episodes", "Wilson", "Clopper-Pearson"):
        table.add_column(name, justify="right", no_wrap=True)
    for a, b in zip(record["wilson"], record["clopper_pearson"], strict=True):
        shown = [f"{100 * x['mean']:.1f} ({100 * x['least']:.1f})" for x in (a, b)]
        table.add_row(str(a["episodes"]), *shown)
    console.print(table)
    table = Table(title=f"mean of {TASKS} tasks: least coverage in % (without added)", box=None)
    table.add_column("episodes", justify="right")
    for rate in SUITE_RATES:
        table.add_column(f"rate {rate}", justify="right", no_wrap=True)
    for n in TASK_EPISODES:
        cells = []
        for rate in SUITE_RATES:
            same = [r for r in record["suite"] if (r["episodes_a_task"], r["rate"]) == (n, rate)]
            least = min(r["coverage"] for r in same)
            plain = min(r["coverage_without_added_episodes"] for r in same)
            cells.append(f"{100 * least:.1f} ({100 * plain:.1f})")
        table.add_row(str(n), *cells)
    console.print(table)
    least = min(row["coverage"] for row in record["paired_difference"])
    console.print(f"paired difference: at least {100 * least:.1f} % in all cells")


def main() -> None:
    """Compute, print and write."""
    record = {
        "level": 0.95,
        "wilson": of_rates(wilson),
        "clopper_pearson": of_rates(clopper_pearson),
        "paired_difference": of_differences(),
        "suite": of_suites(),
        "runs": RUNS,
        "standard_error_of_suite_coverage": round((0.95 * 0.05 / RUNS) ** 0.5, 4),
        "versions": installed_versions(("numpy", "scipy")),
    }
    show(record)
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
