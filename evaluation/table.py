"""`success_table`: success rates with their intervals, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from .summary import Count, Summary


def success_table(summary: Summary, title: str) -> Table:
    """One row a task and a total: k/n, rate, Wilson 95 % interval, mean steps of the successes."""
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    table.add_column("task", no_wrap=True)
    table.add_column("instruction")
    _add_number_columns(table)
    table.add_column("steps", justify="right", no_wrap=True)
    for task in summary.tasks:
        name = f"{task.suite} {task.task_id}"
        table.add_row(name, task.instruction, *_numbers(task), _steps(task))
    table.add_section()
    total = summary.total
    table.add_row("total", "", *_numbers(total), _steps(total), style="bold")
    return _noted(table, [summary])


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
        table.add_row(name, *parts, *_numbers(summary.total))
    return _noted(table, [summary for _, summary in rows])


def _add_number_columns(table: Table) -> None:
    for name in ("k/n", "rate", "Wilson 95 %"):
        table.add_column(name, justify="right", no_wrap=True)


def _numbers(count: Count) -> tuple[str, str, str]:
    low, high = count.wilson()
    return (
        f"{count.successes}/{count.episodes}",
        "-" if count.rate is None else f"{100 * count.rate:.1f} %",
        f"[{100 * low:.1f}, {100 * high:.1f}]",
    )


def _steps(count: Count) -> str:
    return "-" if count.mean_success_steps is None else f"{count.mean_success_steps:.0f}"


def _suite_text(summary: Summary, suite: str) -> str:
    tasks = [task for task in summary.tasks if task.suite == suite]
    if not tasks:
        return "-"
    return f"{sum(t.successes for t in tasks)}/{sum(t.episodes for t in tasks)}"


def _noted(table: Table, summaries: Sequence[Summary]) -> Table:
    notes = [note for summary in summaries for note in summary.notes]
    table.caption = "\n".join(dict.fromkeys(notes)) or None
    table.caption_justify = "left"
    return table
