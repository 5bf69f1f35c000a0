"""One navigation episode of the expert, with detours: `NavEpisodePlan`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...errors import SpatuneError
from ..houses.library import house_sha256_of
from ..navigation.episode import NavEpisode
from ..navigation.sampling import sample_episode
from ..navigation.task import IMAGE_KEY, NAV_ACTIONS, NAV_TASKS, NavTask
from ..thor import ThorEnv
from .navigation import NavExpert

Outcome = Literal["solved", "not solved", "too long", "not drawn"]
"""`not drawn`: the house has none of the targets, or no start far enough from one."""

LONGEST_BURST = 4
"""Random moves in a row, at most."""

# Looking up or down is no detour: the expert levels the camera only at its target, so all the rest
# of the episode would show the floor or the ceiling.
_DETOURS = [NAV_ACTIONS.index(name) for name in ("MoveAhead", "RotateLeft", "RotateRight")]


@dataclass(frozen=True)
class NavEpisodePlan:
    """What determines one demonstration, with the settings that all share.

    Attributes:
        task: Task.
        house: Name of the house.
        number: Which of the house's episodes of the task.
    """

    task: NavTask
    house: str
    number: int

    @property
    def name(self) -> str:
        """File stem."""
        return f"{self.task}-{self.house}-{self.number:04d}"

    def random(self, seed: int, stream: int) -> np.random.Generator:
        """Random numbers that depend on nothing but the plan, a seed and a stream's number."""
        house = int(house_sha256_of(self.house), 16)
        key = [seed, NAV_TASKS.index(self.task), self.number, stream, house]
        return np.random.default_rng(key)


class Detours:
    """When to leave the expert's way, and for which move.

    Args:
        share: Of all steps, 0 to 0.5: how many are random on average.
        random: Where the draws come from.
    """

    def __init__(self, share: float, random: np.random.Generator) -> None:
        mean = (1 + LONGEST_BURST) / 2
        # With this chance of a burst at each step outside one, `share` of all steps are in bursts.
        self._chance = share / (mean - share * (mean - 1))
        self._random, self._left = random, 0

    def next(self) -> int | None:
        """The random move of this step, or None where the expert has its way."""
        if not self._left and self._random.random() < self._chance:
            self._left = int(self._random.integers(1, LONGEST_BURST + 1))
        if not self._left:
            return None
        self._left -= 1
        return int(self._random.choice(_DETOURS))


def record_episode(
    env: ThorEnv, plan: NavEpisodePlan, *, seed: int, targets: tuple[str, ...], detour: float
) -> dict[str, np.ndarray]:
    """Draw an episode and let the expert play it.

    Args:
        env: Environment of the plan's task and house, with `render_every=0`.
        plan: Which episode.
        seed: Of the data set.
        targets: ObjectNav: types to find.
        detour: See `Detours`.

    Returns:
        `success` and `outcome`; of an episode that was drawn also `episode` (JSON) and `labels`,
        `executed` (T,), numbers of `NAV_ACTIONS`; of a solved one also what was seen before each
        action: `states` float32 (T, 5) and `images` uint8 (T, H, W, 3).
    """
    sha256, random = house_sha256_of(plan.house), plan.random(seed, 0)
    try:
        episode = sample_episode(env.guide, plan.task, plan.house, sha256, random, targets)
    except SpatuneError:
        return {"success": np.array(False), "outcome": np.array("not drawn")}
    return _play(env, episode, Detours(detour, plan.random(seed, 1)))


def _play(env: ThorEnv, episode: NavEpisode, detours: Detours) -> dict[str, np.ndarray]:
    env.reset(options={"episode": episode})
    # A new expert for every episode: it remembers places that turned out useless.
    expert = NavExpert(env)
    states, images, labels, executed = [], [], [], []
    success = ended = truncated = False
    while not (ended or truncated):
        seen = env.observe()
        states.append(seen["observation.state"])
        images.append(seen[IMAGE_KEY])
        labels.append(expert.action())
        detour = detours.next()
        executed.append(labels[-1] if detour is None else detour)
        *_, ended, truncated, info = env.step(executed[-1])
        success = info["success"]
    outcome: Outcome = "solved" if success else "too long" if truncated else "not solved"
    arrays: dict[str, Any] = {
        "success": success,
        "outcome": outcome,
        "episode": json.dumps(episode.to_json()),
        "labels": labels,
        "executed": executed,
    }
    if success:
        arrays |= {"states": states, "images": images}
    return {name: np.array(value) for name, value in arrays.items()}
