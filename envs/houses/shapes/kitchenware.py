"""`TEMPLATES` of dishes, cutlery, bottles and other kitchenware."""

from __future__ import annotations

from ..house import Colour
from .palette import (
    BLACK,
    BLUE,
    CREAM,
    DARK_GREY,
    GREEN,
    LIGHT_GREY,
    SOIL,
    STEEL,
    WHITE,
    shaded,
)
from .sketch import FULL, Sketch, Span

_WOOD = (0.62, 0.44, 0.27)


def _mug(s: Sketch) -> None:
    glaze = s.pick("glaze", ((0.80, 0.25, 0.20), (0.92, 0.91, 0.88), (0.90, 0.72, 0.25)))
    width, _, depth = s.asset.size
    body = min(0.85, depth / width)
    s.cylinder(glaze, (0.0, body), (0.0, 0.98), FULL)
    s.cylinder(SOIL, (0.1 * body, 0.9 * body), (0.95, 1.0), (0.1, 0.9))
    s.box(glaze, (1 - 0.3 * (1 - body), 1.0), (0.2, 0.84), (0.42, 0.58))
    for y in ((0.21, 0.33), (0.71, 0.83)):
        s.box(shaded(glaze, 0.9), (0.9 * body, 0.99), y, (0.44, 0.56))


def _cup(s: Sketch) -> None:
    glaze = s.pick(
        "glaze", ((0.88, 0.30, 0.24), (0.24, 0.48, 0.78), (0.90, 0.76, 0.30), (0.30, 0.62, 0.50))
    )
    s.cylinder(shaded(glaze, 0.94), (0.1, 0.9), (0.0, 0.4), (0.1, 0.9))
    s.cylinder(glaze, (0.05, 0.95), (0.3, 0.75), (0.05, 0.95))
    s.oval(shaded(glaze, 1.05), FULL, (0.6, 0.985), FULL)
    s.cylinder(shaded(glaze, 0.25), (0.07, 0.93), (0.96, 1.0), (0.07, 0.93))


def _bowl(s: Sketch) -> None:
    glaze = s.pick("glaze", ((0.12, 0.52, 0.50), (0.92, 0.91, 0.88), (0.84, 0.52, 0.34)))
    s.cylinder(shaded(glaze, 0.75), (0.28, 0.72), (0.0, 0.2), (0.28, 0.72))
    s.ball(shaded(glaze, 0.92), (0.02, 0.98), (0.04, 0.98), (0.02, 0.98))
    s.oval(shaded(glaze, 1.12), FULL, (0.66, 0.985), FULL)
    s.cylinder(shaded(glaze, 0.35), (0.06, 0.94), (0.95, 1.0), (0.06, 0.94))


def _plate(s: Sketch) -> None:
    glaze = s.pick("glaze", (WHITE, CREAM, (0.72, 0.82, 0.90), (0.36, 0.52, 0.66)))
    s.cylinder(shaded(glaze, 0.85), (0.22, 0.78), (0.0, 0.45), (0.22, 0.78))
    s.oval(glaze, FULL, (0.4, 0.85), FULL)
    s.cylinder(shaded(glaze, 0.82), (0.18, 0.82), (0.8, 1.0), (0.18, 0.82))


def _pot(s: Sketch) -> None:
    steel = s.paint("body", "steel")
    width, _, depth = s.asset.size
    if depth > 1.35 * width:
        _pan(s)
        return
    across = min(width, depth) * 0.98
    x = (0.5 - across / width / 2, 0.5 + across / width / 2)
    z = (0.5 - across / depth / 2, 0.5 + across / depth / 2)
    s.cylinder(steel, x, (0.0, 0.97), z)
    s.cylinder(
        shaded(steel, 0.25), (x[0] + 0.04, x[1] - 0.04), (0.9, 1.0), (z[0] + 0.04, z[1] - 0.04)
    )
    # A bar through the body, whose ends are the handles, and a band around it.
    if width >= depth:
        s.box(BLACK, FULL, (0.7, 0.82), (0.4, 0.6))
        s.box(shaded(steel, 0.8), (0.46, 0.54), (0.1, 0.3), FULL)
    else:
        s.box(BLACK, (0.4, 0.6), (0.7, 0.82), FULL)
        s.box(shaded(steel, 0.8), FULL, (0.1, 0.3), (0.46, 0.54))


