"""`GeneralQA`: questions of any kind in one plain row format, to see what tuning has cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from ...agent.question_wording import LETTER, OPTIONS, SHORT
from ...errors import SpatuneError
from ..benchmark import Variant
from ..rows import Row, list_field, text_field
from ..sample import Sample
from ..scores.choice import choice_score
from ..scores.extraction import robust_choice
from .letter_benchmark import truth_letter
from .row_benchmark import RowBenchmark, row_id, row_media

_LETTERED = re.compile(r"[A-Z][.):]\s+(.*\S)\s*", re.DOTALL)


class GeneralQA(RowBenchmark):
    """Rows {question, answer, images, options?, category?, id?}.

    `images` is one or a list of: bytes of a picture, an object with `bytes` or `path`, a path from
    the folder of the file. With `options` (with or without their letters) the answer is a letter;
    otherwise it is a word, a phrase or a number, which counts when it is the same but for case,
    articles and marks. The total is the mean over all questions.
    """

    name = "general"
    title = "general ability"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "spatune",
            prompt="spatune",
            extractor="robust",
            scoring="exact",
            summary="Letters of options, or exact matches of short answers.",
        ),
    )

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row; one whose picture is missing has a `skip` reason."""
        options: tuple[str, ...] = ()
        if row.get("options"):
            texts = [str(option).strip() for option in list_field(row, "options", where)]
            matches = [_LETTERED.fullmatch(text) for text in texts]
            options = tuple(m[1] if m else t for m, t in zip(matches, texts, strict=True))
            if len(options) < 2:
                raise SpatuneError(f"{where}: field 'options' has one entry; give two or more")
        answer = text_field(row, "answer", where)
        media, skip = row_media(row, ("images", "image"), where, folder)
        category = row.get("category")
        return Sample(
            id=row_id(row, number, "id", "question_id"),
            benchmark=self.name,
            category="general" if category is None else str(category),
            scene="",
            question=text_field(row, "question", where),
            options=options,
            truth=truth_letter(answer, options, where) if options else answer,
            form="choice" if options else "text",
            media=media,
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options, and the wish for a short answer, a line each."""
        if not sample.options:
            return f"{sample.question}\n{SHORT}"
        return "\n".join([sample.question, OPTIONS, *sample.lettered, LETTER])

    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """A letter of the options, or the whole text if there is any."""
        if sample.options:
            return robust_choice(raw, sample.letters, sample.options)
        return raw.strip() or None

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float:
        """1 for the right letter or the same words, else 0."""
        if sample.options:
            return choice_score(extracted, sample.truth)
        return float(extracted is not None and plain_words(extracted) == plain_words(sample.truth))


def plain_words(text: str) -> str:
    """The words and numbers in lower case, without articles and marks.

    >>> plain_words("The red mug."), plain_words("2.50")
    ('red mug', '2.50')
    """
    words = re.findall(r"\d+(?:\.\d+)?|\w+", text.lower())
    return " ".join(word for word in words if word not in ("a", "an", "the"))
