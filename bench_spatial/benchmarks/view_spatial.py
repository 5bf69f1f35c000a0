"""`ViewSpatial`: ViewSpatial-Bench (arXiv 2505.21500), directions from two points of view."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from ..benchmark import Variant
from ..rows import Row, text_field
from ..sample import Sample
from .letter_benchmark import LetterBenchmark, embedded_options, truth_letter
from .row_benchmark import row_id, row_media

REPLY = "Reply only to the corresponding option.\nAnswer:"

_LETTER = re.compile(r"\b([A-D])\b", re.IGNORECASE)


class ViewSpatial(LetterBenchmark):
    """Rows {question, choices, answer, question_type, images}; a row without id has its place."""

    name = "viewspatial"
    title = "ViewSpatial-Bench"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="official",
            extractor="last-line",
            scoring="accuracy",
            summary="The benchmark's own harness: the first letter in the last line.",
        ),
        Variant(
            "robust",
            prompt="official",
            extractor="robust",
            scoring="accuracy",
            summary="Its prompt, but answers anywhere in the text are read too.",
        ),
    )

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        choices = text_field(row, "choices", where)
        _, options = embedded_options(choices, ".")
        question = text_field(row, "question", where).replace(choices, "").strip()
        media, skip = row_media(row, ("images", "image_path"), where, folder)
        return Sample(
            id=row_id(row, number, "id"),
            benchmark=self.name,
            category=text_field(row, "question_type", where),
            scene="",
            question=question if options else f"{question}\n{choices}",
            options=options,
            truth=truth_letter(text_field(row, "answer", where), options, where),
            form="choice" if options else "text",
            media=media,
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options, and the wish for nothing else."""
        return "\n".join([sample.question, *sample.lettered, REPLY])

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The first lone A to D, in upper or lower case, of the last line."""
        found = _LETTER.search(raw.split("\n")[-1])
        return found[1].upper() if found else None
