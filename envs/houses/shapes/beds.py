"""`TEMPLATES` of beds and what lies on them."""

from __future__ import annotations

from ..house import Colour
from .palette import CREAM, WHITE, shaded
from .sketch import FULL, Sketch, Span


def _bed(s: Sketch) -> None:
    width, height, _ = s.asset.size
    wood = s.paint("frame", "wood")
    cover = s.paint("cover", "cloth")
    board = s.share("z", 0.06)
    if height > 1.6:
        _tall_bed(s, wood, cover, board)
        return
    top = min(0.86, 0.56 / height)
    s.box(wood, FULL, FULL, (0.0, board))
    s.box(shaded(wood, 0.9), FULL, (0.0, 0.8 * top), (1 - board, 1.0))
    s.box(shaded(wood, 0.85), (0.01, 0.99), (0.25 * top, 0.6 * top), (board, 1 - board))
    s.box(WHITE, (0.03, 0.97), (0.6 * top, 0.93 * top), (board, 0.985 - board))
    s.box(cover, (0.015, 0.985), (0.5 * top, top), (0.36, 0.99 - board))
    s.box(shaded(cover, 1.3), (0.02, 0.98), (0.6 * top, 1.01 * top), (0.33, 0.39))
    _pillows(s, (0.9 * top, min(1.0, 1.25 * top)), (board, 0.29), width)


def _tall_bed(s: Sketch, wood: Colour, cover: Colour, board: float) -> None:
    """A bunk bed, or a four-poster if it is wide: four posts and what they carry."""
    width, height, _ = s.asset.size
    post = 0.07
    s.legs(wood, 1.0, post)
    beds: tuple[Span, ...] = ((0.12, 0.12 + 0.3 / height),)
    if width < 1.4:
        beds += ((0.66, 0.66 + 0.3 / height),)
    else:
        s.box(shaded(wood, 0.9), (0.01, 0.99), (0.97, 0.995), (0.01, 0.99))
        s.box(shaded(wood, 0.85), (0.01, 0.99), (0.1, 0.55), (0.005, board))
    for low, high in beds:
        s.box(shaded(wood, 0.85), (0.01, 0.99), (low, low + 0.05), (0.01, 0.99))
        s.box(WHITE, (0.04, 0.96), (low + 0.05, high), (0.03, 0.97))
        s.box(cover, (0.03, 0.97), (low + 0.06, high + 0.012), (0.34, 0.975))
    _pillows(s, (beds[-1][1] - 0.01, beds[-1][1] + 0.06), (board, 0.27), 1.0)


def _pillows(s: Sketch, y: Span, z: Span, width: float) -> None:
    places: tuple[Span, ...] = ((0.18, 0.82),) if width < 1.2 else ((0.07, 0.47), (0.53, 0.93))
    for x in places:
        s.ball(CREAM, x, y, z)


def _pillow(s: Sketch) -> None:
    cloth = s.paint("cloth", "cloth")
    # Flat corners around a round middle.
    s.ball(cloth)
    s.box(shaded(cloth, 0.92), (0.03, 0.97), (0.4, 0.6), (0.03, 0.97))


def _dog_bed(s: Sketch) -> None:
    cloth = s.paint("rim", "fabric")
    s.box(shaded(cloth, 0.8), (0.06, 0.94), (0.0, 0.3), (0.06, 0.94))
    s.ball(CREAM, (0.1, 0.9), (0.1, 0.6), (0.1, 0.95))
    s.ball(cloth, (0.0, 0.2), (0.0, 1.0), FULL)
    s.ball(cloth, (0.8, 1.0), (0.0, 1.0), FULL)
    s.ball(cloth, FULL, FULL, (0.0, 0.24))


TEMPLATES = {"Bed": _bed, "DogBed": _dog_bed, "Pillow": _pillow}
