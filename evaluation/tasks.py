"""`parse_tasks`: which tasks of a suite, from text such as `0,3,5-7`."""

from __future__ import annotations

import re

from ..errors import SpatuneError

_PART = re.compile(r"(\d+)(?:-(\d+))?")


def parse_tasks(text: str, count: int, what: str = "task") -> tuple[int, ...]:
    """Task ids in ascending order, each once.

    Args:
        text: `all`, or ids and ranges (both ends included) with commas between, `0,3,5-7`.
        count: Number of tasks of the suite.
        what: What they are called in an error.

    Raises:
        SpatuneError: The text is none of this, or names a task that the suite does not have.

    >>> parse_tasks("5-7,0,3,6", 10)
    (0, 3, 5, 6, 7)
    """
    if text.strip() == "all":
        return tuple(range(count))
    tasks: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise SpatuneError(
                f"{what}s {text!r}: cannot read {part.strip()!r}; write 'all' or '0,3,5-7'"
            )
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if last < first:
            raise SpatuneError(
                f"{what}s {text!r}: {part.strip()!r} runs backwards; write {last}-{first}"
            )
        if last >= count:
            raise SpatuneError(
                f"{what}s {text!r}: there is no {what} {last}; there are {what}s 0 to {count - 1}"
            )
        tasks.update(range(first, last + 1))
    return tuple(sorted(tasks))
