"""`draw_box`: the outline of a 3D box on an image."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..scenes.box import Box
from ..scenes.pinhole import Pinhole

_NEAR = 0.05
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1]

Colour = tuple[int, int, int]


def box_lines(box: Box, camera: Pinhole) -> list[tuple[float, float, float, float]]:
    """The edges of a box in an image: column and row of both ends, as 0..1 fractions.

    Edges are cut at a plane shortly before the camera; those behind it are left out.
    """
    local = camera.to_camera(box.corners)
    lines = []
    for first, second in _EDGES:
        ends = _before_camera(local[first], local[second])
        if ends is not None:
            seen = camera.project(camera.to_scene(np.stack(ends)))[:, :2]
            x0, y0, x1, y1 = (seen / [camera.width, camera.height]).ravel().tolist()
            lines.append((x0, y0, x1, y1))
    return lines


def draw_box(image: Image.Image, box: Box, camera: Pinhole, label: str, colour: Colour) -> None:
    """Draw a box and a label on an RGB image of any size that `camera` took."""
    draw = ImageDraw.Draw(image)
    scale = np.array([image.width, image.height] * 2)
    lines = [tuple((np.array(line) * scale).tolist()) for line in box_lines(box, camera)]
    for line in lines:
        draw.line(line, fill=colour, width=1)
    inside = [
        (x, y)
        for line in lines
        for x, y in (line[:2], line[2:])
        if 0 <= x < image.width and 0 <= y < image.height
    ]
    if inside:
        x, y = min(inside, key=lambda end: (end[1], end[0]))
        font = ImageFont.load_default(11)
        place = (min(x, image.width - font.getlength(label)), max(y - 13, 0))
        draw.rectangle(draw.textbbox(place, label, font=font), fill=(0, 0, 0))
        draw.text(place, label, font=font, fill=colour)


def _before_camera(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The part of an edge at a depth of at least `_NEAR`, in camera coordinates."""
    if first[2] < _NEAR and second[2] < _NEAR:
        return None
    for _ in range(2):
        if first[2] < _NEAR:
            first = first + (second - first) * (_NEAR - first[2]) / (second[2] - first[2])
        first, second = second, first
    return first, second
