"""`PairedCounts`: two runs on the same episodes; exact McNemar test, interval of the difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

from ..errors import SpatuneError
from .records import EpisodeRecord


@dataclass(frozen=True)
class PairedCounts:
    """Outcomes of two runs, episode by episode.

    Attributes:
        both: Episodes that both solved.
        first_only: Episodes that only the first run solved.
        second_only: Episodes that only the second run solved.
        neither: Episodes that none solved.
        unpaired: Episodes that only one of the runs has finished; they take no part.
        same_actions: Episodes in which both executed the same actions bit by bit.
    """

    both: int
    first_only: int
    second_only: int
    neither: int
    unpaired: int = 0
    same_actions: int = 0

    @classmethod
    def of_runs(
        cls, first: Iterable[EpisodeRecord], second: Iterable[EpisodeRecord]
    ) -> PairedCounts:
        """Pair the finished episodes of two runs by their keys; errors are no failures.

        Raises:
            SpatuneError: The runs share no episode, or act under different step budgets.
        """
        one, other = ({r.key: r for r in run if not r.is_error} for run in (first, second))
        shared = shared_episodes(one.values(), other.values())
        if not shared:
            raise SpatuneError(
                "the runs share no episode: give the same suite, tasks, protocol and seed to both"
            )
        for a, b in shared:
            if a.max_steps != b.max_steps:
                raise SpatuneError(
                    f"the runs give {a.key.suite} task {a.key.task_id} {a.max_steps} and "
                    f"{b.max_steps} steps: use one protocol for both"
                )
        outcomes = [(bool(a.success), bool(b.success)) for a, b in shared]
        return cls(
            both=outcomes.count((True, True)),
            first_only=outcomes.count((True, False)),
            second_only=outcomes.count((False, True)),
            neither=outcomes.count((False, False)),
            unpaired=len(one.keys() ^ other.keys()),
            same_actions=sum(a.action_digest == b.action_digest for a, b in shared),
        )

    @property
    def episodes(self) -> int:
        """Pairs."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def successes(self) -> tuple[int, int]:
        """Of the first and of the second run, among the pairs."""
        return self.both + self.first_only, self.both + self.second_only

    @property
    def difference(self) -> float:
        """Success rate of the second run minus that of the first."""
        return (self.second_only - self.first_only) / self.episodes

    def p_value(self) -> float:
        """Exact two-sided McNemar test (1947): discordant pairs are binomial with p = 1/2."""
        from scipy.stats import binomtest

        discordant = self.first_only + self.second_only
        return float(binomtest(self.second_only, discordant).pvalue) if discordant else 1.0

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of `difference` (Bonett and Price 2012), good for small samples too."""
        z, n = NormalDist().inv_cdf(0.5 + confidence / 2), self.episodes + 2
        gained, lost = (self.second_only + 1) / n, (self.first_only + 1) / n
        centre = gained - lost
        half = z * sqrt((gained + lost - centre**2) / n)
        return max(-1.0, centre - half), min(1.0, centre + half)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form with test and interval."""
        return {
            **asdict(self),
            "episodes": self.episodes,
            "difference": self.difference,
            "difference95": list(self.interval()),
            "mcnemar_p": self.p_value(),
        }


def shared_episodes(
    first: Iterable[EpisodeRecord], second: Iterable[EpisodeRecord]
) -> list[tuple[EpisodeRecord, EpisodeRecord]]:
    """The finished episodes that both runs have, in canonical order."""
    one, other = ({r.key: r for r in run if not r.is_error} for run in (first, second))
    return [(one[key], other[key]) for key in sorted(one.keys() & other.keys())]
