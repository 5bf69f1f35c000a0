"""`draw_evidence`: success of every arm against the VLM, a panel an arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matrix import ARMS, TRAININGS, VLMS

_LOOKS = {
    "frozen": ("#4477aa", "o"),
    "reason": ("#ee6677", "s"),
    "tuned-language": ("#228833", "^"),
    "tuned-free": ("#aa3377", "v"),
    "tokens": ("#ccbb44", "D"),
}
"""Colour and mark of a training; those of navigation look like their counterparts."""
_SAME_LOOK = {"nav": "frozen", "nav-reason": "reason"}
_SEED, _BLIND = "one training seed", "blind control"
_COLUMNS, _WIDTH, _HEIGHT, _DPI = 3, 3.5, 2.7, 120


def draw_evidence(results: Mapping[str, Any], path: Path) -> bool:
    """Draw seeds as dots, means with their intervals as marks, blind controls hollow.

    Args:
        results: As `measures.measure` gives them.
        path: PNG file to write.

    Returns:
        Whether there was anything to draw; no file is written where not.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    arms = [a for a in ARMS if any(cell["arm"] == a for cell in results["cells"])]
    if not arms:
        return False
    columns = min(_COLUMNS, len(arms))
    rows = -(-len(arms) // columns)
    size = (_WIDTH * columns, _HEIGHT * rows + 0.5)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten().tolist()
    handles: dict[str, Any] = {}
    for axes, arm in zip(panels, arms, strict=False):
        _panel(axes, arm, results, handles)
    for axes in panels[len(arms) :]:
        axes.set_visible(False)
    for row in range(rows):
        figure.axes[row * columns].set_ylabel("success (%)")
    titles = [TRAININGS[name].title for name in _LOOKS]
    labels = [label for label in (*titles, _SEED, _BLIND) if label in handles]
    figure.legend(
        [handles[label] for label in labels],
        labels,
        loc="outside lower center",
        ncols=3,
        fontsize=8,
    )
    figure.savefig(path, format="png", metadata={"Software": None})
    return True


def _panel(axes: Any, arm: str, results: Mapping[str, Any], handles: dict[str, Any]) -> None:
    cells = [cell for cell in results["cells"] if cell["arm"] == arm and cell["episodes"]]
    trainings = [t for t in TRAININGS if any(cell["training"] == t for cell in cells)]
    places = {vlm: index for index, vlm in enumerate(VLMS)}
    for training in trainings:
        look = _SAME_LOOK.get(training, training)
        colour, mark = _LOOKS[look]
        shift = 0.7 * ((trainings.index(training) + 0.5) / len(trainings) - 0.5)
        for group in results["groups"]:
            if (group["arm"], group["training"]) != (arm, training) or group["mean"] is None:
                continue
            x, mean = places[group["vlm"]] + shift, 100 * group["mean"]
            if group["interval"]:
                low, high = (100 * bound for bound in group["interval"])
                axes.plot((x, x), (low, high), color=colour, linewidth=2.5, alpha=0.45)
            handles[TRAININGS[look].title] = axes.plot(
                x, mean, mark, color=colour, markersize=6, linestyle="none"
            )[0]
        for cell in cells:
            if cell["training"] != training:
                continue
            x, y = places[cell["vlm"]] + shift, 100 * cell["successes"] / cell["episodes"]
            if cell["control"] == "none":
                handles[_SEED] = axes.plot(
                    x + 0.08, y, ".", color="black", markersize=4, linestyle="none"
                )[0]
            else:
                handles[_BLIND] = axes.plot(
                    x, y, mark, markerfacecolor="white", markeredgecolor="#777777", markersize=6,
                    linestyle="none",
                )[0]  # fmt: skip
    axes.set_title(ARMS[arm].title, loc="left", fontsize=9)
    axes.set_xticks(list(places.values()), list(places), fontsize=8)
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.set_ylim(-3, 103)
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
