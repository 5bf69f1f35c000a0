"""`compare_modes`: what one model loses when it sees nothing, or when options are rotated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..evaluation.atomic import write_atomically
from ..evaluation.paired_metrics import PairedMetric
from ..evaluation.store import read_records
from ..evaluation.wording import points_text
from .benchmark import mean_score
from .report import SpatialReport, points


def compare_modes(reports: Sequence[SpatialReport], directory: Path) -> Table:
    """Write `modes.json` and make a table: each mode, and the first minus each other.

    A difference is over the questions that both modes asked, with the bootstrap 95 % interval of
    the pairs, stratified by category.

    Args:
        reports: Reports of one model on one benchmark, the sighted first.
        directory: Where `modes.json` goes.
    """
    first, *others = reports
    table = Table(
        title=f"{first.plan.config.vlm} on {first.plan.benchmark.title}",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("mode", "n", "overall", "mean", f"minus {first.plan.mode}, same questions"):
        table.add_column(name, justify="left" if name == "mode" else "right", no_wrap=True)
    held = read_records(first.plan.directory)
    data: dict[str, Any] = {}
    for report in (first, *others):
        entry = _entry(report)
        shown = ""
        if report is not first:
            paired = PairedMetric.of_runs(held, read_records(report.plan.directory))
            score = next((metric for metric in paired if metric.name == "score"), None)
            if score is not None and score.difference is not None:
                entry[f"minus_{first.plan.mode}"] = score.to_json()
                shown = f"{points_text(score.difference, score.interval)} of {score.episodes}"
        data[report.plan.mode] = entry
        n, overall, mean = entry["samples"], entry["overall"], entry["mean"]
        table.add_row(report.plan.mode, str(n), points(overall), points(mean), shown)
    write_atomically(directory / "modes.json", json.dumps(data, indent=1) + "\n")
    return table


def _entry(report: SpatialReport) -> dict[str, Any]:
    return {
        "samples": report.totals.samples,
        "overall": report.totals.numbers["overall"],
        "mean": mean_score(report.outcome.scored),
    }
