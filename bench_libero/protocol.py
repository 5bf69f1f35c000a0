"""`LiberoProtocol`: how LIBERO is scored, as data; the protocols that papers use, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..envs.libero_suites import MAX_STEPS, base_suite
from ..evaluation.keys import EpisodeKey

ProtocolName = Literal["paired", "openvla", "lerobot", "groot"]


@dataclass(frozen=True)
class LiberoProtocol:
    """One way to score a suite.

    Attributes:
        name: Name on the command line.
        trials: Episodes a task; episode i starts from evaluation init state i.
        settle_steps: No-op steps `[0] * 6 + [-1]` before the first observation.
        max_steps: Step budget by base suite; a LIBERO-PRO suite has that of the suite it varies.
        first_seed: Environment seed of episode 0. LIBERO re-places fixtures at every reset, and
            peers seed once, so what they draw depends on the episodes before. Here episode i has
            the seed `first_seed + i`, which draws from the same distribution and needs no history.
    """

    name: ProtocolName
    trials: int
    settle_steps: int
    max_steps: Mapping[str, int]
    first_seed: int

    def env_seed(self, init_index: int) -> int:
        """Environment seed of an episode."""
        return self.first_seed + init_index

    def steps_of(self, suite: str) -> int:
        """Step budget of a suite, LIBERO-PRO's included."""
        return self.max_steps[base_suite(suite)]

    def keys(
        self,
        suite: str,
        tasks: tuple[int, ...],
        episodes: int,
        policy_seed: int,
        perturbations: tuple[str, ...] = ("none",),
    ) -> tuple[EpisodeKey, ...]:
        """The first `episodes` episodes of each task, under each perturbation."""
        return tuple(
            EpisodeKey(
                benchmark="libero",
                suite=suite,
                task_id=task,
                init_index=init,
                perturbation=perturbation,
                env_seed=self.env_seed(init),
                policy_seed=policy_seed,
            )
            for task in tasks
            for init in range(episodes)
            for perturbation in perturbations
        )


def _protocol(
    name: ProtocolName, trials: int, max_steps: Mapping[str, int], first_seed: int = 7
) -> LiberoProtocol:
    return LiberoProtocol(name, trials, 10, MappingProxyType(dict(max_steps)), first_seed)


PROTOCOLS: Mapping[str, LiberoProtocol] = MappingProxyType(
    {
        "paired": _protocol("paired", 50, MAX_STEPS),
        "openvla": _protocol("openvla", 50, MAX_STEPS),
        "lerobot": _protocol("lerobot", 10, {**MAX_STEPS, "libero_spatial": 280}, first_seed=1000),
        "groot": _protocol("groot", 20, dict.fromkeys(MAX_STEPS, 720)),
    }
)
"""`paired` (default) has the budgets of OpenVLA and openpi and is meant for comparisons on shared
keys; `openvla` is the same under the name that papers use; `lerobot` has 10 trials and 280 steps
for libero_spatial; `groot` 20 trials and 720 steps."""


def budgets_by_protocol(suite: str) -> dict[str, int]:
    """Step budget that each protocol gives to a suite, by the protocol's name."""
    return {name: protocol.steps_of(suite) for name, protocol in PROTOCOLS.items()}
