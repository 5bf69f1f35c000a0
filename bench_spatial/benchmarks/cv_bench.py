"""`CVBench`: CV-Bench (arXiv 2406.16860), choices on single pictures in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ...errors import SpatuneError
from ..benchmark import Scored, Variant, mean_score
from ..rows import Row, list_field, text_field
from ..sample import Sample
from ..scores.extraction import strict_choice
from .letter_benchmark import ANSWER_BY_LETTER, LetterBenchmark, truth_letter
from .row_benchmark import row_id, row_media

SOURCES = ("ADE20K", "COCO", "Omni3D")


class CVBench(LetterBenchmark):
    """Rows {idx?, task, image, question, choices, answer "(A)", source}."""

    name = "cv-bench"
    title = "CV-Bench"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="parentheses",
            extractor="robust",
            scoring="mean over sources",
            summary="The published prompt and total; letters and options in a sentence are read.",
        ),
        Variant(
            "strict",
            prompt="parentheses",
            extractor="letter-alone",
            scoring="mean over sources",
            summary="Its prompt and total; only a letter at the start is read.",
        ),
    )

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        options = tuple(str(choice) for choice in list_field(row, "choices", where))
        source = text_field(row, "source", where)
        if source not in SOURCES:
            raise SpatuneError(f"{where}: source {source!r} is none of {', '.join(SOURCES)}")
        media, skip = row_media(row, ("image", "filename"), where, folder)
        return Sample(
            id=row_id(row, number, "idx", "id"),
            benchmark=self.name,
            category=text_field(row, "task", where),
            scene="",
            question=text_field(row, "question", where),
            options=options,
            truth=truth_letter(text_field(row, "answer", where), options, where),
            form="choice",
            media=media,
            extra={"source": source},
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options as `(A) left`, and the wish for a letter."""
        return in_parentheses(sample)

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The first word, with or without parentheses, if it is a letter."""
        return strict_choice(raw.lstrip().replace("(", "").replace(")", ""), sample.letters)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is 1/2 ((ADE20K + COCO)/2 + Omni3D); None while a source has no answer."""
        parts = {
            source: mean_score([one for one in scored if one.sample.extra["source"] == source])
            for source in SOURCES
        }
        ade, coco, omni = parts.values()
        flat = None if ade is None or coco is None else (ade + coco) / 2
        both = None if flat is None or omni is None else (flat + omni) / 2
        return {"overall": both, "2D": flat, "3D": omni, **parts}


def in_parentheses(sample: Sample) -> str:
    """The wording of CV-Bench and BLINK, with the wish for a letter."""
    pairs = zip(sample.letters, sample.options, strict=True)
    options = "\n".join(f"({letter}) {text}" for letter, text in pairs)
    head = f"{sample.question} Select from the following choices."
    return f"{head}\n{options}\n{ANSWER_BY_LETTER}"
