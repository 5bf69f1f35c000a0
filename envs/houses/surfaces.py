"""`Surface`: how a named AI2-THOR material looks here, as a colour and a drawn pattern."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .house import Colour, Material

Pattern = Literal["plain", "planks", "tiles", "bricks", "carpet"]

TEXTURE_PIXELS = 128
METRES_A_TEXTURE = 2.0

_PATTERNS: tuple[tuple[Pattern, tuple[str, ...]], ...] = (
    ("bricks", ("brick",)),
    ("tiles", ("tile", "marble", "granite", "ceramic", "kitchenfloor", "hex", "checker")),
    ("carpet", ("carpet", "rug", "fabric", "cloth", "leather", "wicker")),
    ("planks", ("wood", "floor", "plank", "cabinet", "beams", "boards")),
)
_COLOURS: tuple[tuple[str, Colour], ...] = (
    ("white", (0.90, 0.89, 0.86)),
    ("black", (0.16, 0.15, 0.15)),
    ("pink", (0.86, 0.68, 0.68)),
    ("orange", (0.80, 0.52, 0.30)),
    ("green", (0.48, 0.60, 0.46)),
    ("blue", (0.45, 0.55, 0.70)),
    ("robin", (0.55, 0.75, 0.76)),
    ("yellow", (0.85, 0.76, 0.45)),
    ("red", (0.60, 0.30, 0.24)),
    ("brick", (0.62, 0.38, 0.30)),
    ("cream", (0.88, 0.82, 0.70)),
    ("beige", (0.84, 0.77, 0.65)),
    ("eggshell", (0.88, 0.85, 0.78)),
    ("sand", (0.82, 0.74, 0.60)),
    ("grey", (0.60, 0.60, 0.60)),
    ("gray", (0.60, 0.60, 0.60)),
    ("concrete", (0.62, 0.61, 0.59)),
    ("dark", (0.34, 0.24, 0.18)),
    ("light", (0.78, 0.65, 0.48)),
    ("medium", (0.60, 0.44, 0.30)),
    ("brown", (0.48, 0.35, 0.26)),
)
_PATTERN_COLOURS: dict[Pattern, Colour] = {
    "plain": (0.80, 0.78, 0.74),
    "planks": (0.62, 0.46, 0.32),
    "tiles": (0.74, 0.73, 0.70),
    "bricks": (0.62, 0.38, 0.30),
    "carpet": (0.62, 0.57, 0.50),
}


@dataclass(frozen=True)
class Surface:
    """A colour and a pattern.

    Attributes:
        colour: Mean colour.
        pattern: What is drawn on it.
    """

    colour: Colour
    pattern: Pattern

    def texture(self) -> np.ndarray:
        """Picture of `METRES_A_TEXTURE` square metres, uint8 (P, P, 3); it tiles without a seam."""
        shade = _SHADES[self.pattern](np.random.default_rng(_seed(repr(self))))
        colours = np.asarray(self.colour) * shade[..., None] * 255.0
        return np.clip(np.rint(colours), 0, 255).astype(np.uint8)


def surface_of(material: Material) -> Surface:
    """The look of a material: by the words in its name, tinted by its own colour if it has one."""
    name = material.name.lower()
    pattern = _pattern(name)
    if material.colour is not None:
        return Surface(material.colour, pattern)
    colour = _PATTERN_COLOURS[pattern]
    for word, found in _COLOURS:
        if word in name:
            colour = found
            break
    # Materials of one kind differ a little, so that two rooms do.
    shift = (_seed(material.name) % 1000 / 1000 - 0.5) * 0.12
    red, green, blue = (min(1.0, max(0.02, part + shift)) for part in colour)
    return Surface((red, green, blue), pattern)


def _pattern(name: str) -> Pattern:
    for pattern, words in _PATTERNS:
        if any(word in name for word in words):
            return pattern
    return "plain"


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _plain(random: np.random.Generator) -> np.ndarray:
    return np.ones((TEXTURE_PIXELS, TEXTURE_PIXELS))


def _planks(random: np.random.Generator) -> np.ndarray:
    """Boards of 1/4 m that run along x, each with its own shade and a dark joint."""
    shade = np.empty((TEXTURE_PIXELS, TEXTURE_PIXELS))
    width = TEXTURE_PIXELS // 8
    for board in range(8):
        rows = slice(board * width, (board + 1) * width)
        cut = int(random.integers(TEXTURE_PIXELS))
        shade[rows] = np.where(np.arange(TEXTURE_PIXELS) < cut, *random.uniform(0.86, 1.1, 2))
        shade[rows, cut] *= 0.7
    shade[::width] *= 0.72
    return shade


def _tiles(random: np.random.Generator) -> np.ndarray:
    """Square tiles of 1/2 m with light joints."""
    tiles = 4
    shade = random.uniform(0.94, 1.06, (tiles, tiles)).repeat(TEXTURE_PIXELS // tiles, 0)
    shade = shade.repeat(TEXTURE_PIXELS // tiles, 1)
    for offset in (0, 1):
        shade[offset :: TEXTURE_PIXELS // tiles] = 0.8
        shade[:, offset :: TEXTURE_PIXELS // tiles] = 0.8
    return shade


def _bricks(random: np.random.Generator) -> np.ndarray:
    """Courses of bricks, every other one shifted by half a brick."""
    courses, across = 16, 8
    height, length = TEXTURE_PIXELS // courses, TEXTURE_PIXELS // across
    shade = np.empty((TEXTURE_PIXELS, TEXTURE_PIXELS))
    for course in range(courses):
        row = random.uniform(0.85, 1.1, across).repeat(length)
        row[::length] = 1.3
        shade[course * height : (course + 1) * height] = np.roll(row, course % 2 * length // 2)
    shade[::height] = 1.3
    return shade


def _carpet(random: np.random.Generator) -> np.ndarray:
    return (
        random.uniform(0.9, 1.1, (TEXTURE_PIXELS // 2, TEXTURE_PIXELS // 2))
        .repeat(2, 0)
        .repeat(2, 1)
    )


_SHADES = {
    "plain": _plain,
    "planks": _planks,
    "tiles": _tiles,
    "bricks": _bricks,
    "carpet": _carpet,
}
