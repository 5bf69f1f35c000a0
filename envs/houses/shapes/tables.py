"""`TEMPLATES` of tables, desks and counters."""

from __future__ import annotations

from ..house import Colour
from .palette import DARK_GREY, STEEL, WHITE, shaded
from .sketch import FULL, Sketch, Span


def _dining_table(s: Sketch) -> None:
    _table(s, top_metres=0.05, leg_metres=0.08)


def _table(s: Sketch, top_metres: float, leg_metres: float) -> bool:
    """A table top on legs, or on one column if it is round; returns whether it is."""
    width, _, depth = s.asset.size
    top = s.paint("top", "glass", "wood")
    base = s.paint("base", "metal", "wood")
    under = 1 - s.share("y", top_metres)
    is_round = abs(width - depth) < 0.03 * width
    if is_round:
        s.oval(top, FULL, (under, 1.0), FULL)
        s.cylinder(base, (0.42, 0.58), (0.03, under), (0.42, 0.58))
        s.cylinder(shaded(base, 0.85), (0.22, 0.78), (0.0, 0.05), (0.22, 0.78))
    else:
        s.box(top, FULL, (under, 1.0), FULL)
        s.legs(base, under, leg_metres, (0.02, 0.98), (0.03, 0.97))
        rail = under - s.share("y", 0.09, 0.15)
        s.box(shaded(base, 0.85), (0.06, 0.94), (rail, under), (0.09, 0.91))
    return is_round


def _coffee_table(s: Sketch) -> None:
    if not _table(s, top_metres=0.04, leg_metres=0.06):
        shelf = shaded(s.paint("top", "glass", "wood"), 0.8)
        s.box(shelf, (0.08, 0.92), (0.22, 0.3), (0.1, 0.9))


def _side_table(s: Sketch) -> None:
    wood = s.paint("body", "wood", "metal", "plastic", "wood")
    top = 1 - s.share("y", 0.03)
    if s.chance("variant") < 0.45:
        s.legs(shaded(wood, 0.8), top, 0.04)
        s.box(wood, FULL, (top, 1.0), FULL)
        s.box(shaded(wood, 0.85), (0.03, 0.97), (0.25, 0.3), (0.03, 0.97))
        return
    low = 0.55 if s.chance("drawers") < 0.5 else 0.2
    s.legs(shaded(wood, 0.8), low, 0.04, (0.02, 0.98), (0.02, 0.96))
    s.box(wood, FULL, (top, 1.0), FULL)
    s.box(shaded(wood, 0.92), (0.02, 0.98), (low, top), (0.0, 0.95))
    s.box(shaded(wood, 1.12), (0.07, 0.93), (low + 0.04, top - 0.04), (0.94, 0.97))
    middle = (low + top) / 2
    s.box(STEEL, (0.4, 0.6), (middle - 0.02, middle + 0.02), (0.97, 0.995))


def _desk(s: Sketch) -> None:
    width, height, depth = s.asset.size
    top = s.paint("top", "wood", "plastic", "wood")
    frame = s.paint("frame", "metal", "wood")
    up = 1.0 if height < 1.1 else 0.75 / height
    under = up - s.share("y", 0.04)
    # A deep desk has a second wing along its left side.
    back: Span = FULL if depth < 1.2 else (0.0, 0.65 / depth)
    s.box(top, FULL, (under, up), back)
    if depth >= 1.2:
        s.box(top, (0.0, 0.65 / width), (under, up), FULL)
        s.box(shaded(frame, 0.85), (0.0, 0.6 / width), (0.0, under), (0.96, 1.0))
    s.box(shaded(frame, 0.9), (0.0, s.share("x", 0.04)), (0.0, under), back)
    s.box(shaded(frame, 0.8), (0.02, 0.98), (0.4 * up, under), (0.005, s.share("z", 0.02)))
    _drawers(s, shaded(top, 0.9), (1 - s.share("x", 0.4, 0.35), 1.0), under, back[1])
    if up < 1:
        deep = s.share("z", 0.3, 0.5)
        side = s.share("x", 0.03)
        for x in ((0.0, side), (1 - side, 1.0)):
            s.box(frame, x, (up, 1.0), (0.0, deep))
        for y in ((0.97, 1.0), ((1 + up) / 2, (1 + up) / 2 + 0.02)):
            s.box(top, (side, 1 - side), y, (0.0, deep))


