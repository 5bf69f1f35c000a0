"""`Resolution`: the episodes that two runs need for a difference to show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .paired import PairedCounts
from .power import episodes_needed, episodes_needed_unpaired

POWER, ALPHA = 0.8, 0.05


@dataclass(frozen=True)
class Resolution:
    """What it takes to see a difference with 80 % probability at the two-sided level 0.05.

    Attributes:
        points: Difference to see, in success points (hundredths of a rate).
        discordant: Share of discordant pairs that was assumed: the present one, or the difference
            itself where that is larger, since fewer cannot make it.
        paired_episodes: Shared episodes that the exact McNemar test needs.
        unpaired_episodes: Episodes that each of two runs would need on different episodes, around
            the present mean of the success rates.
        episodes: Shared episodes that there are.
    """

    points: float
    discordant: float
    paired_episodes: int
    unpaired_episodes: int
    episodes: int

    @classmethod
    def of(cls, pairs: PairedCounts, points: float) -> Resolution:
        """Of two runs, at their present share of discordant pairs.

        Args:
            pairs: Outcomes of the runs.
            points: Difference to see, in (0, 100].
        """
        size = points / 100
        discordant = max(size, (pairs.first_only + pairs.second_only) / pairs.episodes)
        middle = sum(pairs.successes) / (2 * pairs.episodes)
        low = min(max(middle - size / 2, 0.0), 1.0 - size)
        return cls(
            points=points,
            discordant=discordant,
            paired_episodes=episodes_needed(size, discordant, POWER, ALPHA),
            unpaired_episodes=episodes_needed_unpaired(low, min(1.0, low + size), POWER, ALPHA),
            episodes=pairs.episodes,
        )

    @property
    def text(self) -> str:
        """In words."""
        share = f"the present {100 * self.discordant:.1f} % of"
        if self.discordant == self.points / 100:
            share = f"{100 * self.discordant:.1f} %, the fewest possible,"
        return (
            f"to resolve {self.points:g} points at {share} discordant pairs you need "
            f"{self.paired_episodes} shared episodes (there are {self.episodes}); with unshared "
            f"ones, {self.unpaired_episodes} a run"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {**asdict(self), "power": POWER, "alpha": ALPHA}
