"""`mean_relative_accuracy` and `Score`: how good answers are, with an interval over scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...agent.relative_accuracy import relative_accuracy

_RESAMPLES = 1000
_CONFIDENCE = 0.95


def mean_relative_accuracy(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """VSI-Bench's MRA (..., N) of numbers (..., N).

    Errors are relative to the size of the truth; for a truth of 0 the score is whether the
    prediction is 0.
    """
    truth = np.asarray(truth, float)
    error = np.abs(np.asarray(predicted, float) - truth)
    of_zero = np.where(error == 0, 0.0, np.inf)
    relative = np.where(truth == 0, of_zero, error / np.abs(np.where(truth == 0, 1.0, truth)))
    return relative_accuracy(relative)


@dataclass(frozen=True)
class Score:
    """A mean score.

    Attributes:
        mean: Over questions, 0 to 1.
        low: Lower end of the 95 % interval (bootstrap over whole scenes).
        high: Upper end.
    """

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, scores: np.ndarray, scenes: Sequence[str], seed: int) -> Score:
        """The mean of scores (N,) of questions about scenes (N,).

        Questions about one scene are alike, so that scenes and not questions are drawn anew.
        """
        _, owner = np.unique(np.asarray(scenes), return_inverse=True)
        sums, counts = np.bincount(owner, scores), np.bincount(owner)
        draws = np.random.default_rng(seed).integers(len(counts), size=(_RESAMPLES, len(counts)))
        means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
        tail = (1 - _CONFIDENCE) / 2
        low, high = np.quantile(means, (tail, 1 - tail))
        return cls(float(scores.mean()), float(low), float(high))

    def to_json(self) -> dict[str, float]:
        """Plain JSON."""
        return {"mean": round(self.mean, 4), "low": round(self.low, 4), "high": round(self.high, 4)}

    def __str__(self) -> str:
        return f"{100 * self.mean:.1f} [{100 * self.low:.0f}, {100 * self.high:.0f}]"
