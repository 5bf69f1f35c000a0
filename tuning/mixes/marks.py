"""`draw_marks`: labelled circles on an image."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_RADIUS = 0.022
"""Of the shorter side."""
_COLOURS = ((230, 30, 30), (30, 90, 230), (20, 150, 60), (235, 140, 0))


def draw_marks(image: Image.Image, marks: Sequence[tuple[str, float, float]]) -> Image.Image:
    """A copy of an image with a small labelled circle around each marked pixel.

    Args:
        image: Any mode; the copy is RGB.
        marks: Label, column and row; columns and rows are 0..1 fractions of the image.
    """
    image = image.convert("RGB")
    draw = ImageDraw.Draw(image)
    radius = max(4.0, _RADIUS * min(image.size))
    font = ImageFont.load_default(max(10.0, 2.6 * radius))
    for number, (label, column, row) in enumerate(marks):
        x, y = column * image.width, row * image.height
        for grown, colour in ((1.5, (255, 255, 255)), (0.0, _COLOURS[number % len(_COLOURS)])):
            r = radius + grown
            width = round(2 + 2 * grown / 1.5)
            draw.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=width)
        right = x < image.width * 0.85
        draw.text(
            (x + (radius + 3) * (1 if right else -1), min(max(y, radius), image.height - radius)),
            label,
            anchor="lm" if right else "rm",
            font=font,
            fill=_COLOURS[number % len(_COLOURS)],
            stroke_width=2,
            stroke_fill=(255, 255, 255),
        )
    return image
