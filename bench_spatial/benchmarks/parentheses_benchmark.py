"""`ParenthesesBenchmark`: the wording that CV-Bench and BLINK share, with options as `(A) left`."""

from __future__ import annotations

from ..benchmark import Variant
from ..sample import Sample
from ..scores.extraction import strict_choice
from .letter_benchmark import ANSWER_BY_LETTER, LetterBenchmark


class ParenthesesBenchmark(LetterBenchmark):
    """Prompt and reading of answers; a subclass has rows and a total."""

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options as `(A) left`, and the wish for a letter."""
        pairs = zip(sample.letters, sample.options, strict=True)
        options = [f"({letter}) {text}" for letter, text in pairs]
        head = f"{sample.question} Select from the following choices."
        return "\n".join([head, *options, ANSWER_BY_LETTER])

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The first word, with or without parentheses, if it is a letter."""
        return strict_choice(raw.lstrip().replace("(", "").replace(")", ""), sample.letters)


def parentheses_variants(scoring: str) -> tuple[Variant, ...]:
    """The variants of such a benchmark, whose total has this name."""
    return (
        Variant(
            "official",
            prompt="parentheses",
            extractor="robust",
            scoring=scoring,
            summary="The published prompt and total; letters and options in a sentence are read.",
        ),
        Variant(
            "strict",
            prompt="parentheses",
            extractor="letter-alone",
            scoring=scoring,
            summary="Its prompt and total; only a letter at the start is read.",
        ),
    )
