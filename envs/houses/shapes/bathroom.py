"""`TEMPLATES` of what belongs to a bathroom."""

from __future__ import annotations

from .palette import (
    CREAM,
    DARK_GREY,
    GREEN,
    LIGHT_GREY,
    RED,
    STEEL,
    STEM,
    WHITE,
    YELLOW,
    shaded,
)
from .sketch import FULL, Sketch, Span

_CHROME = shaded(STEEL, 1.1)


def _sink(s: Sketch) -> None:
    """A basin with four rims; a tall one stands on a column."""
    skin = s.pick("skin", (WHITE, WHITE, (0.80, 0.81, 0.82)))
    height = s.asset.size[1]
    low = 0.0 if height < 0.4 else 1 - 0.2 / height
    rim_x, rim_z = s.share("x", 0.05, 0.15), s.share("z", 0.05, 0.15)
    floor = low + 0.25 * (1 - low)
    s.box(shaded(skin, 0.82), (0.02, 0.98), (low, floor), (0.02, 0.98))
    for x in ((0.0, rim_x), (1 - rim_x, 1.0)):
        s.box(skin, x, (low, 1.0), FULL)
    for z in ((0.0, 1.6 * rim_z), (1 - rim_z, 1.0)):
        s.box(skin, (rim_x, 1 - rim_x), (low, 1.0), z)
    s.cylinder(DARK_GREY, (0.45, 0.55), (floor, floor + 0.02), (0.5, 0.6))
    if low:
        s.box(shaded(skin, 0.92), (0.33, 0.67), (0.06, low), (0.1, 0.7))
        s.box(shaded(skin, 0.85), (0.28, 0.72), (0.0, 0.07), (0.06, 0.76))


def _faucet(s: Sketch) -> None:
    width, height, depth = s.asset.size
    metal = s.pick("metal", (_CHROME, _CHROME, (0.72, 0.62, 0.42)))
    thick = min(0.03, 0.4 * width)
    half, tall = s.share("x", thick / 2, 0.3), s.share("y", thick, 0.2)
    deep = s.share("z", thick, 0.25)
    pipe: Span = (0.5 - half, 0.5 + half)
    s.box(shaded(metal, 0.85), FULL, (0.0, s.share("y", 0.015)), (0.0, 0.4))
    s.cylinder(metal, pipe, (0.0, 1.0), (0.1, 0.1 + deep))
    s.box(metal, pipe, (1 - tall, 1.0), (0.1, 1.0))
    s.cylinder(shaded(metal, 0.8), pipe, (1 - 2.2 * tall, 1 - tall), (1 - deep, 1.0))
    if width > 0.15:
        knob = s.share("x", 0.05, 0.3)
        for x in ((0.02, 0.02 + knob), (0.98 - knob, 0.98)):
            s.cylinder(
                metal, x, (0.0, min(0.9, 0.06 / height)), (0.05, min(0.4, 0.05 + 0.05 / depth))
            )


def _shower_head(s: Sketch) -> None:
    thin = s.share("x", 0.02, 0.15)
    s.box(_CHROME, (0.5 - thin, 0.5 + thin), FULL, (0.0, 0.1))
    s.box(_CHROME, (0.5 - thin, 0.5 + thin), (0.97, 1.0), (0.0, 0.7))
    s.oval(LIGHT_GREY, FULL, (0.93, 0.96), (0.35, 1.0))
    s.cylinder(shaded(_CHROME, 0.7), (0.3, 0.7), (0.05, 0.09), (0.05, 0.35), axis="z")
    s.box(_CHROME, FULL, (0.0, 0.03), (0.0, 0.12))


def _shower_curtain(s: Sketch) -> None:
    cloth = s.pick("cloth", ((0.70, 0.80, 0.88), (0.82, 0.72, 0.66), (0.72, 0.82, 0.72)))
    s.box(STEEL, FULL, (0.98, 1.0), FULL)
    # Folds, one behind the other in turn.
    for index in range(5):
        z = (0.0, 0.62) if index % 2 else (0.38, 1.0)
        x = (index * 0.18, index * 0.18 + 0.28)
        s.ball(shaded(cloth, 0.85 + 0.08 * (index % 3)), x, (0.0, 1.0), z)


def _towel(s: Sketch) -> None:
    cloth = s.paint("cloth", "cloth")
    s.box(shaded(cloth, 0.9), FULL, (0.05, 1.0), (0.0, 0.45))
    s.box(cloth, FULL, (0.0, 0.97), (0.55, 0.95))
    s.cylinder(STEEL, (0.0, 1.0), (0.93, 0.99), (0.3, 0.7), axis="x")
    for low in (0.12, 0.2):
        s.box(CREAM, (0.0, 1.0), (low, low + 0.04), (0.9, 1.0))


def _towel_holder(s: Sketch) -> None:
    for x in ((0.0, 0.07), (0.93, 1.0)):
        s.box(_CHROME, x, FULL, (0.0, 0.15))
        s.box(shaded(_CHROME, 0.85), x, (0.2, 0.8), (0.15, 1.0))
    s.cylinder(_CHROME, (0.02, 0.98), (0.25, 0.75), (0.7, 0.95), axis="x")


def _hand_towel_holder(s: Sketch) -> None:
    s.cylinder(_CHROME, (0.3, 0.7), (0.72, 1.0), (0.0, 0.5), axis="z")
    for x in ((0.0, 0.08), (0.92, 1.0)):
        s.box(_CHROME, x, (0.0, 0.75), (0.6, 0.9))
    for y in ((0.0, 0.07), (0.7, 0.77)):
        s.box(_CHROME, FULL, y, (0.6, 0.9))
    s.box(_CHROME, (0.45, 0.55), (0.7, 0.9), (0.3, 1.0))


