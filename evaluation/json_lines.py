"""`read_json_lines`: a file of JSON lines whose last line a kill may have torn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import SpatuneError


def read_json_lines[Line](
    path: Path, parse: Callable[[Any], Line], what: str
) -> tuple[list[Line], int]:
    """Every whole line of a file.

    Args:
        path: The file.
        parse: From a line's JSON to what it says; raises `ValueError`, `KeyError` or `TypeError`
            where it says nothing of the kind.
        what: What a line is, with its article, for the message.

    Returns:
        What the lines say, and how many bytes of the file they are: fewer than all if the last
        line is torn.

    Raises:
        SpatuneError: A line before the last one is damaged.
    """
    found: list[Line] = []
    whole = 0
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        try:
            if not line.endswith(b"\n"):
                break
            found.append(parse(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            if number == len(lines):
                break
            raise SpatuneError(
                f"{path}: line {number} is not {what}; delete that line and run again"
            ) from None
        whole += len(line)
    return found, whole
