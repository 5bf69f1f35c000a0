"""`TrainingRow`: one question with its pictures and the answer that a model should learn."""

from __future__ import annotations

from dataclasses import dataclass

from .pictures import Picture


@dataclass(frozen=True)
class TrainingRow:
    """One training sample, not yet encoded.

    Attributes:
        id: Unique in its data set.
        pictures: What is shown, in the order of their placeholders.
        parts: The user's turn: texts, and None where a picture stands.
        answer: What the model should say; reasoning included.
        task: Name of the skill, or empty.
        capability: Of the skill, or empty.
        form: How the open answer reads (`number`, `choice`, `boxes3d`, `point`, `text`), or empty
            where the data do not say it.
        truth: The answer alone: a choice's letter, or the open answer; `answer` where the data do
            not say it.
    """

    id: str
    pictures: tuple[Picture, ...]
    parts: tuple[str | None, ...]
    answer: str
    task: str = ""
    capability: str = ""
    form: str = ""
    truth: str = ""

    @property
    def prompt(self) -> str:
        """All text of the user's turn."""
        return "\n".join(part for part in self.parts if part is not None)
