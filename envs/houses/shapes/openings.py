"""`TEMPLATES` of doors, windows and blinds; x runs along the wall, z through it."""

from __future__ import annotations

from ..house import Colour
from .palette import BRASS, GLASS, STEEL, WHITE, shaded
from .sketch import FULL, Sketch, Span

_FRAME = 0.06


def _frame(s: Sketch, colour: Colour, z: Span) -> tuple[float, float]:
    """The two posts and the lintel of a door; returns the width and height that they take."""
    side, head = s.share("x", _FRAME), s.share("y", _FRAME)
    for x in ((0.0, side), (1 - side, 1.0)):
        s.box(colour, x, FULL, z)
    s.box(colour, (side, 1 - side), (1 - head, 1.0), z)
    return side, head


def _frame_colour(s: Sketch) -> Colour:
    return s.pick("frame", (WHITE, (0.86, 0.83, 0.76), (0.46, 0.32, 0.20)))


def _doorframe(s: Sketch) -> None:
    _frame(s, _frame_colour(s), FULL)


def _doorway(s: Sketch) -> None:
    leaf = s.pick("leaf", ((0.58, 0.40, 0.24), (0.44, 0.29, 0.17), (0.80, 0.77, 0.70)))
    metal = STEEL if s.chance("knob") < 0.6 else BRASS
    glazed = "Glass" in s.asset.materials
    side, head = _frame(s, _frame_colour(s), FULL)
    double = "Double" in s.asset.id
    leaves = ((side, 0.498), (0.502, 1 - side)) if double else ((side, 1 - side),)
    thick = s.share("z", 0.04, 0.5)
    front, rear = 0.5 + thick / 2, 0.5 - thick / 2
    for index, (low, high) in enumerate(leaves):
        s.box(leaf, (low, high), (0.003, 1 - head), (rear, front), leaf=True)
        width = high - low
        inner = (low + 0.16 * width, high - 0.16 * width)
        # Fields that show on both sides of the leaf.
        field = (max(0.0, rear - 0.3 * thick), min(1.0, front + 0.3 * thick))
        s.box(GLASS if glazed else shaded(leaf, 0.8), inner, (0.52, 0.9), field, leaf=True)
        s.box(shaded(leaf, 0.8), inner, (0.08, 0.42), field, leaf=True)
        knob = s.share("x", 0.05)
        # Of two leaves the handles meet in the middle.
        x = (
            (high - 1.6 * knob, high - 0.6 * knob)
            if index == 0
            else (low + 0.6 * knob, low + 1.6 * knob)
        )
        reach = s.share("z", 0.05, 0.4)
        z = (max(0.0, rear - reach), min(1.0, front + reach))
        s.cylinder(metal, x, (0.46, 0.46 + s.share("y", 0.05)), z, axis="z", leaf=True)


def _window(s: Sketch) -> None:
    kind = s.asset.id.split("_")[1]
    frame = s.pick("frame", (WHITE, WHITE, (0.52, 0.38, 0.25)))
    if kind == "Bay":
        _bay_window(s, frame)
        return
    side, head = s.share("x", _FRAME), s.share("y", _FRAME)
    # A hung window is deep because its sill reaches into the room.
    thick = s.share("z", 0.09, 1.0)
    z = (0.0, thick)
    middle = (0.35 * thick, 0.65 * thick)
    for x in ((0.0, side), (1 - side, 1.0)):
        s.box(frame, x, FULL, z)
    s.box(frame, (side, 1 - side), (0.0, head), FULL)
    s.box(frame, (side, 1 - side), (1 - head, 1.0), z)
    s.box(GLASS, (side, 1 - side), (head, 1 - head), (0.45 * thick, 0.55 * thick))
    if kind == "Hung":
        s.box(frame, (side, 1 - side), (0.5 - head / 2, 0.5 + head / 2), middle)
    else:
        s.box(frame, (0.5 - side / 2, 0.5 + side / 2), (head, 1 - head), middle)


def _bay_window(s: Sketch, frame: Colour) -> None:
    """Three panes that stand out of the wall, away from the room."""
    head = s.share("y", _FRAME)
    for y in ((0.0, head), (1 - head, 1.0)):
        s.box(frame, FULL, y, FULL)
    panes: Span = (head, 1 - head)
    s.box(GLASS, (0.3, 0.7), panes, (0.04, 0.06))
    s.lean(GLASS, (0.02, 0.3), panes, (0.04, 0.96), about="y", thick=0.02, back=True)
    s.lean(GLASS, (0.7, 0.98), panes, (0.04, 0.96), about="y", thick=0.02)
    post = s.share("x", 0.05)
    for x in ((0.0, post), (1 - post, 1.0)):
        s.box(frame, x, panes, (0.85, 1.0))
    for x in ((0.3 - post, 0.3), (0.7, 0.7 + post)):
        s.box(frame, x, panes, (0.0, 0.15))


def _blinds(s: Sketch) -> None:
    s.box(shaded(WHITE, 0.9), FULL, (0.78, 1.0), FULL)
    for index in range(4):
        low = 0.19 * index
        s.box(WHITE, (0.01, 0.99), (low, low + 0.13), (0.1, 0.9))


TEMPLATES = {
    "Blinds": _blinds,
    "Doorframe": _doorframe,
    "Doorway": _doorway,
    "Window": _window,
}
