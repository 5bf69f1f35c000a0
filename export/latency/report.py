"""`write_latency`: measurements as JSON, as a page of Markdown, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import WHOLE
from ..machine import in_words
from ..reports import write_report
from .subject import Measured


@dataclass(frozen=True, eq=False)
class Row:
    """An engine in a precision.

    Attributes:
        stages: Stage -> what was measured; `policy` is the whole, from images to actions.
        floor_ms: Stage -> lower bound on this machine; empty where none is known.
    """

    stages: Mapping[str, Measured]
    floor_ms: Mapping[str, float]

    @property
    def whole(self) -> Measured:
        """From images to actions."""
        return self.stages[WHOLE]

    def gap(self) -> float | None:
        """Measured median over the floor."""
        floor = self.floor_ms.get(WHOLE)
        return self.whole.timing.p50 / floor if floor else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        stages = {
            name: {**found.to_json(), "floor_ms": self.floor_ms.get(name)}
            for name, found in self.stages.items()
        }
        return {"name": self.whole.name, "over_floor": self.gap(), "stages": stages}


def write_latency(folder: Path, rows: Sequence[Row], context: Mapping[str, Any]) -> list[Path]:
    """Write `latency.json`, `latency.md` and, where matplotlib is installed, `latency.png`.

    Args:
        folder: Where.
        rows: What was measured.
        context: Policy, rates, machine and versions.
    """
    found = {**context, "rows": [row.to_json() for row in rows]}
    paths = write_report(folder, "latency", found, _page(rows, context))
    if find_spec("matplotlib") is None:
        # A robot has none; the figures are what matters there.
        return paths
    picture = folder / "latency.png"
    _picture(rows, picture, context["deadline_ms"])
    return [*paths, picture]


def _page(rows: Sequence[Row], context: Mapping[str, Any]) -> str:
    lines = [
        "# Latency",
        "",
        f"Policy `{context['policy']}`, one observation a call, from uint8 images to "
        f"{context['chunk_length']} actions. A replan is due every {context['deadline_ms']:.0f} ms "
        f"({context['replan_hz']:g} Hz for actions at {context['action_hz']:g} Hz). Wall clock in "
        "milliseconds, result on the host; each engine in a process of its own.",
        "",
        "| engine | p50 | p90 | p99 | max | jitter | missed | replans/s | load s | first ms "
        "| host MB | floor ms | p50 / floor | calls |",
        "|---" * 14 + "|",
    ]
    for row in rows:
        found, timing = row.whole, row.whole.timing
        floor, gap = row.floor_ms.get(WHOLE), row.gap()
        lines.append(
            f"| {found.name} | {timing.p50:.2f} | {timing.p90:.2f} | {timing.p99:.2f} "
            f"| {timing.largest:.2f} | {timing.jitter:.2f} | {100 * timing.missed:.1f} % "
            f"| {1000 / timing.p50:.1f} | {found.load_s:.1f} | {found.first_ms:.0f} "
            f"| {found.memory_mb:.0f} | {'-' if floor is None else f'{floor:.2f}'} "
            f"| {'-' if gap is None else f'{gap:.1f}'} | {timing.calls} |"
        )
    staged = [row for row in rows if len(row.stages) > 1]
    names = _stage_names(rows)
    if staged:
        lines += ["", "## Stages (p50 ms / floor ms)", ""]
        lines.append(f"| engine | {' | '.join(names)} |")
        lines.append("|---" * (1 + len(names)) + "|")
        for row in staged:
            cells = [_stage_cell(row, name) for name in names]
            lines.append(f"| {row.whole.name} | {' | '.join(cells)} |")
    lines += ["", f"Floor: {context['floor']}", "", f"Machine: {in_words(context['machine'])}."]
    lines += [f"Versions: {in_words(context['versions'])}.", ""]
    return "\n".join(lines)


def _stage_names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.stages if name != WHOLE))


def _stage_cell(row: Row, name: str) -> str:
    if name not in row.stages:
        return "-"
    floor = row.floor_ms.get(name)
    return f"{row.stages[name].timing.p50:.2f} / {'-' if floor is None else f'{floor:.2f}'}"


def _picture(rows: Sequence[Row], path: Path, deadline_ms: float) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 1.8 + 0.55 * len(rows)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    names = [row.whole.name for row in rows]
    places = range(len(rows))
    left.boxplot(
        [row.whole.times for row in rows],
        orientation="horizontal",
        positions=list(places),
        whis=(1, 99),
        sym="",
        widths=0.6,
    )
    for place, row in enumerate(rows):
        if WHOLE in row.floor_ms:
            left.plot([row.floor_ms[WHOLE]] * 2, [place - 0.35, place + 0.35], color="tab:red")
    slowest = max(row.whole.timing.p99 for row in rows)
    if deadline_ms < 3 * slowest:
        left.axvline(deadline_ms, color="tab:orange", linestyle="--")
    left.set_yticks(list(places), names)
    left.set(xlabel="ms, images to actions (box: quartiles, whiskers: p1 and p99, red: floor)")
    left.set_xlim(left=0)
    left.invert_yaxis()
    left.grid(axis="x", alpha=0.3)
    stages = _stage_names(rows)
    start = np.zeros(len(rows))
    for name in stages:
        widths = [row.stages[name].timing.p50 if name in row.stages else 0.0 for row in rows]
        right.barh(list(places), widths, left=start, label=name)
        start += widths
    right.set(xlabel="ms, stage by stage (p50)")
    right.grid(axis="x", alpha=0.3)
    if stages:
        right.legend(fontsize=8)
    figure.savefig(path, dpi=120)
