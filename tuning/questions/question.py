"""`Question`: one question with its answer and where the answer comes from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Capability = Literal["MM", "SR", "MR", "PT", "CR"]
"""SenseNova-SI's: metric measurement, spatial relations, mental reconstruction, perspective taking,
comprehensive reasoning."""

Media = Literal["video", "views", "pair", "image"]
"""What is shown: all frames of a trajectory, some views, two images, one image."""

AnswerForm = Literal["number", "choice", "boxes3d", "point", "text"]

LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Draft:
    """What a generator returns: a question before its options are put in order.

    Attributes:
        question: The question alone, without a media prefix, options or instructions.
        answer: The answer as text, for example `2.3`, `left` or a JSON list of boxes.
        wrong: Wrong options; with `answer` they are all options. Empty where nothing is chosen.
        key: What the question is about (categories or ids), in canonical order: of two drafts of
            one skill on one trajectory with the same key, only the first is kept.
        provenance: Objects, distances, angles and frames that the answer follows from, plain JSON.
        frames: Places in the shown frames that the question shows; None for all of them.
        marks: Pixels to draw on the shown images before a model sees them: per place in `frames`
            (of this draft), a list of [label, column, row]; columns and rows are 0..1 fractions.
    """

    question: str
    answer: str
    key: tuple[str, ...]
    provenance: dict[str, Any]
    wrong: tuple[str, ...] = ()
    frames: tuple[int, ...] | None = None
    marks: tuple[tuple[tuple[str, float, float], ...], ...] = ()


@dataclass(frozen=True)
class Question:
    """One finished question.

    Attributes:
        id: Unique: trajectory, task and number.
        task: Name of the skill, for example `object_abs_distance`.
        capability: As of the skill.
        media: As of the skill.
        form: How the open answer reads.
        source: Where the scene is from.
        scene: Name of the scene; folds of an audit are grouped by it.
        trajectory: Name of the trajectory within the scene.
        frames: Numbers of the shown frames in the whole trajectory (`Frame.index`).
        question: The question alone.
        answer: The answer as text (SIMS-V's `gt_answer`).
        options: Texts of the options without letters, or empty.
        letter: Letter of the right option (SIMS-V's `mc_answer`), or empty.
        marks: As in `Draft`, one entry a shown frame, or empty.
        reasoning: A true derivation of the answer in words, or empty.
        provenance: What the answer follows from.
    """

    id: str
    task: str
    capability: Capability
    media: Media
    form: AnswerForm
    source: str
    scene: str
    trajectory: str
    frames: tuple[int, ...]
    question: str
    answer: str
    options: tuple[str, ...] = ()
    letter: str = ""
    marks: tuple[tuple[tuple[str, float, float], ...], ...] = ()
    reasoning: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def to_line(self) -> str:
        """One JSON line, newline included; `from_line` undoes it."""
        return json.dumps(asdict(self), sort_keys=True) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Question:
        """Inverse of `to_line`.

        Raises:
            ValueError: Not such a line.
        """
        data = json.loads(line)
        try:
            data["frames"] = tuple(data["frames"])
            data["options"] = tuple(data.get("options", ()))
            data["marks"] = tuple(
                tuple((str(m[0]), float(m[1]), float(m[2])) for m in marks)
                for marks in data.get("marks", ())
            )
            return cls(**data)
        except (TypeError, KeyError, IndexError) as error:
            raise ValueError(f"not a question: {error}") from error
