"""`table`: rows as an HTML table that scrolls sideways where the page is narrow."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .html import Html, tag


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    foot: Sequence[str] = (),
    numeric: Collection[int] = (),
    words: Collection[int] = (),
    caption: str = "",
) -> Html:
    """A table.

    Args:
        head: Names of the columns.
        rows: Cells, as many as columns; the first one names its row.
        foot: One more row, for totals.
        numeric: Columns of numbers, which are aligned to the right.
        words: Columns of sentences, which keep a readable width.
        caption: What the table shows.
    """
    kinds = {**dict.fromkeys(numeric, "number"), **dict.fromkeys(words, "words")}
    parts = [tag("caption", caption)] if caption else []
    columns = [
        tag("th", name, scope="col", class_=kinds.get(index)) for index, name in enumerate(head)
    ]
    parts.append(tag("thead", tag("tr", *columns)))
    parts.append(tag("tbody", *(_row(row, kinds) for row in rows)))
    if foot:
        parts.append(tag("tfoot", _row(foot, kinds)))
    # A region that scrolls must be reachable with the keyboard.
    return tag("div", tag("table", *parts), class_="scroll", tabindex="0")


def facts(rows: Sequence[tuple[str, str]]) -> Html:
    """Names and values, a line each; lines without a value are left out."""
    lines = [
        tag("tr", tag("th", name, scope="row", class_="key"), tag("td", value))
        for name, value in rows
        if value
    ]
    return tag("table", tag("tbody", *lines), class_="facts")


def _row(cells: Sequence[str], kinds: dict[int, str]) -> Html:
    first, *rest = cells
    return tag(
        "tr",
        tag("th", first, scope="row", class_=kinds.get(0, "key")),
        *(tag("td", cell, class_=kinds.get(index)) for index, cell in enumerate(rest, start=1)),
    )
