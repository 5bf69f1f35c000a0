"""`AnswerClasses`: the answers of a task in groups that a sampler can balance."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...errors import SpatuneError
from .outline import Outline

CLOSED_MOST = 8
"""A choice task with at most this many different answers has a closed set of answers."""

NUMBERS_MOST = 12
"""A number task with at most this many different answers is balanced over these, as counts are."""

BINS = 10
"""Quantile bins of all other numbers."""

Kind = Literal["numbers", "closed", "open", "orders", "free"]


@dataclass(frozen=True)
class AnswerClasses:
    """How the answers of one task are grouped.

    Attributes:
        kind: `numbers`; `closed`, a choice among a small set of texts such as left and right;
            `open`, a choice among texts that change from question to question; `orders`, a choice
            among orders of things; `free`, anything else.
        edges: Inner edges of the bins of `numbers`; empty where each number is a class.
    """

    kind: Kind
    edges: tuple[float, ...] = ()

    @classmethod
    def of(cls, outlines: Sequence[Outline]) -> AnswerClasses:
        """The classes of a task's questions.

        Raises:
            SpatuneError: A number is none.
        """
        if all(outline.form == "number" for outline in outlines):
            return cls("numbers", _edges(outlines))
        if not all(outline.is_choice for outline in outlines):
            return cls("free")
        if all(outline.order for outline in outlines):
            return cls("orders")
        answers = {outline.answer for outline in outlines}
        return cls("closed" if len(answers) <= CLOSED_MOST else "open")

    def name(self, outline: Outline) -> str:
        """The class of a question of the task; empty where all are in one."""
        if self.kind == "closed" or (self.kind == "numbers" and not self.edges):
            return outline.answer
        if self.kind == "numbers":
            return self._bin(bisect_right(self.edges, number(outline)))
        return ""

    def _bin(self, place: int) -> str:
        low = f"{self.edges[place - 1]:g}" if place else ""
        high = f"{self.edges[place]:g}" if place < len(self.edges) else ""
        return f"{low}..{high}"


def number(outline: Outline) -> float:
    """The answer of a number task.

    Raises:
        SpatuneError: It is no number.
    """
    try:
        return float(outline.answer)
    except ValueError:
        raise SpatuneError(
            f"question {outline.id}: the answer {outline.answer!r} of {outline.task} is no number; "
            "generate its file again"
        ) from None


def _edges(outlines: Sequence[Outline]) -> tuple[float, ...]:
    values = sorted(number(outline) for outline in outlines)
    if len(set(values)) <= NUMBERS_MOST:
        return ()
    inner = {values[len(values) * place // BINS] for place in range(1, BINS)}
    return tuple(sorted(inner - {values[0]}))
