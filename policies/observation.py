"""Reading an observation, checked; numpy alone, so that a robot without torch can use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import SpatuneError
from .normalisation import STATE
from .spec import PolicySpec


def read_entry(observation: Mapping[str, Any], key: str) -> Any:
    """An entry that the policy needs.

    Raises:
        SpatuneError: It is not there.
    """
    if key not in observation:
        raise SpatuneError(
            f"the observation has no {key!r}, only {', '.join(sorted(observation))}; the policy "
            "reads every camera and the state of its policy_spec.json"
        )
    return observation[key]


def read_state(observation: Mapping[str, Any], spec: PolicySpec) -> np.ndarray:
    """The robot's state, float32 (S,).

    Raises:
        SpatuneError: It is not there, has another shape, or is not finite.
    """
    state = np.asarray(read_entry(observation, STATE), dtype=np.float32)
    if state.shape != (spec.state_dim,) or not np.isfinite(state).all():
        raise SpatuneError(
            f"{STATE} is {state.tolist()}; the policy needs {spec.state_dim} finite "
            f"entries: {', '.join(spec.state_layout)}"
        )
    return state