def _pan(s: Sketch) -> None:
    iron = s.pick("iron", ((0.16, 0.16, 0.17), (0.26, 0.26, 0.28), (0.40, 0.41, 0.43)))
    width, _, depth = s.asset.size
    body = min(0.92, width / depth)
    s.oval(iron, FULL, (0.0, 0.9), (0.0, body))
    s.cylinder(shaded(iron, 0.45), (0.07, 0.93), (0.85, 0.95), (0.07 * body, 0.93 * body))
    s.box(
        _WOOD if s.chance("handle") < 0.3 else BLACK, (0.44, 0.56), (0.72, 1.0), (body - 0.06, 1.0)
    )


def _kettle(s: Sketch) -> None:
    skin = s.pick("skin", (STEEL, (0.72, 0.16, 0.14)))
    s.cylinder(shaded(skin, 0.8), (0.1, 0.9), (0.0, 0.12), (0.08, 0.78))
    s.ball(skin, FULL, (0.04, 0.72), (0.0, 0.84))
    s.lean(skin, (0.44, 0.56), (0.4, 0.78), (0.62, 1.0), about="x", thick=0.03, kind="cylinder")
    s.box(BLACK, (0.46, 0.54), (0.92, 1.0), (0.1, 0.74))
    for z in ((0.1, 0.18), (0.66, 0.74)):
        s.box(BLACK, (0.46, 0.54), (0.6, 0.93), z)


def _knife(s: Sketch) -> None:
    handle = s.pick("handle", (BLACK, SOIL, (0.50, 0.14, 0.12)))
    s.box(STEEL, (0.3, 0.7), (0.2, 0.98), (0.36, 0.9))
    s.lean(STEEL, (0.3, 0.7), (0.5, 0.98), (0.85, 1.0), about="x", thick=0.012, back=True)
    s.box(handle, FULL, (0.0, 1.0), (0.0, 0.38))


def _butter_knife(s: Sketch) -> None:
    s.ball(shaded(STEEL, 1.1), (0.2, 0.8), (0.0, 1.0), (0.45, 1.0))
    s.box(shaded(STEEL, 0.85), FULL, (0.2, 0.8), (0.0, 0.52))


def _fork(s: Sketch) -> None:
    s.lean(shaded(STEEL, 0.9), (0.38, 0.62), FULL, (0.0, 0.66), about="x", thick=0.004, back=True)
    s.box(STEEL, FULL, (0.0, 0.25), (0.62, 0.76))
    for x in ((0.0, 0.2), (0.4, 0.6), (0.8, 1.0)):
        s.box(STEEL, x, (0.0, 0.3), (0.74, 1.0))


def _spoon(s: Sketch) -> None:
    s.lean(shaded(STEEL, 0.9), (0.36, 0.64), FULL, (0.0, 0.76), about="x", thick=0.004, back=True)
    s.ball(STEEL, FULL, (0.0, 0.5), (0.7, 1.0))
    s.ball(shaded(STEEL, 0.6), (0.15, 0.85), (0.2, 0.55), (0.74, 0.96))


def _ladle(s: Sketch) -> None:
    handle = s.paint("handle", "metal")
    s.lean(handle, (0.42, 0.58), (0.2, 1.0), (0.0, 0.75), about="x", thick=0.012, back=True)
    s.ball(STEEL, FULL, (0.0, 0.8), (0.68, 1.0))
    s.ball(BLACK, (0.12, 0.88), (0.5, 0.82), (0.72, 0.96))


