"""`robustness_table`: success by perturbation and the differences to none, for people."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table

from .robustness import PerturbedSuccess, Robustness
from .table import number_cells
from .wording import points_text

_CAPTION = (
    "difference in success points to the same episodes without a perturbation, with its 95 % "
    "interval; p: exact McNemar test"
)


def robustness_table(robustness: Robustness, title: str) -> Table:
    """One row a perturbation: k/n, rate, Wilson 95 % interval, paired difference to `none`.

    Args:
        robustness: What to show.
        title: Words above the table.
    """
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    table.add_column("perturbation", no_wrap=True)
    for name in ("k/n", "rate", "Wilson 95 %", "difference", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in robustness.rows:
        table.add_row(row.perturbation, *number_cells(row.total), *_difference(row))
    notes = [_note(row) for row in robustness.rows]
    caption = [_CAPTION] if robustness.baseline else []
    table.caption = "\n".join([*caption, *filter(None, notes)]) or None
    table.caption_justify = "left"
    return table


def _difference(row: PerturbedSuccess) -> tuple[str, str]:
    if row.paired is None:
        return "-", "-"
    points = points_text(row.paired.difference, row.paired.interval())
    return points, f"{row.paired.p_value():.3f}"


def _note(row: PerturbedSuccess) -> str:
    """What is not in the row's numbers."""
    left_out = {
        "missing": row.total.missing,
        "ended by an error": row.total.errors,
        "without their counterpart": row.paired.unpaired if row.paired else 0,
    }
    parts = [f"{count} {what}" for what, count in left_out.items() if count]
    return f"{row.perturbation}: {', '.join(parts)}, of {row.total.planned} episodes" * bool(parts)
