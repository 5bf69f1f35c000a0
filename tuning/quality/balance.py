"""`TaskBalance`: how evenly the letters and the answers of a task are spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from ..questions.question import LETTERS
from .answer_classes import AnswerClasses
from .outline import Outline

_SHOWN_CLASSES = 20


@dataclass(frozen=True)
class Spread:
    """A distribution over classes.

    Attributes:
        counts: Questions by class; the most common first, then by name.
    """

    counts: Mapping[str, int]

    @classmethod
    def of(cls, names: Iterable[str]) -> Spread:
        """The distribution of some classes' names."""
        counted = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
        return cls(dict(counted))

    @property
    def entropy(self) -> float:
        """Bits."""
        total = sum(self.counts.values())
        return -sum(n / total * log2(n / total) for n in self.counts.values()) + 0.0

    @property
    def evenness(self) -> float:
        """Entropy as a share of the largest that this many classes can have; 1 for one class."""
        return self.entropy / log2(len(self.counts)) if len(self.counts) > 1 else 1.0

    @property
    def most_common_share(self) -> float:
        """Share of the most common class, 0 to 1; 0 where there is nothing."""
        return max(self.counts.values(), default=0) / max(1, sum(self.counts.values()))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the figures, and the counts of at most 20 classes."""
        return {
            "classes": len(self.counts),
            "entropy_bits": round(self.entropy, 4),
            "evenness": round(self.evenness, 4),
            "most_common_share": round(self.most_common_share, 4),
            "counts": dict(list(self.counts.items())[:_SHOWN_CLASSES]),
        }


@dataclass(frozen=True)
class TaskBalance:
    """Balance of one task.

    Attributes:
        task: Its name.
        kind: What its answers are, as in `AnswerClasses`.
        questions: How many.
        scenes: From how many scenes.
        largest_scene_share: Share of the questions that are from the scene with the most.
        letters: Right letters, one spread for each number of options; empty for open questions.
        answers: Right answers by class. Of a choice among changing texts, the texts.
    """

    task: str
    kind: str
    questions: int
    scenes: int
    largest_scene_share: float
    letters: Mapping[int, Spread]
    answers: Spread

    @classmethod
    def of(cls, outlines: Sequence[Outline], classes: AnswerClasses | None = None) -> TaskBalance:
        """The balance of a task's questions, at least one.

        Args:
            outlines: Questions of one task.
            classes: How to group the answers; made from these questions where it is left out.
        """
        classes = classes or AnswerClasses.of(outlines)
        by_scene = Spread.of(outline.scene for outline in outlines)
        choices = [outline for outline in outlines if outline.is_choice]
        names = [o.answer if classes.kind == "open" else classes.name(o) for o in outlines]
        return cls(
            task=outlines[0].task,
            kind=classes.kind,
            questions=len(outlines),
            scenes=len(by_scene.counts),
            largest_scene_share=by_scene.most_common_share,
            letters={
                places: Spread.of(LETTERS[o.letter] for o in choices if o.places == places)
                for places in sorted({outline.places for outline in choices})
            },
            answers=Spread.of(names),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "answers": self.kind,
            "questions": self.questions,
            "scenes": self.scenes,
            "largest_scene_share": round(self.largest_scene_share, 4),
            "letters": {str(places): s.to_json() for places, s in self.letters.items()},
            "answer_classes": self.answers.to_json(),
        }


def by_task(outlines: Iterable[Outline]) -> dict[str, list[Outline]]:
    """Questions by task, tasks sorted by name, questions in the order of their ids."""
    groups: dict[str, list[Outline]] = {}
    for outline in sorted(outlines, key=lambda outline: outline.id):
        groups.setdefault(outline.task, []).append(outline)
    return {task: groups[task] for task in sorted(groups)}
