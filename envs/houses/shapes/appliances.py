"""`TEMPLATES` of what runs on electricity, lamps apart."""

from __future__ import annotations

from ..house import Colour
from .palette import (
    BLACK,
    BLUE,
    DARK_GREY,
    GREEN,
    GREY,
    LIGHT_GREY,
    LIT_SCREEN,
    RED,
    SCREEN,
    STEEL,
    WHITE,
    shaded,
)
from .sketch import FULL, Sketch


def _fridge(s: Sketch) -> None:
    skin = s.paint("body", "appliance")
    handle = DARK_GREY if max(skin) > 0.5 else STEEL
    s.box(shaded(skin, 0.85), FULL, (0.02, 1.0), (0.0, 0.88))
    s.box(DARK_GREY, (0.03, 0.97), (0.0, 0.05), (0.05, 0.9))
    if s.asset.size[0] > 0.95:
        # Two doors side by side over a drawer.
        s.box(skin, (0.005, 0.497), (0.34, 0.995), (0.87, 0.95))
        s.box(skin, (0.503, 0.995), (0.34, 0.995), (0.87, 0.95))
        s.box(skin, (0.005, 0.995), (0.05, 0.33), (0.87, 0.95))
        for x in ((0.44, 0.47), (0.53, 0.56)):
            s.box(handle, x, (0.45, 0.85), (0.95, 1.0))
        s.box(handle, (0.2, 0.8), (0.27, 0.29), (0.95, 1.0))
        s.box(BLACK, (0.14, 0.34), (0.6, 0.76), (0.94, 0.96))
    else:
        s.box(skin, (0.01, 0.99), (0.68, 0.995), (0.87, 0.95))
        s.box(skin, (0.01, 0.99), (0.05, 0.67), (0.87, 0.95))
        for y in ((0.71, 0.86), (0.38, 0.64)):
            s.box(handle, (0.88, 0.92), y, (0.95, 1.0))


def _microwave(s: Sketch) -> None:
    skin = s.paint("body", "appliance")
    s.box(skin, FULL, (0.04, 1.0), (0.0, 0.92))
    s.box(DARK_GREY, (0.04, 0.96), (0.0, 0.06), (0.05, 0.85))
    s.box(BLACK, (0.3, 0.96), (0.14, 0.92), (0.9, 0.96))
    s.box(DARK_GREY, (0.04, 0.23), (0.14, 0.92), (0.9, 0.96))
    s.box((0.3, 0.9, 0.5), (0.07, 0.2), (0.74, 0.86), (0.95, 0.97))
    s.box(STEEL, (0.26, 0.29), (0.18, 0.88), (0.9, 1.0))


def _toaster(s: Sketch) -> None:
    skin = s.pick("body", (STEEL, (0.72, 0.16, 0.14), (0.20, 0.20, 0.22), (0.86, 0.84, 0.76)))
    s.box(DARK_GREY, FULL, (0.0, 0.14), FULL)
    s.box(skin, (0.03, 0.97), (0.12, 0.98), (0.03, 0.95))
    for x in ((0.24, 0.4), (0.6, 0.76)):
        s.box(BLACK, x, (0.9, 1.0), (0.16, 0.8))
    s.box(BLACK, (0.42, 0.58), (0.5, 0.64), (0.94, 1.0))
    s.cylinder(BLACK, (0.4, 0.6), (0.2, 0.4), (0.94, 0.98), axis="z")


def _coffee_machine(s: Sketch) -> None:
    skin = s.pick("body", ((0.16, 0.16, 0.18), STEEL, (0.60, 0.14, 0.13)))
    s.box(skin, FULL, (0.0, 0.14), FULL)
    s.box(shaded(skin, 0.85), FULL, (0.14, 1.0), (0.0, 0.4))
    s.box(skin, (0.02, 0.98), (0.7, 0.99), (0.38, 0.96))
    s.cylinder((0.25, 0.14, 0.08), (0.24, 0.76), (0.16, 0.5), (0.42, 0.94))
    s.cylinder(BLACK, (0.36, 0.64), (0.5, 0.7), (0.52, 0.82))
    s.box(LIGHT_GREY, (0.3, 0.7), (0.76, 0.92), (0.95, 0.98))


def _washer(s: Sketch) -> None:
    _front_loader(s, (0.30, 0.45, 0.60))


def _dryer(s: Sketch) -> None:
    _front_loader(s, (0.20, 0.20, 0.22))


def _front_loader(s: Sketch, window: Colour) -> None:
    skin = s.pick("body", (WHITE, (0.84, 0.85, 0.86)))
    s.box(skin, FULL, (0.0, 0.88), (0.0, 0.93))
    s.box(shaded(skin, 0.85), (0.005, 0.995), (0.88, 1.0), (0.005, 0.2))
    s.box(DARK_GREY, (0.05, 0.95), (0.74, 0.84), (0.92, 0.955))
    s.cylinder(GREY, (0.18, 0.82), (0.12, 0.68), (0.92, 0.97), axis="z")
    s.cylinder(window, (0.26, 0.74), (0.18, 0.62), (0.93, 1.0), axis="z")
    s.cylinder(LIGHT_GREY, (0.78, 0.9), (0.75, 0.83), (0.94, 0.985), axis="z")


