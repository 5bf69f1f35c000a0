"""`QuestionFiles`: the questions of a data folder or of a mix, read one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import SpatuneError, first_line
from ..questions.question import Question

QUESTIONS = "questions"
_GIVE = "give what `spatune data generate` or `spatune data mix` wrote"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question is: number of the file and byte offset of the line."""

    file: int
    offset: int


class QuestionFiles:
    """The files `questions/**/*.jsonl` of a folder.

    Args:
        folder: What `spatune data generate` or `spatune data mix` wrote.

    Attributes:
        folder: As given.
        files: The files, sorted by path.

    Raises:
        SpatuneError: There is no such folder, or it holds no questions.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise SpatuneError(f"{folder} is not a folder; {_GIVE}")
        self.files = tuple(sorted((folder / QUESTIONS).rglob("*.jsonl")))
        if not self.files:
            raise SpatuneError(f"{folder} holds no {QUESTIONS}/**/*.jsonl; {_GIVE}")

    def __iter__(self) -> Iterator[Question]:
        """All questions, file after file."""
        for _, question in self.placed():
            yield question

    def placed(self) -> Iterator[tuple[Place, Question]]:
        """All questions and where they are, file after file.

        Raises:
            SpatuneError: A line is not a question, two questions have one id, or no file holds
                any.
        """
        ids: set[str] = set()
        for number, file in enumerate(self.files):
            offset = 0
            with file.open("rb") as stream:
                for line_number, line in enumerate(stream, start=1):
                    question = _parse(line, file, line_number)
                    if question.id in ids:
                        raise SpatuneError(
                            f"{file}:{line_number}: the id {question.id!r} was there before; "
                            "remove the file that is there twice"
                        )
                    ids.add(question.id)
                    yield Place(number, offset), question
                    offset += len(line)
        if not ids:
            raise SpatuneError(f"{self.folder} holds no question; generate some first")

    def at(self, place: Place) -> Question:
        """The question at a place that `placed` gave."""
        file = self.files[place.file]
        with file.open("rb") as stream:
            stream.seek(place.offset)
            return _parse(stream.readline(), file, 0)


def _parse(line: bytes, file: Path, number: int) -> Question:
    try:
        return Question.from_line(line.decode())
    except ValueError as error:
        raise SpatuneError(
            f"{file}:{number}: not a question ({first_line(error)}); remove the file and generate "
            "it again"
        ) from None
