"""`overview`: all runs of a page beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import SpatuneError
from ..evaluation.paired import PairedCounts
from ..evaluation.wording import interval_text, percent
from .bars import difference, rate_bar
from .curve import Curve, budget_curve, legend
from .html import Html, joined, tag
from .run import EvaluatedRun
from .tables import table


def overview(runs: Sequence[EvaluatedRun]) -> Html:
    """A row a run, each compared with the first where they share episodes; curves together.

    Args:
        runs: At least two.
    """
    paired = [_paired(runs[0], run) for run in runs[1:]]
    head = ["run", "who acts", "suites", "k/n", "rate %", "Wilson 95 %", ""]
    if any(paired):
        head += ["minus first", "pairs", "p"]
    rows = []
    for number, run in enumerate(runs):
        total = run.summary.total
        cells: list[str] = [
            tag("a", run.name, href=f"#run{number}"),
            run.who,
            ", ".join(run.suites),
            f"{total.successes}/{total.episodes}",
            "-" if total.rate is None else percent(total.rate),
            interval_text(total.wilson()),
            rate_bar(total.successes, total.episodes, number),
        ]
        if any(paired):
            cells += difference(paired[number - 1] if number else None)
        rows.append(cells)
    parts = [tag("h2", "Overview"), table(head, rows, numeric=(3, 4, 5, 7, 8, 9))]
    if any(paired):
        words = (
            "minus first: difference from the first run in success points on the episodes that "
            "both have finished, with its 95 % interval; p: exact McNemar test of these pairs."
        )
        parts.append(tag("p", words, class_="dim"))
    curves = [Curve(run.name, run.summary.budgets) for run in runs if run.summary.budgets]
    if len(curves) > 1 and len({run.config.get("benchmark") for run in runs}) == 1:
        title = "Success against step budget"
        parts += [tag("h3", title), legend(curves), budget_curve(curves, title)]
    return joined(parts)


def _paired(first: EvaluatedRun, other: EvaluatedRun) -> PairedCounts | None:
    try:
        return PairedCounts.of_runs(first.baseline, other.baseline)
    except SpatuneError:
        return None
