"""`relative_accuracy`: how right numbers are, as VSI-Bench counts it (arXiv 2412.14171, 3.3)."""

from __future__ import annotations

import numpy as np

# 0.50, 0.55, ..., 0.95, made as the published code makes them: a relative error that is equal to a
# bound on paper falls on the side where it falls there.
_CONFIDENCES = np.linspace(0.5, 0.95, 10)


def relative_accuracy(error: np.ndarray, *, strict: bool = False) -> np.ndarray:
    """Share of the confidences t = 0.50, 0.55, ..., 0.95 that a relative error is within 1 - t of.

    Args:
        error: (...) relative errors |predicted - truth| / truth. What stands in for them where the
            truth is zero is the caller's rule. NaN is within nothing.
        strict: Whether an error equal to 1 - t does not count (<); the published rule is <=.

    Returns:
        (...) shares from 0 to 1.

    >>> relative_accuracy(np.array([0.0, 0.25, 0.6])).tolist()
    [1.0, 0.6, 0.0]
    """
    compare = np.less if strict else np.less_equal
    return compare(np.asarray(error, float)[..., None], 1 - _CONFIDENCES).mean(axis=-1)
