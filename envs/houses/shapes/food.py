"""`TEMPLATES` of what one eats."""

from __future__ import annotations

from .palette import CREAM, GREEN, STEM, shaded
from .sketch import FULL, Sketch


def _apple(s: Sketch) -> None:
    skin = s.pick(
        "skin", ((0.80, 0.10, 0.10), (0.72, 0.12, 0.14), (0.84, 0.16, 0.12), (0.48, 0.72, 0.18))
    )
    s.ball(skin, FULL, (0.0, 0.82), FULL)
    s.ball(shaded(skin, 0.75), (0.3, 0.7), (0.74, 0.84), (0.3, 0.7))
    s.cylinder(STEM, (0.46, 0.54), (0.78, 1.0), (0.46, 0.54))
    s.lean(GREEN, (0.5, 0.82), (0.82, 0.98), (0.4, 0.6), about="z", thick=0.006, kind="ellipsoid")


def _tomato(s: Sketch) -> None:
    s.ball(s.pick("skin", ((0.86, 0.16, 0.08), (0.84, 0.22, 0.08))), FULL, (0.0, 0.95), FULL)
    s.ball(shaded(GREEN, 0.8), (0.28, 0.72), (0.88, 0.97), (0.46, 0.54))
    s.ball(shaded(GREEN, 0.8), (0.46, 0.54), (0.88, 0.97), (0.28, 0.72))
    s.cylinder(shaded(GREEN, 0.6), (0.46, 0.54), (0.9, 1.0), (0.46, 0.54))


def _potato(s: Sketch) -> None:
    skin = s.pick("skin", ((0.72, 0.55, 0.34), (0.64, 0.46, 0.28)))
    s.ball(skin, (0.0, 1.0), (0.0, 0.94), (0.0, 0.8))
    s.ball(shaded(skin, 0.95), (0.06, 0.92), (0.08, 1.0), (0.25, 1.0))
    s.ball(shaded(skin, 0.5), (0.4, 0.52), (0.86, 0.97), (0.3, 0.4))
    s.ball(shaded(skin, 0.5), (0.2, 0.32), (0.8, 0.92), (0.6, 0.7))


def _egg(s: Sketch) -> None:
    shell = s.pick("shell", ((0.94, 0.88, 0.78), (0.86, 0.70, 0.54), (0.95, 0.94, 0.90)))
    s.ball(shell, FULL, (0.0, 0.86), FULL)
    s.ball(shell, (0.05, 0.95), (0.06, 1.0), (0.05, 0.95))


def _lettuce(s: Sketch) -> None:
    leaf = s.pick("leaf", ((0.36, 0.66, 0.22), (0.46, 0.72, 0.28)))
    s.ball(shaded(leaf, 1.2), (0.1, 0.9), (0.1, 0.9), (0.0, 0.85))
    s.ball(leaf, (0.0, 0.5), (0.0, 0.85), (0.2, 0.95))
    s.ball(shaded(leaf, 0.8), (0.5, 1.0), (0.1, 0.95), (0.25, 1.0))
    s.ball(shaded(leaf, 0.9), (0.15, 0.85), (0.4, 1.0), (0.35, 0.98))
    s.ball(CREAM, (0.35, 0.65), (0.3, 0.6), (0.0, 0.2))


def _bread(s: Sketch) -> None:
    crust = s.pick("crust", ((0.70, 0.45, 0.20), (0.60, 0.36, 0.16), (0.78, 0.54, 0.28)))
    s.box(shaded(crust, 0.9), (0.08, 0.92), (0.0, 0.42), (0.16, 0.84))
    s.ball(crust, FULL, (0.12, 1.0), FULL)
    for z in (0.28, 0.46, 0.64):
        s.ball(shaded(crust, 1.4), (0.24, 0.76), (0.9, 0.995), (z, z + 0.08))


TEMPLATES = {
    "Apple": _apple,
    "Bread": _bread,
    "Egg": _egg,
    "Lettuce": _lettuce,
    "Potato": _potato,
    "Tomato": _tomato,
}
