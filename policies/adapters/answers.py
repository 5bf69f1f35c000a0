"""`checked_actions`: what a foreign policy answered, refused where an arm must not execute it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import SpatuneError


def checked_actions(actions: Any, steps: int, size: int, source: str) -> np.ndarray:
    """The first `steps` actions of an answer.

    Args:
        actions: What the policy returned.
        steps: Actions that are to be executed (H).
        size: Entries of one action (A).
        source: Who answered, for the error.

    Returns:
        float32 (H, A).

    Raises:
        SpatuneError: They are not numbers of shape (H or more, A), or one is not finite.
    """
    try:
        values = np.asarray(actions, dtype=np.float32)
    except (TypeError, ValueError):
        kind = type(actions).__name__
        raise SpatuneError(f"{source} returned actions of type {kind}, not numbers") from None
    if values.ndim != 2 or values.shape[1] != size or len(values) < steps:
        raise SpatuneError(
            f"{source} returned actions of shape {values.shape}; at least {steps} actions of "
            f"{size} entries are needed, ({steps}, {size})"
        )
    values = values[:steps]
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise SpatuneError(
            f"{source} returned an action that is not finite: step {row} of the chunk is "
            f"{values[row].tolist()}; check its weights and its normalisation statistics"
        )
    return values
