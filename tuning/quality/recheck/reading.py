"""`read`: the parts of a question's text."""

from __future__ import annotations

import re

from .finding import Unread


def read(pattern: str, text: str) -> tuple[str, ...]:
    """The groups of a pattern that the whole text must match.

    Raises:
        Unread: It does not.
    """
    found = re.fullmatch(pattern, text, re.DOTALL)
    if found is None:
        raise Unread(f"unknown wording: {text[:80]}")
    return found.groups()
