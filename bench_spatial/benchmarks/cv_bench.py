"""`CVBench`: CV-Bench (arXiv 2406.16860), choices on single pictures in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import SpatuneError
from ..benchmark import Scored, Variant, mean_score
from ..rows import Row, list_field, text_field
from ..sample import Sample
from .letter_benchmark import truth_letter
from .parentheses_benchmark import ParenthesesBenchmark, parentheses_variants
from .row_benchmark import row_id, row_media

SOURCES = ("ADE20K", "COCO", "Omni3D")


class CVBench(ParenthesesBenchmark):
    """Rows {idx?, task, image, question, choices, answer "(A)", source}."""

    name = "cv-bench"
    title = "CV-Bench"
    variants = parentheses_variants("mean over sources")

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
