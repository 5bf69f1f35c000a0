"""`GalleryCard`: one question of a gallery as HTML, with its pictures in it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from ...errors import SpatuneError, first_line
from ..mixes.marks import draw_marks
from ..questions.question import LETTERS, Question
from ..scenes.scene import SceneObject
from ..scenes.trajectory import Frame, Trajectory, sampled_places
from .box_lines import Colour, draw_box

_QUALITY = 70
_COLOURS: tuple[Colour, ...] = (
    (255, 60, 60),
    (60, 160, 255),
    (60, 220, 90),
    (255, 200, 40),
    (230, 90, 255),
    (60, 230, 230),
)


@dataclass(frozen=True)
class GalleryCard:
    """What is shown of a question.

    Attributes:
        question: The question.
        folder: The folder of its trajectory.
        trajectory: Its trajectory, or None where there are no pictures.
        frames: Most frames to show.
        width: Of a picture, pixels.
    """

    question: Question
    folder: Path
    trajectory: Trajectory | None
    frames: int
    width: int

    def html(self) -> str:
        """An `<article>` element.

        Raises:
            SpatuneError: The trajectory lacks a frame that the question shows, or an image cannot
                be read.
        """
        question = self.question
        parts = [
            f"<article><header>{escape(question.id)}</header>",
            f"<div class=strip>{''.join(self._pictures())}</div>",
            f"<p class=question>{escape(question.question)}</p>",
            self._options() or f"<p class=answer>{escape(question.answer)}</p>",
            f"<details><summary>provenance</summary><pre>{_indented(question.provenance)}</pre>"
            "</details>",
        ]
        if question.reasoning:
            parts.append(
                f"<details><summary>derivation</summary><p>{escape(question.reasoning)}</p></details>"
            )
        return "\n".join([*parts, "</article>"])

    @property
    def things(self) -> list[SceneObject]:
        """Objects of the scene that the provenance names, in its order."""
        if self.trajectory is None:
            return []
        known = self.trajectory.scene.by_id
        names = dict.fromkeys(n for n in _texts(self.question.provenance) if n in known)
        return [known[name] for name in names]

    def _options(self) -> str:
        items = [
            f"<li{' class=right' if letter == self.question.letter else ''}>{letter}. "
            f"{escape(text)}</li>"
            for letter, text in zip(LETTERS, self.question.options, strict=False)
        ]
        return f"<ul>{''.join(items)}</ul>" if items else ""

    def _pictures(self) -> Iterator[str]:
        if self.trajectory is None:
            return
        by_index = {frame.index: frame for frame in self.trajectory.frames}
        shown = self.question.frames
        for place in sampled_places(len(shown), self.frames):
            if shown[place] not in by_index:
                raise SpatuneError(
                    f"{self.folder}: no frame {shown[place]}, which question {self.question.id} "
                    "shows; generate the trajectory again"
                )
            yield self._picture(by_index[shown[place]], place)
        if len(shown) > self.frames:
            yield f"<span>{self.frames} of {len(shown)} frames</span>"

    def _picture(self, frame: Frame, place: int) -> str:
        file = self.folder / (frame.file or f"frames/{frame.index:06d}.jpg")
        try:
            with Image.open(file) as opened:
                image = opened.convert("RGB")
        except OSError as error:
            raise SpatuneError(f"{file} cannot be read: {first_line(error)}") from None
        image = image.resize((self.width, round(self.width * image.height / image.width)))
        for number, thing in enumerate(self.things):
            # A box behind a wall would tell what nobody sees.
            if thing.id in frame.sightings:
                colour = _COLOURS[number % len(_COLOURS)]
                draw_box(image, thing.box, frame.camera, thing.category, colour)
        if self.question.marks:
            image = draw_marks(image, self.question.marks[place])
        stream = BytesIO()
        image.save(stream, "JPEG", quality=_QUALITY)
        data = b64encode(stream.getvalue()).decode()
        return (
            f'<figure><img src="data:image/jpeg;base64,{data}" alt="frame {frame.index}">'
            f"<figcaption>{frame.index}</figcaption></figure>"
        )


def _texts(value: Any) -> Iterator[str]:
    """All strings in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)


def _indented(value: Any) -> str:
    """JSON with short lists on one line."""
    lines = [f"{name}: {json.dumps(held)}" for name, held in value.items()]
    return escape("\n".join(lines))
