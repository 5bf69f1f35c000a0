"""`choose`: some questions of a task, balanced over answers and scenes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import Protocol

from ..quality.answer_classes import AnswerClasses
from ..quality.outline import Outline
from ..quality.stable_hash import stable_hash

_COMPARED = 16
"""Choices that are weighed against each other."""

_Ticket = tuple[int, bool, int, str]
"""Chosen questions of the scene, whether the question was asked before, order, id."""


def choose(
    outlines: Sequence[Outline], quota: int, seed: int, classes: AnswerClasses | None = None
) -> list[Outline]:
    """Choose questions of one task; the order of `outlines` does not matter.

    The classes of the answers take turns, so that each gets the same number as long as it has
    questions. Within a class the scene with the fewest chosen questions comes first, then a
    question that nobody has asked yet about its scene, then the hash of seed and id. Of the next
    few choices in this order, that one is taken which brings the words of questions and options
    closest to telling nothing: with any word in the question, each option should be right as often
    as by chance; of two things that are put in order, each should come first as often.

    Args:
        outlines: Questions of one task.
        quota: At most so many.
        seed: Of the hashes.
        classes: Of the answers; made from `outlines` where it is left out.

    Returns:
        All questions if there are no more than `quota`; in the order of choice.
    """
    if not outlines or quota < 1:
        return []
    classes = classes or AnswerClasses.of(outlines)
    queues = _queues(outlines, classes, seed)
    per_scene: Counter[str] = Counter()
    odds = _odds(outlines, classes)
    chosen: list[Outline] = []
    while queues and len(chosen) < quota:
        for name in list(queues)[: quota - len(chosen)]:
            taken = queues[name].next(per_scene, odds)
            per_scene[taken.scene] += 1
            if odds is not None:
                odds.add(taken)
            chosen.append(taken)
            if not queues[name]:
                del queues[name]
    return chosen


class _Odds(Protocol):
    """How much the words of the chosen questions tell."""

    def cost(self, outline: Outline) -> float:
        """How much more they would tell with this question; lower is better."""
        ...

    def add(self, outline: Outline) -> None:
        """Count a question that was chosen."""
        ...


def _odds(outlines: Sequence[Outline], classes: AnswerClasses) -> _Odds | None:
    if classes.kind == "orders":
        return _OrderOdds()
    return _WordOdds(outlines) if classes.kind in ("open", "closed") else None


class _Queue:
    """Questions of one class, those of the scenes with the fewest chosen ones first."""

    def __init__(self, outlines: Sequence[Outline], seed: int) -> None:
        self._outlines = {outline.id: outline for outline in outlines}
        asked: set[int] = set()
        self._heap: list[_Ticket] = []
        for order, name in sorted((stable_hash(seed, name), name) for name in self._outlines):
            key = self._outlines[name].asked
            self._heap.append((0, key in asked, order, name))
            asked.add(key)
        heapify(self._heap)

    def __bool__(self) -> bool:
        return bool(self._heap)

    def next(self, per_scene: Counter[str], odds: _Odds | None) -> Outline:
        first = self._pop(per_scene)
        if odds is None:
            return self._outlines[first[-1]]
        rivals = [first]
        while self._heap and len(rivals) < _COMPARED:
            ticket = self._pop(per_scene)
            rivals.append(ticket)
            if ticket[:2] > first[:2]:
                break
        equal = [ticket for ticket in rivals if ticket[:2] == first[:2]]
        best = min(equal, key=lambda ticket: (odds.cost(self._outlines[ticket[-1]]), ticket))
        for ticket in rivals:
            if ticket is not best:
                # Behind all that nobody has weighed yet, or the worst would stay in front.
                count, again, order, name = ticket
                heappush(self._heap, (count, again, order + 2**64, name))
        return self._outlines[best[-1]]

    def _pop(self, per_scene: Counter[str]) -> _Ticket:
        while True:
            count, again, order, name = heappop(self._heap)
            now = per_scene[self._outlines[name].scene]
            if now == count:
                return count, again, order, name
            # Counts only grow, so that an old ticket is never too late.
            heappush(self._heap, (now, again, order, name))


class _OrderOdds:
    """How much more often one thing came before another than the other way round."""

    def __init__(self) -> None:
        self._excess: defaultdict[tuple[str, str], int] = defaultdict(int)

    def cost(self, outline: Outline) -> float:
        """How much farther the pairs would be from even with this question."""
        return sum(sign * self._excess.get(pair, 0) for pair, sign in self._pairs(outline))

    def add(self, outline: Outline) -> None:
        for pair, sign in self._pairs(outline):
            self._excess[pair] += sign

    @staticmethod
    def _pairs(outline: Outline) -> list[tuple[tuple[str, str], int]]:
        return [
            ((first, second), 1) if first < second else ((second, first), -1)
            for first, second in combinations(outline.order, 2)
        ]


class _WordOdds:
    """How much more often an option was right than by chance, on its own and beside a word.

    Words that most questions of the task share say nothing and are left out.
    """

    def __init__(self, outlines: Sequence[Outline]) -> None:
        self._excess: defaultdict[tuple[str, str], float] = defaultdict(float)
        seen = Counter(word for outline in outlines for word in outline.words)
        self._shared = {word for word, count in seen.items() if 2 * count > len(outlines)}

    def cost(self, outline: Outline) -> float:
        """How much farther the words would be from chance with this question."""
        moves = self._moves(outline)
        total = 0.0
        for word in ("", *outline.words):
            if word not in self._shared:
                for option, move in moves:
                    total += move * self._excess.get((word, option), 0.0)
        return total

    def add(self, outline: Outline) -> None:
        moves = self._moves(outline)
        for word in ("", *outline.words):
            if word not in self._shared:
                for option, move in moves:
                    self._excess[word, option] += move

    def _moves(self, outline: Outline) -> list[tuple[str, float]]:
        share = 1 / outline.places
        return [(option, (option == outline.answer) - share) for option in outline.options]


def _queues(outlines: Sequence[Outline], classes: AnswerClasses, seed: int) -> dict[str, _Queue]:
    groups: dict[str, list[Outline]] = {}
    for outline in outlines:
        groups.setdefault(classes.name(outline), []).append(outline)
    # When the last turn is not a whole one, chance and not the alphabet says who gets it.
    names = sorted(groups, key=lambda name: stable_hash(seed, outlines[0].task, name))
    return {name: _Queue(groups[name], seed) for name in names}
