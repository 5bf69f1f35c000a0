"""`outcome`: how successful a run was, in total, by budget, task and perturbation."""

from __future__ import annotations

from collections.abc import Sequence

from ..evaluation.budgets import BudgetPoint
from ..evaluation.intervals import clopper_pearson, wilson
from ..evaluation.suite_means import SuiteMean
from ..evaluation.summary import Count
from ..evaluation.wording import interval_text, percent
from .bars import difference, rate_bar
from .curve import Curve, budget_curve
from .html import Html, joined, tag
from .run import EvaluatedRun
from .tables import table

_NEAR_CERTAIN = 0.05
_NARROW = (
    "This near to 0 or 100 % the interval of the mean over tasks holds the truth less often than "
    "it says (measured: 73 to 84 times in 100 at a rate of 0.98): read Wilson's of k/n there."
)


def outcome(run: EvaluatedRun) -> Html:
    """Figures, curve, tasks, perturbations and metrics of a run."""
    parts = [_figures(run)]
    if any(not _NEAR_CERTAIN < mean < 1 - _NEAR_CERTAIN for _, mean in _means(run)):
        parts.append(tag("p", _NARROW, class_="dim"))
    parts += [_curve(run), _tasks(run), _perturbations(run), _metrics(run)]
    return joined(parts)


def _figures(run: EvaluatedRun) -> Html:
    total = run.summary.total
    exact = clopper_pearson(total.successes, total.episodes)
    figures = [
        ("success rate", "-" if total.rate is None else f"{percent(total.rate)} %", ""),
        ("successes / episodes", f"{total.successes}/{total.episodes}", ""),
        ("Wilson 95 %", interval_text(total.wilson()), f"Clopper-Pearson {interval_text(exact)}"),
    ]
    for suite, mean in _means(run):
        interval = "no interval"
        if suite.interval is not None:
            interval = f"bootstrap within tasks, 95 %: {interval_text(suite.interval)}"
        name = f"{suite.suite}, mean over {suite.tasks} tasks"
        figures.append((name, f"{percent(mean)} %", interval))
    boxes = [
        tag("div", tag("small", name), tag("b", value), *([tag("small", below)] if below else []))
        for name, value, below in figures
    ]
    return tag("div", *boxes, class_="figures")


def _means(run: EvaluatedRun) -> list[tuple[SuiteMean, float]]:
    """The suites of several tasks, and their means."""
    suites = [suite for suite in run.summary.suites if suite.planned_tasks > 1]
    return [(suite, suite.mean) for suite in suites if suite.mean is not None]


def _curve(run: EvaluatedRun) -> Html:
    points = run.summary.budgets
    if not points:
        return Html("")
    title = "Success against step budget"
    head = ["steps", "protocols", "k/n", "rate %", "Wilson 95 %"]
    named = [point for point in points if point.protocols]
    parts = [tag("h3", title), budget_curve([Curve(run.name, points)], f"{title}, {run.title}")]
    if named:
        parts.append(_points(head, named))
    parts.append(tag("details", tag("summary", "all points as numbers"), _points(head, points)))
    return joined(parts)


def _points(head: Sequence[str], points: Sequence[BudgetPoint]) -> Html:
    rows = []
    for point in points:
        cells = [str(point.budget), ", ".join(point.protocols)]
        if point.successes is None:
            cells += ["-", "-", "unknown: the run had fewer"]
        else:
            interval = wilson(point.successes, point.episodes)
            rate = percent(point.successes / point.episodes)
            cells += [f"{point.successes}/{point.episodes}", rate, interval_text(interval)]
        rows.append(cells)
    return table(head, rows, numeric=(0, 2, 3, 4))


def _tasks(run: EvaluatedRun) -> Html:
    counts = run.summary.tasks
    suites = len(run.suites) > 1
    rows = [_count_row(f"{c.suite} {c.task_id}" if suites else f"{c.task_id}", c) for c in counts]
    head = ["task", "", "k/n", "rate %", "Wilson 95 %", "steps", "instruction"]
    foot = _count_row("all", run.summary.total)
    if not run.summary.worded:
        head, rows, foot = head[:-1], [row[:-1] for row in rows], foot[:-1]
    caption = "steps: mean control steps of the successes; the line is the Wilson 95 % interval"
    heading = tag("h3", "Houses" if run.config.get("benchmark") == "nav" else "Tasks")
    return joined(
        [heading, table(head, rows, foot=foot, numeric=(2, 3, 4, 5), words=(6,), caption=caption)]
    )


def _count_row(name: str, count: Count) -> list[str]:
    steps = "-" if count.mean_success_steps is None else f"{count.mean_success_steps:.0f}"
    return [
        name,
        rate_bar(count.successes, count.episodes),
        f"{count.successes}/{count.episodes}",
        "-" if count.rate is None else percent(count.rate),
        interval_text(count.wilson()),
        steps,
        count.instruction,
    ]


def _perturbations(run: EvaluatedRun) -> Html:
    if run.robustness is None:
        return Html("")
    rows = []
    for row in run.robustness.rows:
        name, *cells = _count_row(row.perturbation, row.total)[:5]
        rows.append([name, *cells, *difference(row.paired)])
    head = ["perturbation", "", "k/n", "rate %", "Wilson 95 %", "minus unperturbed", "pairs", "p"]
    caption = "minus unperturbed: success points on the same episodes; p: exact McNemar test"
    content = table(head, rows, numeric=range(2, 8), caption=caption)
    return joined([tag("h3", "Perturbations"), content])


def _metrics(run: EvaluatedRun) -> Html:
    metrics = run.summary.metrics
    if not metrics:
        return Html("")
    rows = [
        [
            metric.name.replace("_", " "),
            "-" if metric.mean is None else f"{metric.mean:.3f}",
            _plain_interval(metric.interval),
            str(metric.episodes),
            str(metric.missing),
        ]
        for metric in metrics
    ]
    head = ["metric", "mean", "bootstrap 95 %", "episodes", "without a value"]
    return joined([tag("h3", "Metrics"), table(head, rows, numeric=(1, 2, 3, 4))])


def _plain_interval(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"
