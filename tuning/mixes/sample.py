"""`Sample`: a question in its final form, as the writers of file formats take it."""

from __future__ import annotations

from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Protocol

from ..fov import UnifiedView
from ..questions.question import Question
from .prompts import Turn


@dataclass(frozen=True)
class Sample:
    """One training sample.

    Attributes:
        question: With its right option in its final place.
        turn: Prompt and answer.
        view: How its image is rescaled, or None for the image as it is.
    """

    question: Question
    turn: Turn
    view: UnifiedView | None = None

    @property
    def redrawn(self) -> bool:
        """Whether its images differ from those of the data."""
        return self.view is not None or any(self.question.marks)


class Writer(Protocol):
    """Writes samples into a folder, one at a time."""

    def write(self, sample: Sample) -> None:
        """Add a sample.

        Raises:
            SpatuneError: One of its images is missing.
        """
        ...

    def close(self) -> None:
        """Finish the files; nothing can be added afterwards."""
        ...


def relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with forward slashes."""
    return Path(relpath(path.resolve(), folder.resolve())).as_posix()
