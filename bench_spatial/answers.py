"""`AnswerLog`: what a model said, one fsynced JSON line an answer; a run's resume state."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..evaluation.json_lines import read_json_lines
from ..evaluation.store import write_atomically

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
    file is opened again. Of several lines for one ask the last counts.

    Args:
        path: The file; made when it is missing.

    Attributes:
        answers: The line that counts for each ask.

    Raises:
        SpatuneError: A line in the middle is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[Ask, AnswerLine] = {}
        whole = 0
        if path.exists():
            lines, whole = read_json_lines(path, lambda data: AnswerLine(**data), "an answer")
            self.answers = {line.ask: line for line in lines}
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        os.ftruncate(self._descriptor, whole)
        os.lseek(self._descriptor, 0, os.SEEK_END)

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
