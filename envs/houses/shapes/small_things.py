"""`TEMPLATES` of books, phones, toys and other small things."""

from __future__ import annotations

from .palette import (
    BLACK,
    BRASS,
    CREAM,
    DARK_GREY,
    GREY,
    LIGHT_GREY,
    ORANGE,
    RED,
    SCREEN,
    STEEL,
    WHITE,
    YELLOW,
    shaded,
)
from .sketch import FULL, Sketch, Span


def _book(s: Sketch) -> None:
    cover = s.paint("cover", "cloth")
    s.box(cover, (0.01, 1.0), (0.0, 0.14), FULL)
    s.box(CREAM, (0.05, 0.97), (0.14, 0.86), (0.02, 0.98))
    s.box(cover, (0.01, 1.0), (0.86, 0.97), FULL)
    s.box(shaded(cover, 0.8), (0.0, 0.05), (0.05, 0.96), (0.005, 0.995))
    s.box(shaded(WHITE, 0.95), (0.25, 0.8), (0.96, 1.0), (0.25, 0.45))


def _newspaper(s: Sketch) -> None:
    paper = s.paint("paper", "paper")
    s.box(shaded(paper, 0.85), FULL, (0.0, 0.5), FULL)
    s.box(paper, (0.0, 0.98), (0.5, 0.94), (0.02, 1.0))
    s.box(DARK_GREY, (0.08, 0.9), (0.93, 0.97), (0.12, 0.24))
    s.box(GREY, (0.08, 0.45), (0.93, 1.0), (0.35, 0.85))
    s.box(LIGHT_GREY, (0.52, 0.9), (0.93, 0.97), (0.35, 0.85))


def _cell_phone(s: Sketch) -> None:
    shell = s.pick("shell", (BLACK, (0.80, 0.81, 0.82), (0.20, 0.34, 0.56)))
    s.box(shell, FULL, (0.0, 0.8), FULL)
    s.box((0.16, 0.24, 0.36), (0.06, 0.94), (0.75, 0.95), (0.1, 0.92))
    s.cylinder(LIGHT_GREY, (0.42, 0.58), (0.75, 1.0), (0.02, 0.09))


def _remote(s: Sketch) -> None:
    shell = s.pick("shell", ((0.12, 0.12, 0.13), (0.20, 0.20, 0.22)))
    s.box(shell, FULL, (0.0, 0.8), FULL)
    s.cylinder(RED, (0.6, 0.85), (0.7, 1.0), (0.04, 0.14))
    for z in (0.2, 0.42, 0.64):
        s.box(LIGHT_GREY, (0.2, 0.8), (0.7, 0.95), (z, z + 0.13))


def _credit_card(s: Sketch) -> None:
    card = s.paint("card", "cloth")
    s.box(card, FULL, (0.0, 0.75), FULL)
    s.box(BLACK, (0.0, 1.0), (0.7, 0.95), (0.1, 0.28))
    s.cylinder(BRASS, (0.12, 0.3), (0.7, 1.0), (0.45, 0.7))


def _key_chain(s: Sketch) -> None:
    ring = min(0.4, s.asset.size[2] / s.asset.size[0])
    s.cylinder(STEEL, (0.0, ring), (0.0, 0.8), FULL)
    s.cylinder(DARK_GREY, (0.15 * ring, 0.85 * ring), (0.3, 0.9), (0.15, 0.85))
    s.box(BRASS, (0.36, 1.0), (0.1, 0.6), (0.0, 0.26))
    s.box(STEEL, (0.36, 0.9), (0.4, 0.9), (0.72, 1.0))
    s.box(RED, (0.4, 0.75), (0.2, 1.0), (0.34, 0.62))


def _pen(s: Sketch) -> None:
    ink = s.pick("ink", ((0.12, 0.24, 0.62), (0.62, 0.12, 0.12), BLACK))
    s.cylinder(shaded(ink, 1.3), FULL, (0.0, 1.0), (0.1, 0.68), axis="z")
    s.cylinder(ink, (0.02, 0.98), (0.02, 0.98), (0.66, 1.0), axis="z")
    s.box(STEEL, (0.4, 0.6), (0.0, 1.0), (0.7, 0.95))
    s.cylinder(STEEL, (0.3, 0.7), (0.3, 0.7), (0.0, 0.12), axis="z")


def _pencil(s: Sketch) -> None:
    s.cylinder(YELLOW, FULL, FULL, (0.12, 0.9), axis="z")
    s.cylinder(STEEL, FULL, FULL, (0.88, 0.94), axis="z")
    s.cylinder((0.90, 0.50, 0.52), (0.02, 0.98), (0.02, 0.98), (0.93, 1.0), axis="z")
    s.ball((0.86, 0.70, 0.48), (0.05, 0.95), (0.05, 0.95), (0.03, 0.2))
    s.cylinder(BLACK, (0.36, 0.64), (0.36, 0.64), (0.0, 0.06), axis="z")


