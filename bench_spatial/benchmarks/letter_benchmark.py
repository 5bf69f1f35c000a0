"""`LetterBenchmark`: a benchmark whose every answer is the letter of an option."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from string import ascii_uppercase

from ...errors import SpatuneError
from ..benchmark import Variant
from ..sample import Sample
from ..scores.choice import choice_score
from ..scores.extraction import robust_choice
from .row_benchmark import RowBenchmark

ANSWER_BY_LETTER = "Answer with the option's letter from the given choices directly."

_TRUTH = re.compile(r"\(?([A-Z])(?:[).:].*)?", re.DOTALL)


class LetterBenchmark(RowBenchmark):
    """Right or wrong; the total is the share of right answers.

    A question whose options cannot be told from its text is asked as it stands: it has no
    `options`, its form is `text`, and its truth is still a letter.
    """

    @abstractmethod
    def letter(self, raw: str, sample: Sample) -> str | None:
        """The letter that the benchmark's own harness reads, or None."""

    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """The benchmark's own reading, or under `robust` one letter or option in a sentence."""
        if variant.extractor == "robust" and sample.options:
            return robust_choice(raw, sample.letters, sample.options)
        return self.letter(raw, sample)

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float:
        """1 for the right letter, else 0."""
        return choice_score(extracted, sample.truth)


def truth_letter(text: str, options: Sequence[str], where: str, field: str = "answer") -> str:
    """The letter of a truth such as `B`, `(B)`, `B. left`; of any letter where options are unknown.

    Raises:
        SpatuneError: It names no option.
    """
    match = _TRUTH.fullmatch(text.strip())
    letter = match[1] if match else ""
    known = ascii_uppercase[: len(options)] if options else ascii_uppercase
    if not letter or letter not in known:
        raise SpatuneError(f"{where}: {field} {text!r} is the letter of no option")
    return letter


def embedded_options(text: str, mark: str) -> tuple[str, tuple[str, ...]]:
    """Words of a question and its options, which stand at its end as `A. left B. right`.

    Args:
        text: The whole question.
        mark: What follows a letter, as `.` or `:`.

    Returns:
        What comes before option A, and the options without their letters; the whole text and no
        options where fewer than two follow each other.

    >>> embedded_options("Where is the cup? A. left B. right", ".")
    ('Where is the cup?', ('left', 'right'))
    """
    marks = {
        letter: [m.span() for m in re.finditer(rf"(?<!\S){letter}{re.escape(mark)}\s+", text)]
        for letter in ascii_uppercase
    }
    # The last A that a B follows: an "A." in the words of the question comes before it.
    for start, stop in reversed(marks["A"]):
        spans = [(start, stop)]
        for letter in ascii_uppercase[1:]:
            later = [span for span in marks[letter] if span[0] >= spans[-1][1]]
            if not later:
                break
            spans.append(later[0])
        if len(spans) > 1:
            ends = [span[0] for span in spans[1:]] + [len(text)]
            options = tuple(
                text[span[1] : end].strip().rstrip(",").strip()
                for span, end in zip(spans, ends, strict=True)
            )
            return text[:start].strip(), options
    return text, ()