def _toilet_paper(s: Sketch) -> None:
    used_up = "Used_Up" in s.asset.id
    s.cylinder((0.62, 0.48, 0.34) if used_up else WHITE, FULL, (0.0, 0.99), FULL)
    s.cylinder(STEM if used_up else (0.62, 0.48, 0.34), (0.3, 0.7), (0.97, 1.0), (0.3, 0.7))


def _paper_holder(s: Sketch) -> None:
    metal = s.pick("metal", (_CHROME, _CHROME, (0.72, 0.62, 0.42)))
    for x in ((0.0, 0.08), (0.92, 1.0)):
        s.box(metal, x, FULL, (0.0, 0.2))
        s.box(shaded(metal, 0.85), x, (0.2, 0.8), (0.2, 1.0))
    s.cylinder(shaded(metal, 1.1), (0.05, 0.95), (0.3, 0.7), (0.55, 0.95), axis="x")


def _paper_towel(s: Sketch) -> None:
    width, _, depth = s.asset.size
    share = min(1.0, depth / width)
    s.cylinder(WHITE, (0.0, share), (0.0, 0.99), FULL)
    s.cylinder((0.62, 0.48, 0.34), (0.3 * share, 0.7 * share), (0.96, 1.0), (0.3, 0.7))
    s.box(CREAM, (0.85 * share, 1.0), (0.0, 0.99), (0.4, 0.5))


def _plunger(s: Sketch) -> None:
    s.cylinder((0.76, 0.60, 0.41), (0.42, 0.58), (0.2, 1.0), (0.42, 0.58))
    s.ball(RED, (0.12, 0.88), (0.06, 0.32), (0.12, 0.88))
    s.cylinder(shaded(RED, 0.85), FULL, (0.0, 0.12), FULL)


def _scrub_brush(s: Sketch) -> None:
    s.oval(WHITE, FULL, (0.0, 0.3), FULL)
    s.cylinder(LIGHT_GREY, (0.14, 0.86), (0.3, 0.36), (0.14, 0.86))
    s.cylinder(WHITE, (0.44, 0.56), (0.3, 1.0), (0.44, 0.56))


def _tissue_box(s: Sketch) -> None:
    box = s.paint("box", "cloth")
    s.box(box, FULL, (0.0, 0.62), FULL)
    s.ball(DARK_GREY, (0.2, 0.8), (0.58, 0.66), (0.25, 0.75))
    s.lean(WHITE, (0.3, 0.7), (0.58, 1.0), (0.3, 0.6), about="x", thick=0.004)
    s.ball(WHITE, (0.35, 0.7), (0.55, 0.9), (0.35, 0.65))


def _soap_bar(s: Sketch) -> None:
    soap = s.pick("soap", ((0.94, 0.78, 0.82), (0.80, 0.90, 0.78), CREAM))
    s.ball(soap)
    s.box(soap, (0.04, 0.96), (0.22, 0.78), (0.04, 0.96))
    s.ball(shaded(soap, 0.85), (0.25, 0.75), (0.5, 0.96), (0.25, 0.75))


def _soap_bottle(s: Sketch) -> None:
    liquid = s.pick(
        "liquid", ((0.20, 0.62, 0.78), (0.86, 0.46, 0.56), (0.92, 0.72, 0.30), (0.46, 0.70, 0.40))
    )
    width, _, depth = s.asset.size
    s.oval(liquid, FULL, (0.0, 0.6), FULL)
    s.ball(shaded(liquid, 0.9), (0.08, 0.92), (0.48, 0.74), (0.08, 0.92))
    s.cylinder(WHITE, (0.38, 0.62), (0.7, 0.92), (0.38, 0.62))
    # The nozzle points along the longer side.
    x, z = ((0.4, 0.92), (0.42, 0.58)) if width >= depth else ((0.42, 0.58), (0.4, 0.92))
    s.box(WHITE, x, (0.91, 1.0), z)
    s.box(CREAM, (0.3, 0.7), (0.16, 0.44), (0.93, 1.0))


def _cloth(s: Sketch) -> None:
    cloth = s.paint("cloth", "cloth")
    s.box(shaded(cloth, 0.8), FULL, (0.0, 0.5), FULL)
    s.box(cloth, (0.03, 0.97), (0.5, 1.0), (0.03, 0.94))
    s.box(CREAM, (0.03, 0.97), (0.55, 1.0), (0.94, 0.99))


def _sponge(s: Sketch) -> None:
    s.box(YELLOW, FULL, (0.0, 0.68), FULL)
    s.box(shaded(GREEN, 0.7), FULL, (0.68, 1.0), FULL)
    s.ball(shaded(YELLOW, 0.85), (0.3, 0.6), (0.1, 0.5), (0.97, 1.0))


TEMPLATES = {
    "Cloth": _cloth,
    "DishSponge": _sponge,
    "Faucet": _faucet,
    "HandTowel": _towel,
    "HandTowelHolder": _hand_towel_holder,
    "PaperTowelRoll": _paper_towel,
    "Plunger": _plunger,
    "ScrubBrush": _scrub_brush,
    "ShowerCurtain": _shower_curtain,
    "ShowerHead": _shower_head,
    "Sink": _sink,
    "SoapBar": _soap_bar,
    "SoapBottle": _soap_bottle,
    "TissueBox": _tissue_box,
    "ToiletPaper": _toilet_paper,
    "ToiletPaperHanger": _paper_holder,
    "Towel": _towel,
    "TowelHolder": _towel_holder,
}
