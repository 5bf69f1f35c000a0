"""`SITEBench`: SITE (arXiv 2505.05456), choices over pictures and videos, adjusted for chance."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ...errors import SpatuneError
from ..benchmark import Scored, Variant, mean_score
from ..media import VideoFile
from ..rows import Row, list_field, text_field
from ..sample import Sample
from ..scores.caa import chance_adjusted_accuracy
from ..scores.extraction import robust_choice
from .letter_benchmark import LetterBenchmark, truth_letter
from .row_benchmark import row_id, row_media

ABOUT_VIDEO = (
    "Select the best answer to the following multiple-choice question based on the video. "
    "Respond with only the letter of the correct option."
)
LETTER_ONLY = "Give me the answer letter directly. The best answer is:"
FALLBACK_SEED = 0
"""Seed of the letters that `random-fallback` draws for what cannot be read."""


class SITEBench(LetterBenchmark):
    """Rows {question, options, answer, category, dataset, visual}; pictures and videos are pooled.

    The published harness draws a random letter where it cannot read an answer, which gives right
    answers to no answer. Here that counts as wrong; `random-fallback` draws, with a seed.
    """

    name = "site"
    title = "SITE-Bench"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "unread-is-wrong",
            prompt="official",
            extractor="robust",
            scoring="caa",
            summary="The benchmark's prompt and score; an answer that cannot be read is wrong.",
        ),
        Variant(
            "random-fallback",
            prompt="official",
            extractor=f"robust, else random letter, seed {FALLBACK_SEED}",
            scoring="caa",
            summary="As published: what cannot be read becomes a random letter.",
        ),
    )

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        words = [str(option) for option in list_field(row, "options", where)]
        if len(words) < 2:
            raise SpatuneError(f"{where}: field 'options' holds fewer than two")
        question, *options = _numbered([text_field(row, "question", where), *words])
        media, skip = row_media(row, ("visual",), where, folder)
        answer = text_field(row, "answer", where)
        if answer in words:
            truth = chr(ord("A") + words.index(answer))
        else:
            truth = truth_letter(answer, options, where)
        return Sample(
            id=row_id(row, number, "id", "index"),
            benchmark=self.name,
            category=text_field(row, "category", where),
            scene="",
            question=question,
            options=tuple(options),
            truth=truth,
            form="choice",
            media=media,
            extra={
                "dataset": text_field(row, "dataset", where),
                "video": any(isinstance(one, VideoFile) for one in media),
            },
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options with a colon, and the wish for a letter."""
        pairs = zip(sample.letters, sample.options, strict=True)
        lines = [f"Question: {sample.question}", "Options:", *(f"{a}: {text}" for a, text in pairs)]
        return "\n".join([*([ABOUT_VIDEO] if sample.extra["video"] else []), *lines, LETTER_ONLY])

    def letter(self, raw: str, sample: Sample) -> str | None:
        """A letter in a sentence, or else one that depends on the sample's id alone."""
        found = robust_choice(raw, sample.letters, sample.options)
        return found or random_letter(sample)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` and each category as chance-adjusted accuracy; `accuracy` unadjusted."""
        totals = {"overall": _caa(scored), "accuracy": mean_score(scored)}
        for name in sorted({one.sample.category for one in scored}):
            totals[name] = _caa([one for one in scored if one.sample.category == name])
        for name, video in (("images", False), ("videos", True)):
            totals[name] = _caa([one for one in scored if one.sample.extra["video"] == video])
        return totals


def random_letter(sample: Sample, seed: int = FALLBACK_SEED) -> str:
    """A letter of the options, evenly drawn by the seed and the sample's id."""
    digest = hashlib.sha256(f"{seed}\n{sample.id}".encode()).digest()
    return sample.letters[int.from_bytes(digest[:8]) % len(sample.letters)]


def _caa(scored: Sequence[Scored]) -> float | None:
    return chance_adjusted_accuracy(
        [one.score or 0.0 for one in scored], [len(one.sample.options) for one in scored]
    )


def _numbered(texts: Sequence[str]) -> list[str]:
    """The texts with `(image 1)` for the first `<image>` and so on: pictures are shown first."""
    count = 0
    numbered = []
    for text in texts:
        first, *parts = text.split("<image>")
        numbered.append(first + "".join(f"(image {count + i}){p}" for i, p in enumerate(parts, 1)))
        count += len(parts)
    return [text.strip() for text in numbered]
