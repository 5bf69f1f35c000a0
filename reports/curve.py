"""`budget_curve`: success against step budget as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..evaluation.budgets import BudgetPoint
from ..evaluation.intervals import wilson
from .html import Html, tag

_WIDTH, _HEIGHT = 400, 230
_LEFT, _RIGHT, _BOTTOM = 36, 10, 34
_MARK_ROW = 13
_DASHES = ("", "6 3", "2 3", "9 3 2 3", "1 4", "12 4")


@dataclass(frozen=True)
class Curve:
    """One run's success against step budget.

    Attributes:
        name: Name in the legend.
        points: As in a summary; those with an unknown outcome are not drawn.
    """

    name: str
    points: tuple[BudgetPoint, ...]

    @property
    def known(self) -> list[BudgetPoint]:
        """Points with an outcome."""
        return [point for point in self.points if point.successes is not None]


def budget_curve(curves: Sequence[Curve], title: str) -> Html:
    """Lines from no step to the longest budget; a lone curve has its Wilson 95 % band.

    Protocols' budgets are vertical marks.

    Args:
        curves: At least one with a known point.
        title: What the picture shows, for those who do not see it.
    """
    last = max(point.budget for curve in curves for point in curve.known)
    marks = _marks(curves)
    top = 8 + _MARK_ROW * len(marks)
    frame = _Frame(last, top)
    shapes = [*_axes(frame), *_mark_shapes(marks, frame)]
    for number, curve in enumerate(curves):
        shapes += _line(curve, number, frame, band=len(curves) == 1)
    described = "; ".join(
        f"{curve.name}: {curve.known[-1].text}" for curve in curves if curve.known
    )
    return tag(
        "svg",
        tag("title", title),
        tag("desc", described),
        *shapes,
        class_="curve",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{title}. {described}",
    )


def legend(curves: Sequence[Curve]) -> Html:
    """Names of the curves beside pieces of their lines."""
    return tag(
        "ul",
        *(
            tag(
                "li",
                tag(
                    "svg",
                    tag("path", d="M0 6H34", **_stroke(number)),
                    width=34,
                    height=12,
                    aria_hidden="true",
                ),
                curve.name,
            )
            for number, curve in enumerate(curves)
        ),
        class_="legend",
    )


@dataclass(frozen=True)
class _Frame:
    last: int
    top: int

    def x(self, budget: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * budget / self.last

    def y(self, share: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - self.top) * share

    def at(self, budget: float, share: float) -> str:
        return f"{self.x(budget):.2f} {self.y(share):.2f}"


def _axes(frame: _Frame) -> list[Html]:
    shapes = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        path = f"M{_LEFT} {frame.y(share):.2f}H{_WIDTH - _RIGHT}"
        shapes.append(tag("path", d=path, stroke="var(--line)"))
        shapes.append(
            tag("text", f"{100 * share:.0f}", x=_LEFT - 5, y=frame.y(share) + 4, text_anchor="end")
        )
    for budget in _ticks(frame.last):
        place = {"x": frame.x(budget), "y": _HEIGHT - _BOTTOM + 14}
        shapes.append(tag("text", str(budget), text_anchor="middle", **place))
    place = {"x": (_LEFT + _WIDTH - _RIGHT) / 2, "y": _HEIGHT - 4}
    words = "success in % against step budget"
    return [*shapes, tag("text", words, text_anchor="middle", **place)]


def _ticks(last: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, last) if last / s <= 7)
    return list(range(0, last + 1, step))


def _marks(curves: Sequence[Curve]) -> dict[int, list[str]]:
    found: dict[int, set[str]] = {}
    for curve in curves:
        for point in curve.known:
            if point.protocols:
                found.setdefault(point.budget, set()).update(point.protocols)
    return {budget: sorted(found[budget]) for budget in sorted(found)}


def _mark_shapes(marks: dict[int, list[str]], frame: _Frame) -> list[Html]:
    shapes = []
    for row, (budget, names) in enumerate(marks.items()):
        x, y = frame.x(budget), 10 + _MARK_ROW * row
        right = budget > frame.last / 2
        path = f"M{x:.2f} {y - 8}V{_HEIGHT - _BOTTOM}"
        shapes.append(tag("path", d=path, stroke="var(--dim)", stroke_dasharray="3 3"))
        label = f"{', '.join(names)}: {budget}"
        anchor = "end" if right else "start"
        shapes.append(tag("text", label, x=x + (-4 if right else 4), y=y, text_anchor=anchor))
    return shapes


def _line(curve: Curve, number: int, frame: _Frame, *, band: bool) -> list[Html]:
    known = curve.known
    if not known:
        return []
    shapes = []
    if band:
        start = (0, *wilson(0, known[0].episodes))
        bounds = [start, *((p.budget, *wilson(p.successes or 0, p.episodes)) for p in known)]
        upper = [frame.at(budget, high) for budget, _, high in bounds]
        lower = [frame.at(budget, low) for budget, low, _ in reversed(bounds)]
        shapes.append(
            tag("path", d=f"M{'L'.join(upper + lower)}Z", fill="var(--c0)", fill_opacity=0.18)
        )
    steps = [(0, 0.0), *((p.budget, (p.successes or 0) / p.episodes) for p in known)]
    path = "M" + "L".join(frame.at(*step) for step in steps)
    shapes.append(tag("path", d=path, fill="none", **_stroke(number)))
    shapes += [
        tag(
            "circle",
            tag("title", f"{curve.name} {point.text}"),
            cx=frame.x(point.budget),
            cy=frame.y((point.successes or 0) / point.episodes),
            r=2.6,
            fill=f"var(--c{number % 6})",
        )
        for point in known
    ]
    return shapes


def _stroke(number: int) -> dict[str, str | float]:
    dashes = _DASHES[number % len(_DASHES)]
    colour: dict[str, str | float] = {"stroke": f"var(--c{number % 6})", "stroke_width": 2}
    return {**colour, "stroke_dasharray": dashes} if dashes else colour
