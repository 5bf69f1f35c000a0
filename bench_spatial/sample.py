"""`Sample`: one question of a benchmark, the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from string import ascii_uppercase
from typing import Any, Literal

from .media import Media

Form = Literal["choice", "number", "text", "boxes3d"]


@dataclass(frozen=True)
class Sample:
    """A question, its pictures, and what is right.

    Attributes:
        id: Unique within the benchmark, whatever the order of its rows.
        benchmark: Name of the benchmark.
        category: Type of question, as the benchmark names it; scores are shown for each.
        scene: Group of samples that share pictures (a video, a house): they are not independent,
            so intervals draw whole scenes. Empty where every sample stands alone.
        question: Words of the question, without its options.
        options: Texts of the options in order, without letters; empty for an open question.
        truth: The right answer: the option's upper-case letter for a choice, else as the
            benchmark writes it.
        form: Kind of answer.
        media: Pictures and videos in the order in which they are shown, opened when asked.
        extra: What else the benchmark's prompt or score needs.
        skip: Why it cannot be asked or scored, in a few fixed words (it is counted and reported
            under them); empty for an ordinary sample.
    """

    id: str
    benchmark: str
    category: str
    scene: str
    question: str
    options: tuple[str, ...]
    truth: str
    form: Form
    media: tuple[Media, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    skip: str = ""

    @property
    def letters(self) -> str:
        """Letters of the options: `ABCD` for four."""
        return ascii_uppercase[: len(self.options)]

    @property
    def lettered(self) -> tuple[str, ...]:
        """Options as they are shown: `A. left`, `B. right`, ..."""
        pairs = zip(self.letters, self.options, strict=True)
        return tuple(f"{letter}. {text}" for letter, text in pairs)

    def rotated(self, places: int) -> Sample:
        """The same question with its options moved `places` letters up, cyclically.

        >>> sample = Sample("1", "b", "c", "s", "Where?", ("left", "right", "back"), "B", "choice")
        >>> sample.rotated(1).options, sample.rotated(1).truth
        (('right', 'back', 'left'), 'A')
        """
        count = len(self.options)
        if not count:
            return self
        places %= count
        truth = self.letters[(self.letters.index(self.truth) - places) % count]
        return replace(self, options=self.options[places:] + self.options[:places], truth=truth)
