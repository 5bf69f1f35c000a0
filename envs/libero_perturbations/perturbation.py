"""`Perturbation`: a named change of a LIBERO scene, such as `camera:1` or `pro:swap`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from ...errors import SpatuneError
from ..libero_suites import LIBERO_PRO_SUITES, base_suite

DIMENSIONS = ("camera", "light", "texture", "start")
"""What can be changed by a magnitude; see the modules of these names for its unit."""

PRO_KINDS = ("lan", "object", "swap", "task")
"""LIBERO-PRO: other words, other object models, other places, another task in the same scene."""

MOST = 2.0
"""Largest magnitude; 1 is a full level, as each module documents."""

NONE = "none"


@dataclass(frozen=True)
class Perturbation:
    """One change of a scene.

    Attributes:
        dimension: One of `DIMENSIONS`, or `pro`, or `none`.
        magnitude: Strength in the dimension's unit, above 0 and at most `MOST`; 0 for `pro` and
            `none`, which have no degrees.
        kind: One of `PRO_KINDS` for `pro`, else empty.
    """

    dimension: str = NONE
    magnitude: float = 0.0
    kind: str = ""

    @classmethod
    def parse(cls, name: str) -> Perturbation:
        """Read a name: `none`, `<dimension>:<magnitude>` or `pro:<kind>`.

        Raises:
            SpatuneError: Unknown dimension or kind, or a magnitude out of range.

        >>> Perturbation.parse("camera:0.50").name
        'camera:0.5'
        """
        dimension, _, level = name.partition(":")
        if name == NONE:
            return cls()
        if dimension == "pro" and level in PRO_KINDS:
            return cls("pro", kind=level)
        if dimension not in DIMENSIONS:
            named = [f"{known}:MAGNITUDE" for known in DIMENSIONS]
            known = ", ".join([NONE, *named, *(f"pro:{kind}" for kind in PRO_KINDS)])
            raise SpatuneError(f"unknown perturbation {name!r}; use one of: {known}")
        magnitude = _number(level)
        if not 0.0 < magnitude <= MOST:
            raise SpatuneError(
                f"perturbation {name!r}: give a magnitude above 0 and at most {MOST:g}, "
                f"for example {dimension}:1"
            )
        return cls(dimension, magnitude)

    @property
    def name(self) -> str:
        """The canonical name; `parse` undoes it."""
        if self.dimension in DIMENSIONS:
            return f"{self.dimension}:{np.format_float_positional(self.magnitude, trim='-')}"
        return f"pro:{self.kind}" if self.kind else NONE

    def suite_of(self, suite: str) -> str:
        """The suite in which episodes of `suite` are played under this change.

        Raises:
            SpatuneError: LIBERO-PRO has no such variant of the suite.
        """
        if not self.kind:
            return suite
        varied = f"{suite}_{self.kind}"
        if varied not in LIBERO_PRO_SUITES:
            bases = dict.fromkeys(map(base_suite, LIBERO_PRO_SUITES))
            raise SpatuneError(
                f"perturbation {self.name!r}: LIBERO-PRO has no variant of {suite}; "
                f"it varies {', '.join(bases)}"
            )
        return varied

    def generator(
        self, suite: str, task_id: int, init_index: int | None, seed: int
    ) -> np.random.Generator:
        """The draws of an episode.

        They depend on the episode and the dimension alone: not on the magnitude, so that
        `camera:0.5` goes half the way of `camera:1`, and not on the policy's seed.
        """
        parts = [self.dimension, suite, task_id, init_index, seed]
        digest = hashlib.sha256(json.dumps(parts).encode()).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
