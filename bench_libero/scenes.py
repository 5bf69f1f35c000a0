"""The episodes of the demonstration: few, of two suites, the same for the policy and controls."""

from __future__ import annotations

from collections.abc import Mapping

from ..evaluation.keys import EpisodeKey
from .config import Control
from .protocol import PROTOCOLS

PROTOCOL = PROTOCOLS["paired"]

SCENES: Mapping[str, tuple[int, ...]] = {"libero_object": (0, 3), "libero_spatial": (0, 2)}
"""Tasks, by suite."""

EPISODES: Mapping[Control, int] = {"none": 2, "blind": 1, "random": 1, "zero": 1}
"""Init states of each task, by who acts; one is enough for the controls."""


def demo_keys(control: Control, seed: int) -> tuple[EpisodeKey, ...]:
    """Episodes of a control (`none`: the policy); all are among those of the policy."""
    return tuple(
        key
        for suite, tasks in SCENES.items()
        for key in PROTOCOL.keys(suite, tasks, EPISODES[control], seed)
    )
