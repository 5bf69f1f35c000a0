"""`Benchmark`: what the runner needs to know of a benchmark."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import ClassVar

from ..errors import SpatuneError
from .sample import Sample


@dataclass(frozen=True)
class Variant:
    """One named way to ask and to score; public scores differ mostly by these.

    Attributes:
        name: What `--variant` says.
        prompt: Name of the wording; variants of one wording share answers.
        extractor: Name of the way from raw text to an answer.
        scoring: Name of the rule from answer to score.
        summary: What sets it apart, and whose it is, in one sentence.
    """

    name: str
    prompt: str
    extractor: str
    scoring: str
    summary: str


@dataclass(frozen=True)
class Scored:
    """A sample that was asked.

    Attributes:
        sample: The sample, in its own order of options.
        extracted: The answer that was read from the model's text, or None where none could be.
        score: 0..1; None where only the benchmark as a whole has a score (detection).
    """

    sample: Sample
    extracted: str | None
    score: float | None


class Benchmark(ABC):
    """Rows, wording, extraction and score of one benchmark. Instances hold no state.

    Methods:
        load: Samples of files on this machine.
        prompt: What the model is asked.
        extract: The answer in the model's text.
        score: How right an answer is.
        aggregate: The benchmark's own totals.

    Attributes:
        name: What `--benchmark` says.
        title: Its published name.
        variants: Named ways to ask and score; the first is the default.
        max_new_tokens: Longest answer in tokens.
        resamples: Resamples of the bootstrap over `aggregate`; 0 where one total takes too long.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    variants: ClassVar[tuple[Variant, ...]]
    max_new_tokens: ClassVar[int] = 32
    resamples: ClassVar[int] = 1000

    @abstractmethod
    def load(self, data: Path) -> tuple[Sample, ...]:
        """All samples in the order of the rows.

        A row that is whole but cannot be asked or scored stays, with a reason in `Sample.skip`.

        Args:
            data: File or folder, as the benchmark's module describes.

        Raises:
            SpatuneError: Nothing is there, a row lacks a field or holds a wrong one, or two rows
                have one id; the line names the file, the row and the field.
        """

    @abstractmethod
    def prompt(self, sample: Sample, variant: Variant) -> str:
        """The text that follows the pictures."""

    @abstractmethod
    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """The answer in the model's text, or None if it holds none: then it counts as wrong."""

    @abstractmethod
    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float | None:
        """0..1, or None where single samples have no score."""

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """Named totals, 0..1 unless the benchmark says otherwise; `overall` is always among them.

        This default is the mean over all samples. A number that a part of the samples is needed
        for and that none of `scored` gives is None.
        """
        return {"overall": mean_score(scored)}

    def variant(self, name: str | None = None) -> Variant:
        """The variant of a name, by default the first.

        Raises:
            SpatuneError: There is none of that name.
        """
        for variant in self.variants:
            if name in (None, variant.name):
                return variant
        known = ", ".join(variant.name for variant in self.variants)
        raise SpatuneError(f"{self.name} has no variant {name!r}; choose one of: {known}")


def mean_of(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are not None, or None without any."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def mean_score(scored: Sequence[Scored]) -> float | None:
    """Mean of the scores, or None without any."""
    return mean_of(one.score for one in scored)


def category_means(scored: Sequence[Scored]) -> Mapping[str, float | None]:
    """Mean score of each category, by name in alphabetical order; None where none has a score."""
    groups: dict[str, list[float | None]] = {}
    for one in scored:
        groups.setdefault(one.sample.category, []).append(one.score)
    return {name: mean_of(groups[name]) for name in sorted(groups)}
