"""`TEMPLATES` of what holds things."""

from __future__ import annotations

from .palette import BLACK, CARDBOARD, DARK_GREY, LIGHT_GREY, STEEL, WHITE, shaded
from .sketch import FULL, Sketch


def _dresser(s: Sketch) -> None:
    width, height, _ = s.asset.size
    wood = s.paint("body", "wood", "metal", "wood")
    foot = s.share("y", 0.08)
    s.box(wood, FULL, (1 - s.share("y", 0.03), 1.0), FULL)
    s.box(shaded(wood, 0.85), (0.01, 0.99), (foot, 1 - s.share("y", 0.03)), (0.0, 0.93))
    for x in ((0.03, 0.1), (0.9, 0.97)):
        s.box(shaded(wood, 0.7), x, (0.0, foot), (0.05, 0.9))
    rows = 4 if height > 0.95 else 3
    rows = min(rows, 2) if width > 1.8 else rows
    columns = 2 if width > 1.8 else 1
    tall = (0.96 - foot) / rows
    for row in range(rows):
        low = foot + 0.01 + row * tall
        for column in range(columns):
            left, right = (column + 0.03) / columns, (column + 0.97) / columns
            s.box(shaded(wood, 1.15), (left, right), (low, low + 0.9 * tall), (0.92, 0.97))
            middle = low + 0.45 * tall
            third = (right - left) / 3
            if columns * rows <= 4:
                bar = (left + third, right - third)
                s.box(STEEL, bar, (middle - 0.012, middle + 0.012), (0.97, 0.995))


def _shelving(s: Sketch) -> None:
    width, height, _ = s.asset.size
    wood = s.paint("body", "wood", "metal", "wood")
    side, board = s.share("x", 0.03), s.share("y", 0.025)
    for x in ((0.0, side), (1 - side, 1.0)):
        s.box(wood, x, FULL, FULL)
    s.box(shaded(wood, 0.6), (side, 1 - side), (0.01, 0.99), (0.0, s.share("z", 0.02)))
    levels = max(2, min(6, round(height / 0.4)))
    for level in range(levels + 1):
        low = level / levels * (1 - board)
        s.box(shaded(wood, 1.1), (side, 1 - side), (low, low + board), (0.02, 0.99))
    if width > 1.0:
        s.box(wood, (0.5 - side / 2, 0.5 + side / 2), (0.01, 0.99), (0.03, 0.98))


def _safe(s: Sketch) -> None:
    steel = s.pick("body", (DARK_GREY, (0.34, 0.36, 0.38)))
    s.box(steel, FULL, FULL, (0.0, 0.88))
    s.box(shaded(steel, 1.4), (0.06, 0.94), (0.06, 0.94), (0.85, 0.94))
    s.cylinder(LIGHT_GREY, (0.55, 0.8), (0.4, 0.65), (0.92, 0.98), axis="z")
    s.box(STEEL, (0.2, 0.4), (0.5, 0.55), (0.92, 1.0))
    s.box(BLACK, (0.28, 0.32), (0.35, 0.7), (0.92, 0.99))


def _carton(s: Sketch) -> None:
    """An open cardboard box with a strip of tape, or a decorative one with a lid."""
    if "Decorative" in s.asset.id:
        colour = s.paint("box", "cloth")
        s.box(shaded(colour, 0.85), (0.02, 0.98), (0.0, 0.78), (0.02, 0.98))
        s.box(colour, FULL, (0.76, 1.0), FULL)
        s.box(WHITE, (0.38, 0.62), (0.3, 0.55), (0.97, 0.995))
        return
    board = s.pick("board", (CARDBOARD,))
    wall_x, wall_z = s.share("x", 0.012), s.share("z", 0.012)
    s.box(shaded(board, 0.6), (wall_x, 1 - wall_x), (0.0, 0.06), (wall_z, 1 - 1.5 * wall_z))
    for x in ((0.0, wall_x), (1 - wall_x, 1.0)):
        s.box(board, x, FULL, (0.0, 1 - wall_z))
    for z in ((0.0, wall_z), (1 - 2 * wall_z, 1 - wall_z)):
        s.box(shaded(board, 0.92), (wall_x, 1 - wall_x), FULL, z)
    s.box(shaded(board, 1.25), (0.42, 0.58), (0.02, 0.98), (1 - 1.5 * wall_z, 1.0))


def _hamper(s: Sketch) -> None:
    basket = s.paint("basket", "wood", "fabric")
    s.box(basket, (0.02, 0.98), (0.0, 0.9), (0.02, 0.98))
    for low in (0.2, 0.5):
        s.box(shaded(basket, 0.8), FULL, (low, low + 0.06), FULL)
    s.box(shaded(basket, 0.7), FULL, (0.84, 0.92), FULL)
    s.ball(WHITE, (0.08, 0.7), (0.8, 1.0), (0.1, 0.9))
    s.ball(s.paint("washing", "cloth"), (0.35, 0.95), (0.78, 0.98), (0.15, 0.85))


def _cart(s: Sketch) -> None:
    steel = s.paint("frame", "metal")
    s.legs(steel, 1.0, 0.03, (0.03, 0.97), (0.03, 0.97), round_legs=True)
    for low in (0.1, 0.42, 0.72):
        s.box(shaded(steel, 1.3), FULL, (low, low + 0.04), FULL)
    for x in ((0.02, 0.1), (0.9, 0.98)):
        s.cylinder(BLACK, x, (0.0, 0.08), (0.4, 0.6), axis="x")
    s.box(DARK_GREY, (0.03, 0.97), (0.96, 1.0), (0.02, 0.08))


TEMPLATES = {
    "Box": _carton,
    "Cart": _cart,
    "Dresser": _dresser,
    "LaundryHamper": _hamper,
    "Safe": _safe,
    "ShelvingUnit": _shelving,
}