def _spatula(s: Sketch) -> None:
    s.lean(BLACK, (0.4, 0.6), FULL, (0.0, 0.72), about="x", thick=0.006, back=True)
    s.box(DARK_GREY, FULL, (0.0, 0.25), (0.68, 1.0))
    for x in ((0.2, 0.32), (0.44, 0.56), (0.68, 0.8)):
        s.box(LIGHT_GREY, x, (0.2, 0.35), (0.76, 0.94))


def _bottle(s: Sketch) -> None:
    _glass_bottle(s, (0.20, 0.42, 0.26), (0.86, 0.84, 0.74), GREEN)


def _wine_bottle(s: Sketch) -> None:
    _glass_bottle(s, (0.10, 0.20, 0.12), CREAM, (0.50, 0.08, 0.12))


def _glass_bottle(
    s: Sketch,
    glass: Colour,
    label: Colour,
    cap: Colour,
) -> None:
    s.cylinder(glass, (0.02, 0.98), (0.0, 0.6), (0.02, 0.98))
    s.ball(glass, (0.02, 0.98), (0.48, 0.74), (0.02, 0.98))
    s.cylinder(glass, (0.34, 0.66), (0.66, 0.92), (0.34, 0.66))
    s.cylinder(cap, (0.31, 0.69), (0.9, 1.0), (0.31, 0.69))
    s.cylinder(label, FULL, (0.16, 0.46), FULL)


def _salt(s: Sketch) -> None:
    _shaker(s, WHITE)


def _pepper(s: Sketch) -> None:
    _shaker(s, (0.26, 0.20, 0.16))


def _shaker(s: Sketch, content: Colour) -> None:
    s.cylinder((0.72, 0.82, 0.86), FULL, (0.0, 0.14), FULL)
    s.cylinder(content, (0.06, 0.94), (0.1, 0.72), (0.06, 0.94))
    s.cylinder(STEEL, FULL, (0.7, 0.88), FULL)
    s.ball(shaded(STEEL, 0.9), (0.06, 0.94), (0.76, 1.0), (0.06, 0.94))


def _foil(s: Sketch) -> None:
    s.box(BLUE, FULL, (0.0, 0.9), (0.0, 0.98))
    s.box(LIGHT_GREY, (0.02, 0.98), (0.1, 0.5), (0.96, 1.0))
    s.cylinder(STEEL, (0.02, 0.98), (0.4, 1.0), (0.2, 0.8), axis="x")
    s.box(WHITE, (0.3, 0.7), (0.85, 0.97), (0.72, 0.97))


def _watering_can(s: Sketch) -> None:
    skin = s.pick("skin", ((0.22, 0.50, 0.36), (0.20, 0.44, 0.66)))
    body: Span = (0.12, 0.62)
    s.ball(skin, FULL, (0.0, 0.7), body)
    s.box(skin, (0.1, 0.9), (0.0, 0.3), (0.16, 0.58))
    s.lean(skin, (0.42, 0.58), (0.12, 0.9), (0.5, 0.95), about="x", thick=0.02, kind="cylinder")
    s.ball(shaded(skin, 1.3), (0.3, 0.7), (0.82, 0.98), (0.86, 1.0))
    s.box(shaded(skin, 0.8), (0.44, 0.56), (0.2, 1.0), (0.0, 0.07))
    s.box(shaded(skin, 0.8), (0.44, 0.56), (0.92, 1.0), (0.0, 0.5))


TEMPLATES = {
    "AluminumFoil": _foil,
    "Bottle": _bottle,
    "Bowl": _bowl,
    "ButterKnife": _butter_knife,
    "Cup": _cup,
    "Fork": _fork,
    "Kettle": _kettle,
    "Knife": _knife,
    "Ladle": _ladle,
    "Mug": _mug,
    "Pan": _pan,
    "PepperShaker": _pepper,
    "Plate": _plate,
    "Pot": _pot,
    "SaltShaker": _salt,
    "Spatula": _spatula,
    "Spoon": _spoon,
    "WateringCan": _watering_can,
    "WineBottle": _wine_bottle,
}
