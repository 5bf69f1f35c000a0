"""`BLINK`: BLINK (arXiv 2404.12390), what people see at a glance, in 14 tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import ClassVar

from ..benchmark import Scored, Variant, category_means, mean_score
from ..rows import Row, list_field, text_field
from ..sample import Sample
from ..scores.extraction import strict_choice
from .cv_bench import in_parentheses
from .letter_benchmark import LetterBenchmark, truth_letter
from .row_benchmark import NO_PICTURE, row_media

HIDDEN = "its answer is not published"


class BLINK(LetterBenchmark):
    """Rows {idx, sub_task, question, choices, answer "(A)", image_1 .. image_4}."""

    name = "blink"
    title = "BLINK"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="parentheses",
            extractor="robust",
            scoring="mean over tasks",
            summary="The published prompt and total; letters and options in a sentence are read.",
        ),
        Variant(
            "strict",
            prompt="parentheses",
            extractor="letter-alone",
            scoring="mean over tasks",
            summary="Its prompt and total; only a letter at the start is read.",
        ),
    )

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row; one of the test split, whose answer is hidden, is skipped."""
        options = tuple(str(choice) for choice in list_field(row, "choices", where))
        answer = text_field(row, "answer", where)
        hidden = answer == "hidden"
        names = [f"image_{i}" for i in range(1, 5) if i == 1 or row.get(f"image_{i}") is not None]
        found = [row_media(row, (name,), where, folder) for name in names]
        missing = any(skip for _, skip in found)
        return Sample(
            id=text_field(row, "idx", where),
            benchmark=self.name,
            category=text_field(row, "sub_task", where),
            scene="",
            question=text_field(row, "question", where),
            options=options,
            truth="A" if hidden else truth_letter(answer, options, where),
            form="choice",
            media=tuple(one for media, _ in found for one in media),
            skip=HIDDEN if hidden else NO_PICTURE if missing else "",
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options as `(A) left`, and the wish for a letter."""
        return in_parentheses(sample)

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The first word, with or without parentheses, if it is a letter."""
        return strict_choice(raw.lstrip().replace("(", "").replace(")", ""), sample.letters)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is the mean of the tasks' means, `mean` that of all samples."""
        means = [value for value in category_means(scored).values() if value is not None]
        return {"overall": fmean(means) if means else None, "mean": mean_score(scored)}
