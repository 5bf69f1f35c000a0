"""`contact_sheet`: many houses on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_TOP, _GAP = 208, 4
_VIEW = (_TOP - _GAP) // 2
_WIDTH, _NAME, _FACTS = _TOP + _GAP + _VIEW, 20, 17
_HEIGHT = _TOP + _GAP + _NAME + _FACTS
_SPACE, _HEADING, _EDGE = 18, 40, 20
_PAPER, _INK, _GREY = (255, 255, 255), (20, 20, 20), (95, 95, 95)
_FONT, _HEADING_FONT = 15, 24


@dataclass(frozen=True, eq=False)
class Card:
    """One house on the page.

    Attributes:
        group: Heading under which it stands.
        name: Its name.
        facts: A line about it.
        top: Its map, uint8 (S, S, 3).
        views: Two first-person views, uint8 (S, S, 3), or fewer.
    """

    group: str
    name: str
    facts: str
    top: np.ndarray
    views: tuple[np.ndarray, ...]


def contact_sheet(cards: Sequence[Card], columns: int = 6) -> Image.Image:
    """All cards in their order, with a heading wherever the group changes.

    Args:
        cards: At least one.
        columns: Houses a row; fewer where no group has as many.
    """
    groups = [(name, list(group)) for name, group in groupby(cards, key=lambda card: card.group)]
    columns = min(columns, max(len(group) for _, group in groups))
    rows = sum(-(-len(group) // columns) for _, group in groups)
    width = 2 * _EDGE + columns * _WIDTH + (columns - 1) * _SPACE
    height = 2 * _EDGE + len(groups) * _HEADING + rows * (_HEIGHT + _SPACE) - _SPACE
    page = Image.new("RGB", (width, height), _PAPER)
    y = _EDGE
    for name, group in groups:
        count = f"{len(group)} house{'' if len(group) == 1 else 's'}"
        _write(page, (_EDGE, y), f"{name}: {count}", _HEADING_FONT, _INK)
        y += _HEADING
        for first in range(0, len(group), columns):
            for column, card in enumerate(group[first : first + columns]):
                _draw(page, card, (_EDGE + column * (_WIDTH + _SPACE), y))
            y += _HEIGHT + _SPACE
    return page


def _draw(page: Image.Image, card: Card, corner: tuple[int, int]) -> None:
    x, y = corner
    page.paste(_scaled(card.top, _TOP), (x, y))
    for number, view in enumerate(card.views):
        page.paste(_scaled(view, _VIEW), (x + _TOP + _GAP, y + number * (_VIEW + _GAP)))
    _write(page, (x, y + _TOP + _GAP), card.name, _FONT, _INK)
    _write(page, (x, y + _TOP + _GAP + _NAME), card.facts, _FONT, _GREY)


def _scaled(picture: np.ndarray, size: int) -> Image.Image:
    return Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS)


def _write(
    page: Image.Image,
    corner: tuple[int, int],
    words: str,
    size: int,
    colour: tuple[int, int, int],
) -> None:
    """Write words, cut to the width of a card."""
    font, draw = ImageFont.load_default(size=size), ImageDraw.Draw(page)
    while len(words) > 1 and draw.textlength(words, font=font) > _WIDTH:
        words = words[:-2] + "…" if len(words) > 2 else words[:1]
    draw.text(corner, words, fill=colour, font=font)
