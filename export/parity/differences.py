"""`Difference`: how far two results lie apart, and `ActionDifference`, the same in robot units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...envs.spec import ACTION_UNITS

GRIPPER = "gripper"


@dataclass(frozen=True)
class Difference:
    """Two arrays beside each other.

    Attributes:
        largest: Largest absolute difference.
        p99: 99th percentile of the absolute differences.
        relative: Largest absolute difference over the largest absolute value of the reference.
        cosine: Cosine between the arrays, flattened; 1 where both are zero.
    """

    largest: float
    p99: float
    relative: float
    cosine: float

    @classmethod
    def between(cls, reference: np.ndarray, found: np.ndarray) -> Difference:
        """Compare two arrays of one shape; a value that is not finite is infinitely far off."""
        wanted, got = (np.asarray(a, dtype=np.float64).ravel() for a in (reference, found))
        if not np.isfinite(got).all():
            return cls(np.inf, np.inf, np.inf, -1.0)
        gap = np.abs(wanted - got)
        norms = np.linalg.norm(wanted) * np.linalg.norm(got)
        scale = np.abs(wanted).max()
        cosine = float(wanted @ got / norms) if norms else float(not gap.any())
        return cls(
            largest=float(gap.max()),
            p99=float(np.percentile(gap, 99)),
            relative=float(gap.max() / scale) if scale else float(gap.max()),
            cosine=min(1.0, cosine),
        )

    def to_json(self) -> dict[str, float]:
        """Plain JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class ActionDifference:
    """One entry of the action over all chunks.

    Attributes:
        entry: Name in the action layout.
        unit: `mm`, `deg`, or `1` for an entry without a physical unit.
        largest: Largest absolute difference of a step, in the unit.
        p99: 99th percentile of the absolute differences.
        mean: Their mean.
        flips: Steps whose sign differs, for the gripper, else None.
        steps: Steps compared.
    """

    entry: str
    unit: str
    largest: float
    p99: float
    mean: float
    flips: int | None
    steps: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self)


def action_differences(
    layout: Sequence[str], reference: np.ndarray, found: np.ndarray
) -> tuple[ActionDifference, ...]:
    """Compare chunks of actions entry by entry.

    Args:
        layout: Names of the A entries.
        reference: (N, H, A) in environment units.
        found: The same from the other side.
    """
    result = []
    for index, entry in enumerate(layout):
        factor, unit = ACTION_UNITS.get(entry, (1.0, "1"))
        wanted, got = reference[..., index], found[..., index]
        gap = np.abs(wanted.astype(np.float64) - got) * factor
        gap = np.where(np.isfinite(gap), gap, np.inf)
        flips = int(((wanted > 0) != (got > 0)).sum()) if entry == GRIPPER else None
        result.append(
            ActionDifference(
                entry=entry,
                unit=unit,
                largest=float(gap.max()),
                p99=float(np.percentile(gap, 99)),
                mean=float(gap.mean()),
                flips=flips,
                steps=int(gap.size),
            )
        )
    return tuple(result)
