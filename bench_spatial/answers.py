"""`AnswerLog`: what a model said, one fsynced JSON line an answer; a run's resume state."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..evaluation.atomic import write_atomically
from ..evaluation.json_lines import mend_json_lines

Ask = tuple[str, int]
"""Id of a sample, and how far its options were rotated."""


@dataclass(frozen=True)
class AnswerLine:
    """One answer, or why there is none.

    Attributes:
        id: The sample.
        rotation: How many letters its options were moved up.
        raw: The model's text; None where the sample could not be shown.
        error: Why it could not be shown, in one line, or empty.
        pictures: How many pictures the model saw.
        pictures_sha256: Digest of the shapes and pixels of these.
    """

    id: str
    rotation: int
    raw: str | None
    error: str
    pictures: int
    pictures_sha256: str

    @property
    def ask(self) -> Ask:
        """What was asked."""
        return self.id, self.rotation


class AnswerLog:
    """Append-only answers of one run.

    A line is on disk before `append` returns; a line that was torn by a kill is cut off when the
    file is opened again, and any other line that is no answer is moved to `answers.bad.jsonl`. Of
    several lines for one ask the last counts.

    Args:
        path: The file; made when it is missing.

    Attributes:
        answers: The line that counts for each ask.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = mend_json_lines(path, lambda data: AnswerLine(**data), "answer")
        self.answers = {line.ask: line for line in lines}
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)

    def __enter__(self) -> AnswerLog:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._descriptor)

    def append(self, lines: Iterable[AnswerLine]) -> None:
        """Add the answers that say something new; they are on disk when this returns."""
        fresh = [line for line in lines if self.answers.get(line.ask) != line]
        data = "".join(_text(line) for line in fresh).encode()
        if data and os.write(self._descriptor, data) != len(data):
            raise OSError(f"{self.path}: the disk took only part of an answer (is it full?)")
        os.fsync(self._descriptor)
        self.answers |= {line.ask: line for line in fresh}

    def pending(self, asks: Iterable[Ask]) -> list[Ask]:
        """Those of `asks` without an answer; an error is not an answer."""
        held = self.answers
        return [ask for ask in asks if ask not in held or held[ask].raw is None]

    def finalise(self) -> None:
        """Rewrite the file with one line an ask, sorted, atomically."""
        lines = [self.answers[ask] for ask in sorted(self.answers)]
        write_atomically(self.path, "".join(_text(line) for line in lines))
        os.close(self._descriptor)
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)


def _text(line: AnswerLine) -> str:
    return json.dumps(asdict(line), sort_keys=True) + "\n"