def _television(s: Sketch) -> None:
    depth = s.asset.size[2]
    frame = s.pick("frame", (BLACK, (0.14, 0.14, 0.15), (0.60, 0.61, 0.63)))
    if depth < 0.12:
        s.box(frame, FULL, FULL, (0.3, 0.94))
        s.box(DARK_GREY, (0.25, 0.75), (0.25, 0.75), (0.0, 0.3))
        s.box(SCREEN, (0.025, 0.975), (0.05, 0.96), (0.94, 1.0))
        return
    middle, thick = 0.5, s.share("z", 0.05, 0.4)
    low, high = middle - thick / 2, middle + thick / 2
    s.box(frame, FULL, (0.1, 1.0), (low, high))
    s.box(SCREEN, (0.025, 0.975), (0.14, 0.965), (high, high + s.share("z", 0.006)))
    s.box(DARK_GREY, (0.44, 0.56), (0.02, 0.2), (low - 0.02, low + 0.6 * thick))
    s.box(DARK_GREY, (0.26, 0.74), (0.0, 0.03), FULL)


def _laptop(s: Sketch) -> None:
    skin = s.pick("body", (STEEL, (0.62, 0.63, 0.66), (0.26, 0.27, 0.29)))
    hinge = 0.22
    base = s.share("y", 0.02)
    s.box(skin, FULL, (0.0, base), (hinge, 1.0))
    s.box(DARK_GREY, (0.06, 0.94), (base, base + s.share("y", 0.003)), (hinge + 0.06, 0.66))
    s.box(shaded(skin, 0.8), (0.36, 0.64), (base, base + s.share("y", 0.002)), (0.72, 0.94))
    lid = s.lean(
        shaded(skin, 0.7), FULL, (0.3 * base, 1.0), (0.0, hinge), about="x", thick=0.01, back=True
    )
    margin = 0.05 * s.asset.size[1]
    s.panel(lid, LIT_SCREEN, margin, 0.002)


def _desktop(s: Sketch) -> None:
    s.box(BLACK, (0.0, 0.62), (0.2, 1.0), (0.3, 0.46))
    s.box(LIT_SCREEN, (0.02, 0.6), (0.24, 0.97), (0.46, 0.49))
    s.box(DARK_GREY, (0.27, 0.35), (0.02, 0.3), (0.2, 0.3))
    s.box(DARK_GREY, (0.16, 0.46), (0.0, 0.03), (0.05, 0.55))
    s.box(DARK_GREY, (0.76, 1.0), (0.0, 0.8), (0.0, 0.96))
    s.box(LIGHT_GREY, (0.79, 0.97), (0.6, 0.64), (0.96, 1.0))
    s.box(GREY, (0.06, 0.56), (0.0, 0.04), (0.68, 1.0))


def _vacuum(s: Sketch) -> None:
    s.box(DARK_GREY, FULL, (0.0, 0.12), (0.3, 1.0))
    s.cylinder(BLUE, (0.2, 0.8), (0.12, 0.5), (0.2, 0.75))
    s.cylinder(LIGHT_GREY, (0.3, 0.7), (0.5, 0.62), (0.25, 0.7))
    s.lean(
        GREY,
        (0.44, 0.56),
        (0.5, 1.0),
        (0.0, 0.5),
        about="x",
        thick=0.03,
        back=True,
        kind="cylinder",
    )
    s.cylinder(RED, (0.3, 0.7), (0.04, 0.12), (0.7, 0.98), axis="x")


def _light_switch(s: Sketch) -> None:
    plate = s.pick("plate", (WHITE, (0.90, 0.87, 0.78)))
    s.box(plate, FULL, FULL, (0.0, 0.4))
    count = 2 if s.asset.size[0] > 0.15 else 1
    for index in range(count):
        middle = (index + 0.5) / count
        s.box(shaded(plate, 0.8), (middle - 0.14, middle + 0.14), (0.25, 0.75), (0.35, 0.7))
        s.box(shaded(plate, 0.95), (middle - 0.08, middle + 0.08), (0.5, 0.7), (0.5, 1.0))


def _alarm_clock(s: Sketch) -> None:
    case = s.pick("case", ((0.78, 0.14, 0.12), (0.12, 0.36, 0.62), (0.14, 0.46, 0.36), BLACK))
    if s.asset.size[0] > 1.35 * s.asset.size[1]:
        s.box(BLACK, (0.01, 0.99), (0.06, 1.0), (0.01, 0.86))
        s.box(shaded(BLACK, 2.0), FULL, (0.0, 0.08), FULL)
        s.box(SCREEN, (0.06, 0.94), (0.2, 0.86), (0.84, 0.94))
        for x in ((0.14, 0.44), (0.56, 0.86)):
            s.box(RED, x, (0.3, 0.75), (0.92, 0.98))
        s.ball(GREEN, (0.47, 0.53), (0.4, 0.62), (0.9, 0.98))
        return
    s.cylinder(case, (0.04, 0.96), (0.05, 0.85), (0.0, 0.9), axis="z")
    s.cylinder(WHITE, (0.12, 0.88), (0.12, 0.78), (0.8, 0.96), axis="z")
    s.box(BLACK, (0.47, 0.53), (0.43, 0.73), (0.93, 1.0))
    for x in ((0.0, 0.42), (0.58, 1.0)):
        s.ball(STEEL, x, (0.7, 1.0), (0.1, 0.8))
    s.box(shaded(case, 0.6), (0.14, 0.86), (0.0, 0.09), (0.1, 0.85))


TEMPLATES = {
    "AlarmClock": _alarm_clock,
    "ClothesDryer": _dryer,
    "CoffeeMachine": _coffee_machine,
    "Desktop": _desktop,
    "Fridge": _fridge,
    "Laptop": _laptop,
    "LightSwitch": _light_switch,
    "Microwave": _microwave,
    "Television": _television,
    "Toaster": _toaster,
    "VacuumCleaner": _vacuum,
    "WashingMachine": _washer,
}
