"""`choice_score`: is the option's letter right?"""

from __future__ import annotations


def choice_score(extracted: str | None, truth: str) -> float:
    """1.0 for the right letter in upper or lower case, else 0.0; None (unparsable) is wrong."""
    return float(extracted is not None and extracted.strip().lower() == truth.strip().lower())
