"""`JsonLines`: a file of JSON lines that a kill may have torn and a bad disk damaged."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .atomic import write_atomically


@dataclass(frozen=True)
class JsonLines[Line]:
    """What a file of JSON lines says.

    Attributes:
        found: What its whole lines say.
        kept: The text of these lines, with their ends.
        damaged: Number, from 1, and text of each other line but a torn last one.
        whole: Bytes before a torn last line: all, if it is whole.
    """

    found: list[Line]
    kept: str
    damaged: dict[int, str]
    whole: int


def read_json_lines[Line](path: Path, parse: Callable[[Any], Line]) -> JsonLines[Line]:
    """Read a file and leave it as it is.

    Args:
        path: The file.
        parse: From a line's JSON to what it says; raises `ValueError`, `KeyError` or `TypeError`
            where it says nothing of the kind.
    """
    data = path.read_bytes()
    # Not splitlines: a carriage return is no end of a line, and may be part of the damage.
    *lines, torn = data.split(b"\n")
    found, kept, damaged = [], [], {}
    for number, line in enumerate(lines, start=1):
        try:
            found.append(parse(json.loads(line)))
            kept.append(f"{line.decode()}\n")
        except (ValueError, KeyError, TypeError):
            damaged[number] = line.decode(errors="backslashreplace")
    return JsonLines(found, "".join(kept), damaged, len(data) - len(torn))


def mend_json_lines[Line](path: Path, parse: Callable[[Any], Line], what: str) -> list[Line]:
    """Read a file; cut a torn last line off, move damaged ones to `<name>.bad.jsonl` and say so.

    A kill in between repeats work, and never loses a line.

    Args:
        path: The file; nothing is read or made where there is none.
        parse: As for `read_json_lines`.
        what: What a line is, for the message: "episode record".
    """
    if not path.exists():
        return []
    lines = read_json_lines(path, parse)
    if lines.damaged:
        _set_apart(path, lines, what)
    elif lines.whole != path.stat().st_size:
        with open(path, "r+b") as file:
            file.truncate(lines.whole)
            os.fsync(file.fileno())
    return lines.found


def bad_lines_path(path: Path) -> Path:
    """Where damaged lines of a file go."""
    return path.with_suffix(".bad.jsonl")


def _set_apart(path: Path, lines: JsonLines, what: str) -> None:
    bad = bad_lines_path(path)
    held = bad.read_text(encoding="utf-8").splitlines() if bad.exists() else []
    texts = [json.dumps({"line": at, "text": text}) for at, text in lines.damaged.items()]
    new = [text for text in texts if text not in held]
    write_atomically(bad, "".join(f"{text}\n" for text in [*held, *new]))
    write_atomically(path, lines.kept)
    numbers = ", ".join(str(number) for number in lines.damaged)
    print(
        f"{path}: no {what} in line {numbers}: moved to {bad.name}; what is missing now is made "
        "again",
        file=sys.stderr,
    )