def _drawers(s: Sketch, colour: Colour, x: Span, top: float, front: float) -> None:
    """A stack of two drawers under a desk's top."""
    s.box(colour, x, (0.0, top), (0.02, front - 0.06))
    edge = s.share("x", 0.02)
    for low, high in ((0.06, 0.5), (0.53, 0.96)):
        s.box(
            shaded(colour, 1.2),
            (x[0] + edge, x[1] - edge),
            (low * top, high * top),
            (front - 0.07, front - 0.03),
        )


def _tv_stand(s: Sketch) -> None:
    wood = s.paint("body", "wood", "metal", "wood")
    side, board = s.share("x", 0.03), s.share("y", 0.03)
    foot = s.share("y", 0.05)
    s.box(wood, FULL, (1 - board, 1.0), FULL)
    s.box(shaded(wood, 0.9), (side, 1 - side), (foot, foot + board), FULL)
    for x in ((0.0, side), (1 - side, 1.0)):
        s.box(shaded(wood, 0.95), x, (0.0, 1 - board), FULL)
    s.box(shaded(wood, 0.6), (side, 1 - side), (foot + 0.01, 1 - board), (0.005, 0.05))
    s.box(shaded(wood, 0.9), (0.3, 0.7), (0.5, 0.5 + board), (0.05, 0.95))
    for x in ((side, 0.3), (0.7, 1 - side)):
        s.box(shaded(wood, 1.15), x, (foot + board, 1 - board), (0.9, 0.96))


def _counter(s: Sketch) -> None:
    """Cupboards under a worktop; corner counters have one or two wings to their front."""
    width, _, depth = s.asset.size
    kind = s.asset.id.split("_")[1]
    wall = 0.61
    back: Span = FULL if kind in ("I", "Island") else (0.0, wall / depth)
    wings: list[Span] = [(0.0, wall / width)] if kind in ("L", "C") else []
    if kind == "C":
        wings.append((1 - wall / width, 1.0))
    wood = s.pick("cupboards", (WHITE, (0.60, 0.43, 0.27), (0.36, 0.42, 0.48), (0.82, 0.78, 0.70)))
    stone = s.pick("worktop", ((0.28, 0.28, 0.30), (0.80, 0.79, 0.76), (0.46, 0.34, 0.24)))
    top = 1 - s.share("y", 0.04)
    edge_x, edge_z = s.share("x", 0.03), s.share("z", 0.03)
    s.box(stone, FULL, (top, 1.0), back)
    s.box(wood, FULL, (0.0, top), (0.0, back[1] - edge_z))
    for left, right in wings:
        # The side that faces the room stands back under the worktop.
        inner = (left, right - edge_x) if left == 0 else (left + edge_x, right)
        s.box(stone, (left, right), (top, 1.0), (back[1], 1.0))
        s.box(wood, inner, (0.0, top), (back[1] - edge_z, 1 - edge_z))
    low = wings[0][1] if wings else 0.0
    high = wings[1][0] if kind == "C" else 1.0
    doors = max(1, min(5 - len(wings), round((high - low) * width / 0.6)))
    each = (high - low) / doors
    for index in range(doors):
        x = (low + (index + 0.05) * each, low + (index + 0.95) * each)
        front = back[1] - edge_z
        s.box(shaded(wood, 0.86), x, (0.12, 0.92), (front, front + 0.4 * edge_z))
    s.box(
        DARK_GREY, (low + 0.02, high - 0.02), (0.0, 0.08), (0.1 * back[1], back[1] - 0.9 * edge_z)
    )


TEMPLATES = {
    "CoffeeTable": _coffee_table,
    "CounterTop": _counter,
    "Desk": _desk,
    "DiningTable": _dining_table,
    "SideTable": _side_table,
    "TVStand": _tv_stand,
}
