"""`write_parity`: comparisons as JSON, as a page of Markdown, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..machine import in_words
from ..reports import write_report
from .compare import Comparison


def write_parity(
    folder: Path, comparisons: Sequence[Comparison], context: Mapping[str, Any]
) -> list[Path]:
    """Write `parity.json`, `parity.md` and `parity.png`.

    Args:
        folder: Where.
        comparisons: What was compared.
        context: Policy, observations, machine and versions.
    """
    found = {**context, "comparisons": [comparison.to_json() for comparison in comparisons]}
    paths = write_report(folder, "parity", found, _page(comparisons, context))
    picture = folder / "parity.png"
    _picture(comparisons, picture)
    return [*paths, picture]


def _page(comparisons: Sequence[Comparison], context: Mapping[str, Any]) -> str:
    lines = [
        "# Parity",
        "",
        f"Policy `{context['policy']}` against its bundle: the same images and noise through both, "
        f"{comparisons[0].observations} observations from LIBERO. The reference is torch in fp32 "
        "with the policy's own image processor. Differences of actions are per control step.",
        "",
        "| engine | cosine | largest | p99 | gate | |",
        "|---|---|---|---|---|---|",
    ]
    for item in comparisons:
        lines.append(
            f"| {item.engine} | {item.whole.cosine:.6f} | {item.whole.largest:.2e} "
            f"| {item.whole.p99:.2e} | {item.gate} | {'passed' if item.passed else 'MISSED'} |"
        )
    lines += ["", "## Actions in robot units (largest / p99)", ""]
    entries = [entry.entry for entry in comparisons[0].actions]
    lines.append(f"| engine | {' | '.join(entries)} |")
    lines.append("|---" * (1 + len(entries)) + "|")
    for item in comparisons:
        cells = []
        for entry in item.actions:
            if entry.flips is None:
                unit = "" if entry.unit == "1" else f" {entry.unit}"
                cells.append(f"{entry.largest:.2g} / {entry.p99:.2g}{unit}")
            else:
                cells.append(f"{entry.flips}/{entry.steps} flips")
        lines.append(f"| {item.engine} | {' | '.join(cells)} |")
    lines += ["", "## Graph by graph, fed with what torch computed (relative / cosine)", ""]
    names = list(comparisons[0].stages)
    lines.append(f"| graph | {' | '.join(item.engine for item in comparisons)} |")
    lines.append("|---" * (1 + len(comparisons)) + "|")
    for name in names:
        cells = []
        for item in comparisons:
            value = item.stages[name]
            cells.append(f"{value.relative:.1e} / {value.cosine:.6f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    cells = [f"{item.staged.relative:.1e} / {item.staged.cosine:.6f}" for item in comparisons]
    lines.append(f"| all stages in turn | {' | '.join(cells)} |")
    if comparisons[0].drift:
        lines += ["", "## Drift by denoising step (largest)", ""]
        lines.append("| step | " + " | ".join(item.engine for item in comparisons) + " |")
        lines.append("|---" * (1 + len(comparisons)) + "|")
        for step in range(len(comparisons[0].drift)):
            cells = " | ".join(f"{item.drift[step].largest:.2e}" for item in comparisons)
            lines.append(f"| {step + 1} | {cells} |")
    lines += [
        "",
        f"Machine: {in_words(context['machine'])}. Versions: {in_words(context['versions'])}.",
        "",
    ]
    return "\n".join(lines)


def _picture(comparisons: Sequence[Comparison], path: Path) -> None:
    from matplotlib.figure import Figure

    panels = ["mm", "deg"] + (["drift"] if comparisons[0].drift else [])
    figure = Figure(figsize=(4.2 * len(panels) + 2.5, 3.8), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, panel in zip(axes, panels, strict=True):
        if panel == "drift":
            for item in comparisons:
                values = [value.largest for value in item.drift]
                axis.plot(range(1, len(values) + 1), values, marker="o", label=item.engine)
            axis.set(title="chunk, normalised", xlabel="denoising step", ylabel="largest")
        else:
            _bars(axis, comparisons, panel)
        axis.set_yscale("log")
        axis.grid(axis="y", alpha=0.3)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize=8)
    figure.suptitle("Difference from torch fp32 per control step (bar: p99, dash: largest)")
    figure.savefig(path, dpi=120)


def _bars(axis: Any, comparisons: Sequence[Comparison], unit: str) -> None:
    chosen = [entry.entry for entry in comparisons[0].actions if entry.unit == unit]
    width = 0.8 / len(comparisons)
    for index, item in enumerate(comparisons):
        entries = [entry for entry in item.actions if entry.unit == unit]
        places = [
            place + (index - (len(comparisons) - 1) / 2) * width for place in range(len(entries))
        ]
        axis.bar(places, [entry.p99 for entry in entries], width, label=item.engine)
        axis.scatter(places, [entry.largest for entry in entries], marker="_", color="black", s=30)
    axis.set_xticks(range(len(chosen)), chosen, fontsize=8)
    axis.set(title=f"actions ({unit})", ylabel=unit)
