"""`contact_sheet` and `tile_films`: filmed episodes as one picture and as one film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_GREEN, _RED, _WHITE = (40, 160, 70), (190, 50, 50), (255, 255, 255)
_BORDER = 4
_LABEL = 26


@dataclass(frozen=True)
class Film:
    """One filmed episode.

    Attributes:
        label: Words above it.
        success: Its outcome, shown as a green or a red bar.
        frames: uint8 (frames, height, width, 3).
    """

    label: str
    success: bool
    frames: np.ndarray


def contact_sheet(films: Sequence[Film], columns: int = 6, height: int = 128) -> np.ndarray:
    """One row an episode, time from left to right, first and last frame included.

    Args:
        films: Episodes of one frame size.
        columns: Frames a row.
        height: Height of a frame in the sheet, pixels.

    Returns:
        uint8 (rows, columns, 3).
    """
    rows = []
    for film in films:
        picks = np.linspace(0, len(film.frames) - 1, columns).round().astype(int)
        row = np.concatenate([_scaled(film.frames[pick], height) for pick in picks], axis=1)
        rows += [_label(film, row.shape[1]), row]
    return np.concatenate(rows, axis=0)


def tile_films(films: Sequence[Film], height: int = 256) -> list[np.ndarray]:
    """All episodes side by side; one that has ended holds its last frame.

    Args:
        films: Episodes of one frame size.
        height: Height of an episode in the film, pixels.

    Returns:
        Frames, uint8 (height, width, 3), as many as the longest episode has.
    """
    across = ceil(sqrt(len(films) / 2))
    labels = [_label(film, _width(film, height)) for film in films]
    frames = []
    for index in range(max(len(film.frames) for film in films)):
        cells = [
            np.concatenate([label, _scaled(film.frames[min(index, len(film.frames) - 1)], height)])
            for film, label in zip(films, labels, strict=True)
        ]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % across)
        lines = [
            np.concatenate(cells[start : start + across], axis=1)
            for start in range(0, len(cells), across)
        ]
        frames.append(np.concatenate(lines, axis=0))
    return frames


def _width(film: Film, height: int) -> int:
    return round(film.frames.shape[2] * height / film.frames.shape[1])


def _scaled(frame: np.ndarray, height: int) -> np.ndarray:
    width = round(frame.shape[1] * height / frame.shape[0])
    return np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR))


def _label(film: Film, width: int) -> np.ndarray:
    picture = Image.new("RGB", (width, _LABEL), _GREEN if film.success else _RED)
    text = f"{'success' if film.success else 'failure'}, {film.label}"
    font = ImageFont.load_default(size=_LABEL - 3 * _BORDER)
    ImageDraw.Draw(picture).text((_BORDER, _BORDER), text, fill=_WHITE, font=font)
    return np.asarray(picture)
