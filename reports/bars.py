"""`rate_bar`: a success rate with its interval as a picture for a table's row, or as text."""

from __future__ import annotations

from ..evaluation.intervals import wilson
from ..evaluation.paired import PairedCounts
from ..evaluation.wording import points_text, rate_text
from .html import Html, tag

_WIDTH, _HEIGHT = 150, 16


def difference(pairs: PairedCounts | None) -> list[str]:
    """Difference of two runs in success points with its 95 % interval, pairs, p; empty for None."""
    if pairs is None:
        return ["", "", ""]
    points = points_text(pairs.difference, pairs.interval())
    p = pairs.p_value()
    return [points, str(pairs.episodes), "< 0.001" if p < 0.001 else f"{p:.3f}"]


def rate_bar(successes: int, episodes: int, colour: int = 0) -> Html:
    """Bar up to the rate, line over the Wilson 95 % interval, from 0 to 100 %.

    Args:
        successes: k.
        episodes: n; without one the bar is empty.
        colour: Number of the colour, from 0.
    """
    inner, middle = _WIDTH - 4, _HEIGHT / 2
    box = {"x": 2, "y": middle - 4, "height": 8}
    shapes = [tag("rect", **box, width=inner, fill="var(--line)")]
    if episodes:
        fill = f"var(--c{colour % 6})"
        width = inner * successes / episodes
        low, high = (2 + inner * end for end in wilson(successes, episodes))
        path = f"M{low:.2f} {middle}H{high:.2f}M{low:.2f} {middle - 4}v8M{high:.2f} {middle - 4}v8"
        shapes += [
            tag("rect", **box, width=width, fill=fill, fill_opacity=0.55),
            tag("path", d=path, stroke="var(--text)", stroke_width=1.5, fill="none"),
        ]
    return tag(
        "svg",
        *shapes,
        class_="bar",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=rate_text(successes, episodes),
    )
