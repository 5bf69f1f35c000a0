"""`TEMPLATES` of what one sits on."""

from __future__ import annotations

from .palette import DARK_GREY, LIGHT_GREY, STEEL, WATER, WHITE, shaded
from .sketch import FULL, Sketch


def _chair(s: Sketch) -> None:
    if "office" in s.asset.id:
        _office_chair(s)
        return
    wood = s.paint("frame", "metal", "wood")
    seat = s.paint("seat", "fabric", "plastic", "wood")
    height = max(0.42, min(0.58, 0.46 / s.asset.size[1]))
    rail = s.share("y", 0.05)
    post, deep = s.share("x", 0.04), s.share("z", 0.04)
    s.legs(shaded(wood, 0.85), height - rail, 0.045)
    s.box(seat, (0.01, 0.99), (height - rail, height), (0.02, 0.99))
    if s.chance("back") < 0.5:
        s.box(shaded(seat, 0.9), (0.04, 0.96), (height, 1.0), (0.0, deep))
    else:
        for x in ((0.0, post), (1 - post, 1.0)):
            s.box(wood, x, (height, 1.0), (0.0, deep))
        for low, high in ((0.42, 0.55), (0.72, 0.97)):
            y = (height + low * (1 - height), height + high * (1 - height))
            s.box(seat, (post, 1 - post), y, (0.2 * deep, 0.8 * deep))


def _office_chair(s: Sketch) -> None:
    cloth = s.pick("seat", ((0.16, 0.17, 0.19), (0.20, 0.30, 0.48), (0.45, 0.16, 0.16)))
    foot = s.share("y", 0.06)
    s.box(DARK_GREY, FULL, (0.0, foot), (0.46, 0.54))
    s.box(DARK_GREY, (0.46, 0.54), (0.0, foot), FULL)
    s.cylinder(STEEL, (0.44, 0.56), (foot, 0.42), (0.44, 0.56))
    s.box(cloth, (0.12, 0.88), (0.42, 0.5), (0.12, 0.92))
    s.box(shaded(cloth, 0.85), (0.16, 0.84), (0.55, 1.0), (0.04, 0.14))
    s.box(DARK_GREY, (0.45, 0.55), (0.44, 0.6), (0.06, 0.16))
    for x in ((0.06, 0.12), (0.88, 0.94)):
        s.box(DARK_GREY, x, (0.46, 0.64), (0.3, 0.72))


def _stool(s: Sketch) -> None:
    wood = s.paint("frame", "metal", "plastic", "wood")
    seat = s.paint("seat", "fabric", "plastic", "wood")
    top = 1 - s.share("y", 0.05)
    s.legs(wood, top, 0.04, (0.1, 0.9), (0.1, 0.9))
    width, _, depth = s.asset.size
    if abs(width - depth) < 0.02:
        s.oval(shaded(seat, 1.1), FULL, (top, 1.0), FULL)
    else:
        s.box(shaded(seat, 1.1), FULL, (top, 1.0), FULL)
    s.box(shaded(wood, 0.85), (0.12, 0.88), (0.3, 0.34), (0.12, 0.88))


def _sofa(s: Sketch) -> None:
    width, height, depth = s.asset.size
    cloth = s.paint("cloth", "fabric")
    cushion = shaded(cloth, 1.16)
    arm, back = s.share("x", 0.2, 0.2), s.share("z", 0.24, 0.3)
    seat = max(0.42, min(0.6, 0.44 / height))
    # A deep sofa has a long seat at its right end.
    front = 1.0 if depth < 1.25 else 0.95 / depth
    foot = s.share("y", 0.06)
    s.box(shaded(cloth, 0.8), (0.01, 0.99), (foot, seat - 0.12), (0.01, 0.99 * front))
    s.box(cloth, (arm, 1 - arm), (foot, 1.0), (0.0, back))
    for x in ((0.0, arm), (1 - arm, 1.0)):
        s.box(shaded(cloth, 0.92), x, (foot, seat + 0.16), (0.0, front))
    count = 3 if width > 2.1 else 2
    each = (1 - 2 * arm) / count
    for index in range(count):
        x = (arm + (index + 0.02) * each, arm + (index + 0.98) * each)
        s.box(cushion, x, (seat - 0.14, seat), (back, front * 0.98))
    if front < 1:
        s.box(shaded(cloth, 0.85), (0.68, 1 - arm), (foot, seat - 0.14), (front, 1.0))
        s.box(cushion, (0.68, 1 - arm), (seat - 0.14, seat), (front, 0.99))
    _feet(s, foot, front)