def _spray_bottle(s: Sketch) -> None:
    liquid = s.pick(
        "liquid", ((0.15, 0.45, 0.80), (0.20, 0.62, 0.36), (0.85, 0.45, 0.15), (0.72, 0.20, 0.42))
    )
    trigger = s.pick("trigger", (WHITE, (0.80, 0.14, 0.12), (0.14, 0.14, 0.16)))
    s.box(liquid, FULL, (0.0, 0.48), (0.05, 0.85))
    s.ball(liquid, FULL, (0.34, 0.68), (0.05, 0.85))
    s.box(shaded(trigger, 0.85), (0.28, 0.72), (0.6, 0.86), (0.32, 0.56))
    s.box(trigger, (0.12, 0.88), (0.84, 1.0), (0.0, 0.9))
    s.box(shaded(trigger, 0.7), (0.25, 0.75), (0.88, 0.96), (0.88, 1.0))
    s.lean(trigger, (0.35, 0.65), (0.6, 0.86), (0.66, 0.9), about="x", thick=0.012, back=True)


def _basketball(s: Sketch) -> None:
    # The bands stand out of the ball by the width of a hair, which shows as lines.
    ball: Span = (0.008, 0.992)
    band: Span = (0.485, 0.515)
    s.ball(s.pick("ball", (ORANGE,)), ball, ball, ball)
    s.cylinder(BLACK, band, FULL, FULL, axis="x")
    s.cylinder(BLACK, FULL, band, FULL, axis="y")
    s.cylinder(BLACK, FULL, FULL, band, axis="z")


def _baseball_bat(s: Sketch) -> None:
    wood = s.pick("wood", ((0.82, 0.62, 0.36), (0.70, 0.48, 0.26)))
    if "Metal" in s.asset.materials:
        wood = (0.66, 0.68, 0.72)
    s.ball(wood, FULL, (0.3, 1.0), FULL)
    s.cylinder(wood, (0.06, 0.94), (0.6, 0.95), (0.06, 0.94))
    s.cylinder(wood, (0.22, 0.78), (0.25, 0.55), (0.22, 0.78))
    s.cylinder(BLACK, (0.28, 0.72), (0.02, 0.27), (0.28, 0.72))
    s.cylinder(shaded(wood, 0.85), (0.15, 0.85), (0.0, 0.03), (0.15, 0.85))


def _tennis_racket(s: Sketch) -> None:
    frame = s.pick("frame", ((0.82, 0.18, 0.16), (0.16, 0.36, 0.72), (0.14, 0.14, 0.16)))
    s.ball(frame, FULL, (0.2, 0.8), (0.48, 1.0))
    s.ball((0.90, 0.92, 0.80), (0.1, 0.9), (0.16, 0.84), (0.53, 0.95))
    s.lean(frame, (0.16, 0.5), (0.3, 0.7), (0.36, 0.56), about="y", thick=0.02, back=True)
    s.lean(frame, (0.5, 0.84), (0.3, 0.7), (0.36, 0.56), about="y", thick=0.02)
    s.box(BLACK, (0.44, 0.56), (0.0, 1.0), (0.0, 0.4))


def _dumbbell(s: Sketch) -> None:
    s.cylinder(STEEL, (0.36, 0.64), (0.36, 0.64), (0.2, 0.8), axis="z")
    for z in ((0.0, 0.1), (0.9, 1.0)):
        s.cylinder(shaded(DARK_GREY, 1.3), (0.1, 0.9), (0.1, 0.9), z, axis="z")
    for z in ((0.08, 0.28), (0.72, 0.92)):
        s.cylinder(DARK_GREY, FULL, FULL, z, axis="z")


def _watch(s: Sketch) -> None:
    strap = s.pick("strap", ((0.30, 0.18, 0.10), BLACK, (0.62, 0.64, 0.66)))
    s.box(strap, (0.02, 0.98), (0.0, 0.2), (0.25, 0.75))
    s.box(strap, (0.02, 0.98), (0.6, 0.75), (0.25, 0.75))
    s.cylinder(BRASS, FULL, (0.62, 0.94), FULL)
    s.cylinder(WHITE, (0.1, 0.9), (0.9, 1.0), (0.1, 0.9))
    for x in ((0.0, 0.08), (0.92, 1.0)):
        s.box(shaded(strap, 0.8), x, (0.1, 0.7), (0.27, 0.73))


def _disc(s: Sketch) -> None:
    s.cylinder((0.78, 0.82, 0.90), FULL, (0.0, 0.75), FULL)
    s.cylinder((0.62, 0.66, 0.82), (0.3, 0.7), (0.6, 0.9), (0.3, 0.7))
    s.cylinder(SCREEN, (0.44, 0.56), (0.7, 1.0), (0.44, 0.56))


def _boots(s: Sketch) -> None:
    leather = s.pick("leather", ((0.34, 0.22, 0.12), (0.16, 0.14, 0.13)))
    for x in ((0.0, 0.46), (0.54, 1.0)):
        s.cylinder(leather, x, (0.1, 1.0), (0.0, 0.55))
        s.ball(shaded(leather, 0.9), x, (0.04, 0.34), (0.0, 1.0))
        s.box(BLACK, x, (0.0, 0.06), (0.04, 0.96))


TEMPLATES = {
    "BaseballBat": _baseball_bat,
    "BasketBall": _basketball,
    "Book": _book,
    "Boots": _boots,
    "CD": _disc,
    "CellPhone": _cell_phone,
    "CreditCard": _credit_card,
    "Dumbbell": _dumbbell,
    "KeyChain": _key_chain,
    "Newspaper": _newspaper,
    "Pen": _pen,
    "Pencil": _pencil,
    "RemoteControl": _remote,
    "SprayBottle": _spray_bottle,
    "TennisRacket": _tennis_racket,
    "Watch": _watch,
}
