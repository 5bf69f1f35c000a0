"""`draw_stages`: scores of every stage, sighted and blind, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..plan import RunMode
from .asked import Score
from .stage import Stage

_COLUMNS, _PANEL_INCHES, _DPI = 3, (3.2, 2.5), 130
_SHOWN: tuple[tuple[RunMode, str, float], ...] = (
    ("sighted", "#4477aa", -0.12),
    ("blind", "#777777", 0.12),
)
_THINKING = "#ee6677"


def draw_stages(stages: Sequence[Stage], path: Path, title: str) -> None:
    """Draw one panel for the overall score and one for each capability, stages from left to right.

    Args:
        stages: In order.
        path: PNG file to write.
        title: Words above the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = dict.fromkeys(name for stage in stages for name in stage.groups)
    names = ["overall", *groups]
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    width = max(columns * _PANEL_INCHES[0], 4.5)
    figure = Figure((width, 0.8 + rows * _PANEL_INCHES[1]), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _draw(axes, stages, name)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    panels[0].legend(loc="upper left", fontsize=7, frameon=False)
    figure.suptitle(title, fontsize=10)
    figure.supylabel("score, with the 95 % interval over scenes", fontsize=8)
    figure.savefig(path, format="png", metadata={"Software": None})


def _draw(axes: Any, stages: Sequence[Stage], name: str) -> None:
    for mode, colour, shift in _SHOWN:
        _line(axes, [stage.score(mode, name) for stage in stages], mode, colour, shift)
    thinking = [stage.thinking.scores.get(name) if stage.thinking else None for stage in stages]
    _line(axes, thinking, "with reasoning", _THINKING, 0.0)
    axes.set_title(name, fontsize=9)
    axes.set_xticks(range(len(stages)), [stage.name for stage in stages], fontsize=8, rotation=20)
    axes.set_xlim(-0.5, len(stages) - 0.5)
    # Room for the dots of 0 and of 100.
    axes.set_ylim(-3, 103)
    axes.tick_params(axis="y", labelsize=8)
    axes.tick_params(axis="x", labelbottom=True)
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _line(axes: Any, scores: Sequence[Score | None], label: str, colour: str, shift: float) -> None:
    known = [
        (place + shift, 100 * score.value, score.interval)
        for place, score in enumerate(scores)
        if score is not None and score.value is not None
    ]
    if not known:
        return
    axes.plot(
        [x for x, _, _ in known], [y for _, y, _ in known], "o-",
        color=colour, markersize=4, linewidth=1, label=label,
    )  # fmt: skip
    for x, _, interval in known:
        if interval is not None:
            axes.plot((x, x), [100 * bound for bound in interval], color=colour, alpha=0.5)
