"""One navigation episode of the expert, planned, drawn and played: `NavEpisodePlan`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...errors import SpatuneError
from ..houses.library import house_sha256_of
from ..navigation.episode import NavEpisode
from ..navigation.guide import NavGuide
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


def draw_episode(
    guide: NavGuide, plan: NavEpisodePlan, seed: int, targets: tuple[str, ...]
) -> NavEpisode | None:
    """The episode of a plan, or None where the house has no such episode.

    Args:
        guide: Of a controller that has just entered the plan's house: the places to draw from lie
            on a grid around the agent, so one that has moved gives other episodes.
        plan: Which episode.
        seed: Of the dataset.
        targets: ObjectNav: types to find.
    """
    sha256, random = house_sha256_of(plan.house), plan.random(seed, 0)
    try:
        return sample_episode(guide, plan.task, plan.house, sha256, random, targets)
    except SpatuneError:
        return None


def play_episode(
    env: ThorEnv, episode: NavEpisode | None, detours: Detours
) -> dict[str, np.ndarray]:
    """Let the expert play an episode.

    Args:
        env: Environment of the episode's task, with `render_every=0`.
        episode: As `draw_episode` gave it.
        detours: When the expert has not its way.

    Returns:
        `success` and `outcome`; of an episode that was drawn also `episode` (JSON) and `labels`,
        `executed` (T,), numbers of `NAV_ACTIONS`; of a solved one also what was seen before each
        action: `states` float32 (T, 5) and `images` uint8 (T, H, W, 3).
    """
    if episode is None:
        return {"success": np.array(False), "outcome": np.array("not drawn")}
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
