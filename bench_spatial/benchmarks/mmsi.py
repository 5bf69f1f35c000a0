"""`MMSIBench`: MMSI-Bench (arXiv 2505.23764), 1,000 choices over several pictures each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from ..benchmark import Variant
from ..rows import Row, text_field
from ..sample import Sample
from .letter_benchmark import ANSWER_BY_LETTER, LetterBenchmark, embedded_options, truth_letter
from .row_benchmark import row_media

IN_BACKTICKS = f"{ANSWER_BY_LETTER} Enclose the option's letter within ``."

_FENCES = (r"``([^`]*)``", r"`([^`]*)`", r"\{([^}]*)\}")
_LONE = re.compile(r"\b[A-F]\b(?!\s[a-zA-Z])")
_HEADER = re.compile(r"\s*Options?:\s*$")


class MMSIBench(LetterBenchmark):
    """Rows {id, images, question_type, question, answer}; options stand in the question.

    The circular protocol (right only if right in every rotation of the options) is the run's mode
    `circular`.
    """

    name = "mmsi"
    title = "MMSI-Bench"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="backticks",
            extractor="backticks",
            scoring="accuracy",
            summary="The benchmark's own harness: the letter between backticks.",
        ),
        Variant(
            "robust",
            prompt="backticks",
            extractor="robust",
            scoring="accuracy",
            summary="Its prompt, but answers in sentences are read too.",
        ),
    )
    max_new_tokens = 512

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        question, options = embedded_options(text_field(row, "question", where), ":")
        media, skip = row_media(row, ("images",), where, folder)
        return Sample(
            id=text_field(row, "id", where),
            benchmark=self.name,
            category=text_field(row, "question_type", where),
            scene="",
            question=_HEADER.sub("", question) if options else question,
            options=options,
            truth=truth_letter(text_field(row, "answer", where), options, where),
            form="choice" if options else "text",
            media=media,
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question and options as the row writes them, then the wish for backticks."""
        lettered = zip(sample.letters, sample.options, strict=True)
        options = ", ".join(f"{letter}: {text}" for letter, text in lettered)
        lines = [sample.question, *([f"Options: {options}"] if options else []), IN_BACKTICKS]
        return "\n".join(lines)

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The first lone letter inside ``..``, then inside `..`, then inside {..}, then anywhere.

        Each fence that is there narrows the text to what is in it, as published. A letter before a
        space and a letter does not count: it may be the article of "A chair".
        """
        for fence in _FENCES:
            inside = re.search(fence, raw)
            if inside:
                raw = inside[1]
        found = _LONE.search(raw)
        return found[0] if found else None
