"""`success_table`: success rates with their intervals, for people."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from rich.box import SIMPLE_HEAD
from rich.table import Table

from .summary import Count, Summary
from .wording import interval_text, percent

_METRIC_WIDTH = 8
"""Characters of a metric's column, so that three of them fit into 80 columns."""


def success_table(summary: Summary, title: str, metrics: Sequence[str] = ()) -> Table:
    """One row a task and a total: k/n, rate, Wilson 95 % interval, mean steps of the successes.

    Below the table: the mean over the tasks of each suite that has several, and success within the
    step budget of every protocol that the summary knows.

    Args:
        summary: What to show.
        title: Words above the table.
        metrics: Names of metrics whose means get a column; the bootstrap 95 % intervals of the
            total are below the table.
    """
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    table.add_column("task", no_wrap=True)
    worded = summary.worded or not summary.total.episodes
    if worded:
        table.add_column("instruction")
    _add_number_columns(table)
    table.add_column("steps", justify="right", no_wrap=True)
    for name in metrics:
        header = fill(name.replace("_", " "), _METRIC_WIDTH)
        table.add_column(header, justify="right", no_wrap=True)
    for count in summary.tasks:
        _add_row(table, f"{count.suite} {count.task_id}", count, metrics, worded)
    table.add_section()
    _add_row(table, "total", summary.total, metrics, worded, style="bold")
    below = [_intervals(summary, metrics)]
    below += [suite.text for suite in summary.suites if suite.planned_tasks > 1]
    below += [point.text for point in summary.budgets if point.protocols]
    return _noted(table, [summary], below)


def comparison_table(rows: Sequence[tuple[str, Summary]], title: str) -> Table:
    """One row a policy or control: its name and its total; suites get columns of their own."""
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    table.add_column("who acts", no_wrap=True)
    suites = sorted({task.suite for _, summary in rows for task in summary.tasks})
    for suite in suites if len(suites) > 1 else []:
        table.add_column(suite, justify="right", no_wrap=True)
    _add_number_columns(table)
    for name, summary in rows:
        parts = [_suite_text(summary, suite) for suite in suites] if len(suites) > 1 else []
        table.add_row(name, *parts, *number_cells(summary.total))
    return _noted(table, [summary for _, summary in rows])


def _add_row(
    table: Table, name: str, count: Count, metrics: Sequence[str], worded: bool, style: str = ""
) -> None:
    words = [count.instruction] if worded else []
    means = [_mean(count.metric_means.get(metric)) for metric in metrics]
    table.add_row(name, *words, *number_cells(count), _steps(count), *means, style=style)


def _add_number_columns(table: Table) -> None:
    for name in ("k/n", "rate", "Wilson 95 %"):
        table.add_column(name, justify="right", no_wrap=True)


def number_cells(count: Count) -> tuple[str, str, str]:
    """Cells of the columns k/n, rate and Wilson 95 %."""
    return (
        f"{count.successes}/{count.episodes}",
        "-" if count.rate is None else f"{percent(count.rate)} %",
        interval_text(count.wilson()),
    )


def _steps(count: Count) -> str:
    return "-" if count.mean_success_steps is None else f"{count.mean_success_steps:.0f}"


def _mean(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _intervals(summary: Summary, names: Sequence[str]) -> str:
    by_name = {metric.name: metric.interval for metric in summary.metrics if metric.interval}
    shown = {name: by_name[name] for name in names if name in by_name}
    if not shown:
        return ""
    parts = [f"{name} [{low:.2f}, {high:.2f}]" for name, (low, high) in shown.items()]
    return f"95 % intervals of the means: {', '.join(parts)}"


def _suite_text(summary: Summary, suite: str) -> str:
    tasks = [task for task in summary.tasks if task.suite == suite]
    if not tasks:
        return "-"
    return f"{sum(t.successes for t in tasks)}/{sum(t.episodes for t in tasks)}"


def _noted(table: Table, summaries: Sequence[Summary], first: Sequence[str] = ()) -> Table:
    notes = [note for note in first if note]
    notes += [note for summary in summaries for note in summary.notes]
    table.caption = "\n".join(dict.fromkeys(notes)) or None
    table.caption_justify = "left"
    return table
