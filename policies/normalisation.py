"""Bringing states and actions to unit scale and back: `Affine` transforms and their `Statistics`.

Numpy alone, so that a robot without torch can use it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SpatuneError
from .spec import NormalisationMode, PolicySpec

STATE = "observation.state"
ACTION = "action"

# Which two statistics a mode reads.
_NEEDS: dict[NormalisationMode, tuple[str, ...]] = {
    "identity": (),
    "mean_std": ("mean", "std"),
    "min_max": ("min", "max"),
    "quantile": ("q01", "q99"),
}
# An entry whose spread is below this never moved in the data: it is shifted, not blown up.
_CONSTANT = 1e-4


@dataclass(frozen=True)
class Affine:
    """An invertible transform of each entry by itself: `(x - offset) / scale`.

    Attributes:
        offset: (D,) float64, subtracted first.
        scale: (D,) float64, positive, divided by second.
    """

    offset: np.ndarray
    scale: np.ndarray

    def __post_init__(self) -> None:
        if self.offset.shape != self.scale.shape or not (self.scale > 0).all():
            raise SpatuneError("a normalisation needs one positive scale for each offset")

    def normalise(self, x: np.ndarray) -> np.ndarray:
        """(..., D) in environment units -> (..., D) at unit scale, same dtype."""
        return ((x - self.offset) / self.scale).astype(x.dtype)

    def unnormalise(self, x: np.ndarray) -> np.ndarray:
        """Inverse of `normalise`."""
        return (x * self.scale + self.offset).astype(x.dtype)


@dataclass(frozen=True)
class Statistics:
    """Statistics of a data set, by observation or action key and then by name.

    Attributes:
        values: For example `{"action": {"mean": (0.1, ...), "q01": ...}}`; one number per entry.
    """

    values: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Digest of the canonical JSON form; `PolicySpec.statistics_sha256` holds it."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def affine(
        self, key: str, mode: NormalisationMode, *, size: int, keep: Sequence[int] = ()
    ) -> Affine:
        """The transform of one key.

        `mean_std` gives zero mean and unit deviation; `min_max` and `quantile` bring minimum and
        maximum, or the 1st and the 99th percentile, to -1 and +1 (without clipping).

        Args:
            key: `observation.state` or `action`.
            mode: Kind of normalisation.
            size: Expected number of entries (D).
            keep: Entries that pass unchanged, such as the gripper's.

        Raises:
            SpatuneError: A statistic is missing, or has another number of entries.
        """
        if mode == "identity":
            return Affine(np.zeros(size), np.ones(size))
        first, second = (self._get(key, name, mode, size) for name in _NEEDS[mode])
        if mode == "mean_std":
            offset, scale = first, second
        else:
            offset, scale = (first + second) / 2, (second - first) / 2
        scale = np.where(scale < _CONSTANT, 1.0, scale)
        kept = list(keep)
        offset[kept], scale[kept] = 0.0, 1.0
        return Affine(offset, scale)

    def _get(self, key: str, name: str, mode: str, size: int) -> np.ndarray:
        value = self.values.get(key, {}).get(name)
        if value is None:
            raise SpatuneError(
                f"normalisation {mode!r} needs the statistic {name!r} of {key!r}, which the "
                "statistics do not have; use a data set with meta/stats.json, or 'identity'"
            )
        if len(value) != size:
            raise SpatuneError(
                f"statistic {name!r} of {key!r} has {len(value)} entries instead of {size}"
            )
        array = np.array(value, dtype=np.float64)
        if not np.isfinite(array).all():
            raise SpatuneError(f"statistic {name!r} of {key!r} is not finite; recompute it")
        return array

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        return {k: {n: list(v) for n, v in names.items()} for k, names in self.values.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, Sequence[float]]]) -> Statistics:
        """Inverse of `to_json`."""
        return cls(
            {k: {n: tuple(map(float, v)) for n, v in names.items()} for k, names in data.items()}
        )

    @classmethod
    def from_lerobot(cls, stats: Mapping[str, Mapping[str, Any]] | None) -> Statistics:
        """Takes state and action out of a LeRobot data set's `meta.stats`.

        Raises:
            SpatuneError: One of them is not there.
        """
        names = sorted({name for needed in _NEEDS.values() for name in needed})
        values = {}
        for key in (STATE, ACTION):
            if stats is None or key not in stats:
                raise SpatuneError(
                    f"the data set has no statistics of {key!r}; its meta/stats.json is missing "
                    "or incomplete, so write the data set with LeRobotDataset again"
                )
            entries = {n: np.asarray(stats[key][n]).ravel() for n in names if n in stats[key]}
            values[key] = {n: tuple(map(float, v)) for n, v in entries.items()}
        return cls(values)

    def save(self, path: Path) -> None:
        """Write the JSON form."""
        path.write_text(json.dumps(self.to_json(), indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Path, *, sha256: str | None = None) -> Statistics:
        """Read what `save` wrote.

        Args:
            path: The file.
            sha256: Expected digest, from the policy's specification.

        Raises:
            SpatuneError: The file is missing, or its digest is another one.
        """
        if not path.is_file():
            raise SpatuneError(
                f"{path} is missing: a policy without its statistics cannot act; "
                "take the file from the training run's checkpoint"
            )
        statistics = cls.from_json(json.loads(path.read_text()))
        if sha256 is not None and statistics.sha256 != sha256:
            raise SpatuneError(
                f"{path} has sha256 {statistics.sha256[:12]}, but policy_spec.json names "
                f"{sha256[:12]}: take both files from one checkpoint"
            )
        return statistics


def policy_affines(spec: PolicySpec, statistics: Statistics) -> tuple[Affine, Affine]:
    """The transforms of a policy's state and of its actions (whose gripper entry is kept).

    Raises:
        SpatuneError: A statistic is missing.
    """
    keep = [] if spec.gripper_index is None else [spec.gripper_index]
    return (
        statistics.affine(STATE, spec.state_normalisation, size=spec.state_dim),
        statistics.affine(ACTION, spec.action_normalisation, size=spec.action_dim, keep=keep),
    )
