"""`BLINK`: BLINK (arXiv 2404.12390), what people see at a glance, in 14 tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..benchmark import Scored, Variant, category_means, mean_of, mean_score
from ..rows import Row, list_field, text_field
from ..sample import Sample
from .letter_benchmark import truth_letter
from .parentheses_benchmark import ParenthesesBenchmark, parentheses_variants
from .row_benchmark import NO_PICTURE, row_media

HIDDEN = "its answer is not published"


class BLINK(ParenthesesBenchmark):
    """Rows {idx, sub_task, question, choices, answer "(A)", image_1 .. image_4}."""

    name = "blink"
    title = "BLINK"
    variants = parentheses_variants("mean over tasks")

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

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is the mean of the tasks' means, `mean` that of all samples."""
        return {"overall": mean_of(category_means(scored).values()), "mean": mean_score(scored)}
