"""`draw_robustness`: success under each perturbation as a picture."""

from __future__ import annotations

from pathlib import Path

from .robustness import BASELINE, Robustness

_COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa3377", "#ccbb44", "#66ccee")
_GREY = "#777777"
_ROW_INCHES, _WIDTH_INCHES, _DPI = 0.34, 7.0, 130


def draw_robustness(robustness: Robustness, path: Path, title: str) -> None:
    """Draw a dot and its Wilson 95 % interval for each perturbation, beside the baseline's band.

    Args:
        robustness: What to draw.
        path: PNG file to write.
        title: Words above the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = robustness.rows
    figure = Figure(
        figsize=(_WIDTH_INCHES, 1.1 + _ROW_INCHES * len(rows)), dpi=_DPI, layout="constrained"
    )
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    dimensions = [d for d in dict.fromkeys(r.dimension for r in rows) if d != BASELINE]
    colours = {d: _COLOURS[i % len(_COLOURS)] for i, d in enumerate(dimensions)}
    base = robustness.baseline
    if base is not None and base.total.rate is not None:
        low, high = base.total.wilson()
        axes.axvspan(100 * low, 100 * high, color=_GREY, alpha=0.12, linewidth=0)
        axes.axvline(100 * base.total.rate, color=_GREY, linestyle="--", linewidth=1)
    for place, row in enumerate(rows):
        count = row.total
        if count.rate is None:
            axes.text(50, place, "no finished episode", ha="center", va="center", color=_GREY)
            continue
        low, high = (100 * bound for bound in count.wilson())
        colour = colours.get(row.dimension, "black")
        axes.plot((low, high), (place, place), color=colour, linewidth=3, alpha=0.45)
        axes.plot(100 * count.rate, place, "o", color=colour, markersize=7)
        axes.text(103, place, f"{count.successes}/{count.episodes}", va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [row.perturbation for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("success (%) with Wilson 95 % interval; band: without perturbation")
    axes.set_title(title, loc="left", fontsize=10, wrap=True)
    axes.grid(axis="x", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png", bbox_inches="tight", metadata={"Software": None})