def _armchair(s: Sketch) -> None:
    height = s.asset.size[1]
    cloth = s.paint("cloth", "fabric")
    arm, back = s.share("x", 0.16, 0.2), s.share("z", 0.18, 0.25)
    seat = max(0.4, min(0.62, 0.44 / height))
    if {"Wood", "Metal"} & set(s.asset.materials) and "Sofa" not in s.asset.materials:
        frame = s.paint("frame", "metal", "wood")
        s.legs(frame, seat - 0.1, 0.06)
        foot = seat - 0.12
    else:
        foot = s.share("y", 0.06)
        _feet(s, foot, 1.0)
    s.box(shaded(cloth, 0.8), (0.005, 0.995), (foot, seat - 0.05), (0.01, 1.0))
    s.box(cloth, (0.5 * arm, 1 - 0.5 * arm), (foot + 0.02, 1.0), (0.0, back))
    for x in ((0.0, arm), (1 - arm, 1.0)):
        s.box(shaded(cloth, 0.92), x, (foot + 0.01, seat + 0.2), (0.02, 0.98))
    s.box(shaded(cloth, 1.16), (arm, 1 - arm), (seat - 0.06, seat + 0.06), (back, 0.99))


def _feet(s: Sketch, height: float, front: float) -> None:
    """Two bars under a sofa, which read as its feet."""
    for x in ((0.03, 0.08), (0.92, 0.97)):
        s.box(DARK_GREY, x, (0.0, height), (0.04, front - 0.04))


def _ottoman(s: Sketch) -> None:
    cloth = s.paint("cloth", "fabric")
    s.legs(s.paint("legs", "wood"), 0.25, 0.05, (0.03, 0.97), (0.03, 0.97))
    s.box(shaded(cloth, 0.85), FULL, (0.18, 0.68), FULL)
    s.box(cloth, (0.02, 0.98), (0.68, 1.0), (0.02, 0.98))


def _footstool(s: Sketch) -> None:
    seat = s.paint("seat", "fabric", "plastic", "wood")
    s.legs(s.paint("legs", "wood"), 0.8, 0.04, round_legs=True)
    s.box(shaded(seat, 0.85), FULL, (0.72, 0.9), FULL)
    s.box(seat, (0.04, 0.96), (0.9, 1.0), (0.04, 0.96))


def _toilet(s: Sketch) -> None:
    rim = 0.43
    s.box(shaded(WHITE, 0.92), (0.28, 0.72), (0.0, rim - 0.1), (0.12, 0.72))
    s.ball(WHITE, (0.13, 0.87), (0.06, rim - 0.005), (0.28, 0.99))
    s.ball(WHITE, (0.12, 0.88), (rim - 0.06, rim), (0.26, 1.0))
    s.ball(WATER, (0.27, 0.73), (rim - 0.03, rim + 0.006), (0.4, 0.9))
    s.box(shaded(WHITE, 0.96), (0.14, 0.86), (rim, 0.8), (0.25, 0.29))
    s.box(WHITE, (0.03, 0.97), (0.36, 0.94), (0.0, 0.23))
    s.box(shaded(WHITE, 0.97), FULL, (0.94, 0.985), (0.0, 0.25))
    s.cylinder(LIGHT_GREY, (0.44, 0.56), (0.98, 1.0), (0.09, 0.16))


TEMPLATES = {
    "ArmChair": _armchair,
    "Chair": _chair,
    "Footstool": _footstool,
    "Ottoman": _ottoman,
    "Sofa": _sofa,
    "Stool": _stool,
    "Toilet": _toilet,
}
