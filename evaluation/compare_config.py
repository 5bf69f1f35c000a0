"""`CompareConfig`: the arguments of `spatune compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class CompareConfig:
    """Compare runs on the episodes that they share.

    Prints for each run against the first: successes, how many episodes only one of them solved, the
    exact McNemar test, the 95 % interval of the difference, and how many episodes a difference of
    --resolve points needs; and of every metric that both runs have the mean difference with its
    interval.
    """

    first: Positional[Path]
    """Run directory that the others are compared with, or a folder of runs of several suites."""

    others: Positional[tuple[Path, ...]]
    """Run directories, or folders of runs."""

    resolve: float = 5.0
    """Difference in success points: says how many episodes it needs, at the present share of
    discordant pairs (80 % power, level 0.05)."""

    out: Path | None = None
    """JSON file to write."""
