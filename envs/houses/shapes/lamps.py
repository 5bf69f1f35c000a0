"""`TEMPLATES` of lamps and candles."""

from __future__ import annotations

from ..house import Colour
from .palette import CREAM, DARK_GREY, ORANGE, WHITE, YELLOW, shaded
from .sketch import FULL, Sketch

_LIGHT: Colour = (1.0, 0.93, 0.72)


def _floor_lamp(s: Sketch) -> None:
    metal = s.pick("pole", (DARK_GREY, (0.66, 0.56, 0.34), (0.62, 0.64, 0.66)))
    s.cylinder(metal, (0.15, 0.85), (0.0, 0.02), (0.15, 0.85))
    thin = s.share("x", 0.012)
    deep = s.share("z", 0.012)
    s.cylinder(metal, (0.5 - thin, 0.5 + thin), (0.02, 0.82), (0.5 - deep, 0.5 + deep))
    shade = s.pick("shade", (CREAM, (0.88, 0.80, 0.62), (0.72, 0.76, 0.78)))
    low = 1 - s.share("y", 0.36, 0.35)
    s.oval(shade, FULL, (low, 0.99), FULL)
    s.ball(_LIGHT, (0.2, 0.8), (low - 0.02, low + 0.05), (0.2, 0.8))
    s.ball(_LIGHT, (0.2, 0.8), (0.97, 1.0), (0.2, 0.8))


def _desk_lamp(s: Sketch) -> None:
    width, _, depth = s.asset.size
    metal = s.pick("metal", (DARK_GREY, (0.72, 0.18, 0.16), (0.18, 0.40, 0.62), (0.70, 0.72, 0.74)))
    if abs(width - depth) < 0.04:
        # A table lamp with a shade.
        s.cylinder(metal, (0.2, 0.8), (0.0, 0.05), (0.2, 0.8))
        s.ball(metal, (0.3, 0.7), (0.04, 0.5), (0.3, 0.7))
        s.cylinder(shaded(metal, 0.8), (0.45, 0.55), (0.4, 0.7), (0.45, 0.55))
        s.oval(s.pick("shade", (CREAM, (0.90, 0.82, 0.62))), FULL, (0.55, 0.995), FULL)
        s.ball(_LIGHT, (0.2, 0.8), (0.98, 1.0), (0.2, 0.8))
        return
    s.box(shaded(metal, 0.8), FULL, (0.0, 0.05), (0.0, 0.55))
    arm = 0.014
    s.lean(metal, (0.45, 0.55), (0.04, 0.62), (0.0, 0.3), about="x", thick=arm, back=True)
    s.lean(metal, (0.45, 0.55), (0.6, 0.95), (0.0, 0.6), about="x", thick=arm)
    s.ball(metal, (0.18, 0.82), (0.72, 1.0), (0.45, 1.0))
    s.ball(_LIGHT, (0.25, 0.75), (0.68, 0.86), (0.52, 0.95))


def _candle(s: Sketch) -> None:
    wax = s.pick("wax", (CREAM, (0.86, 0.30, 0.26), (0.62, 0.48, 0.70)))
    top = 1 - s.share("y", 0.035, 0.3)
    if "glittrig" in s.asset.id:
        # A thin candle on a tall foot.
        foot = s.pick("foot", ((0.70, 0.72, 0.74),))
        s.oval(foot, FULL, (0.0, 0.06), FULL)
        s.cylinder(shaded(foot, 0.9), (0.4, 0.6), (0.06, 0.6), (0.4, 0.6))
        s.cylinder(wax, (0.35, 0.65), (0.6, top), (0.35, 0.65))
    else:
        s.cylinder(wax, FULL, (0.0, top), FULL)
        if "Metal" in s.asset.materials:
            s.cylinder(DARK_GREY, FULL, (0.0, 0.12), FULL)
    s.cylinder(shaded(WHITE, 0.2), (0.47, 0.53), (top, top + 0.4 * (1 - top)), (0.47, 0.53))
    flame = (0.4, 0.6) if top > 0.8 else (0.32, 0.68)
    s.ball(YELLOW if s.chance("flame") < 0.7 else ORANGE, flame, (top + 0.01, 1.0), flame)


TEMPLATES = {"Candle": _candle, "DeskLamp": _desk_lamp, "FloorLamp": _floor_lamp}
