"""`view_change_score`: SPAR's score of how a camera moved and turned (arXiv 2503.22976)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import fmean

import numpy as np

from ...agent.relative_accuracy import relative_accuracy

AXES = (
    ("move_right", "move_left"),
    ("move_up", "move_down"),
    ("move_forward", "move_backward"),
    ("rotate_right", "rotate_left"),
    ("rotate_up", "rotate_down"),
)
"""Signed axes: the first action counts up, the second down; metres and degrees."""

_ACTION = re.compile(r"\b((?:move|rotate)_[a-z]+)\s*:\s*(-?(?:\d+\.?\d*|\.\d+))")
_KNOWN = frozenset(name for pair in AXES for name in pair)


def view_change_score(predicted: Mapping[str, float] | None, truth: Mapping[str, float]) -> float:
    """Mean over the five signed axes of the share of confidences t with an error within 1 - t.

    The error is relative to the true amount; on an axis without true movement it is the amount
    itself, as in the published code.

    Args:
        predicted: Action -> amount, as of `read_actions`; None scores 0.
        truth: The same of the truth.

    >>> view_change_score({"move_left": 2.0}, {"move_left": 2.0, "rotate_up": 10.0})
    0.8
    """
    if predicted is None:
        return 0.0
    errors = []
    for up, down in AXES:
        right = truth.get(up, 0.0) - truth.get(down, 0.0)
        found = predicted.get(up, 0.0) - predicted.get(down, 0.0)
        errors.append(abs(found - right) / (abs(right) or 1.0))
    return fmean(relative_accuracy(np.array(errors)).tolist())


def read_actions(text: str) -> dict[str, float] | None:
    """Action -> amount of a text such as `move_right:0.3,rotate_up:12`; None if there is none.

    Of several amounts for one action the last counts.
    """
    found = {name: float(amount) for name, amount in _ACTION.findall(text) if name in _KNOWN}
    return found or None
