"""Reads what `evaluate.py` played; writes the result file, the figure and the tables of the pages.

    python recipes/evidence/collect.py --runs DIR

It may be called while `evaluate.py` plays, and as often as one likes: equal records, equal files.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from evaluate import POLICIES_FILE
from figure import draw_evidence
from measures import measure, read_runs
from one_line import one_line
from page import README_TABLES, TABLES, rewrite

from spatune.errors import SpatuneError
from spatune.evaluation.atomic import write_atomically

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class CollectConfig:
    """Put the numbers of the ablation together."""

    runs: Path
    """Folder of the run directories, <arm>/<policy>."""
    results: Path = ROOT / "recipes" / "results" / "evidence" / "results.json"
    """Result file to write; what pointing.py measured is read from pointing.json beside it."""
    page: Path = ROOT / "docs" / "evidence.md"
    """Page whose tables are rewritten; its prose stays."""
    readme: Path = ROOT / "README.md"
    """Page whose one table is rewritten."""
    figure: Path = ROOT / "docs" / "evidence.png"
    """Picture to draw."""


def collect(config: CollectConfig) -> dict[str, Any]:
    """Measure and write everything.

    Returns:
        The content of the result file.

    Raises:
        SpatuneError: There is no such folder, a run is damaged or no cell of the matrix, or the
            page lacks a marker; nothing is written then.
    """
    if not config.runs.is_dir():
        raise SpatuneError(f"{config.runs} is no folder: give that of evaluate.py's --runs")
    noted = config.runs / POLICIES_FILE
    policies = json.loads(noted.read_text()) if noted.exists() else {}
    results = measure(read_runs(config.runs), policies)
    pointing = config.results.with_name("pointing.json")
    if pointing.exists():
        results["pointing"] = json.loads(pointing.read_text())
    page = rewrite(config.page.read_text(encoding="utf-8"), results, TABLES)
    readme = rewrite(config.readme.read_text(encoding="utf-8"), results, README_TABLES)
    config.results.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(config.results, compact(results))
    config.figure.parent.mkdir(parents=True, exist_ok=True)
    if not draw_evidence(results, config.figure):
        config.figure.unlink(missing_ok=True)
    write_atomically(config.page, page)
    write_atomically(config.readme, readme)
    return results


def compact(results: dict[str, Any]) -> str:
    """JSON with a row a line for the long lists, so that a change shows in what it changes."""
    lists = {name: value for name, value in results.items() if isinstance(value, list)}
    rows = {n: ",\n  ".join(map(json.dumps, value)) for n, value in lists.items() if value}
    parts = [
        f" {json.dumps(name)}: [\n  {rows[name]}\n ]"
        if name in rows
        else f" {json.dumps(name)}: {json.dumps(value)}"
        for name, value in results.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def report(config: CollectConfig) -> int:
    """Collect, and say what was found."""
    results = collect(config)
    episodes = sum(cell["episodes"] for cell in results["cells"])
    print(
        f"{len(results['cells'])} cells, {episodes} episodes, {len(results['comparisons'])} "
        f"comparisons: {config.results}, {config.page}"
    )
    for note in results["checks"]:
        print(f"not as declared: {note}")
    return 0


if __name__ == "__main__":
    asked = tyro.cli(CollectConfig, description=(__doc__ or "").split("\n", 1)[0])
    sys.exit(one_line(lambda: report(asked)))
