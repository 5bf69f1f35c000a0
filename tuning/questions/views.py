"""`draw_views`: a few different views of one place that hang together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..scenes.subject import Subject
from .frame_pairs import FramePairs
from .skill import Unsuitable

FEWEST, MOST = 2, 4
"""How many views a question shows."""

MOVED = 0.4
"""Metres between cameras from which two views are different ones."""

TURNED = 25.0
"""Degrees of a turn from which two views are different ones."""


def different(pairs: FramePairs) -> np.ndarray:
    """Ordered pairs (N, N) of frames whose cameras stand or look differently."""
    return (pairs.distance >= MOVED) | (np.abs(pairs.turn) >= TURNED)


def draw_views(
    pairs: FramePairs,
    rng: np.random.Generator,
    *,
    start: Sequence[int] = (),
    among: Sequence[int] | np.ndarray | None = None,
    fewest: int = FEWEST,
) -> tuple[int, ...]:
    """Places of views, ascending; each shares an object with another one and differs from all.

    Args:
        pairs: All shown frames.
        rng: Source of the draw.
        start: Places that are among them; they hang together.
        among: Places that may be drawn; all if not given.
        fewest: How many at least; the number is drawn, up to `MOST`.

    Raises:
        Unsuitable: There are not that many.
    """
    allowed = np.zeros(len(pairs.turn), bool)
    allowed[list(range(len(allowed)) if among is None else among)] = True
    wanted = int(rng.integers(fewest, MOST + 1))
    chosen = list(start) or [int(rng.choice(np.flatnonzero(allowed)))]
    fits = different(pairs) & allowed
    while len(chosen) < wanted:
        free = fits[chosen].all(axis=0) & (pairs.common[chosen] > 0).any(axis=0)
        places = np.flatnonzero(free)
        if len(places):
            chosen.append(int(rng.choice(places)))
        elif len(chosen) >= fewest:
            break
        else:
            raise Unsuitable("too few views that share objects")
    return tuple(sorted(chosen))


def linked(
    pairs: FramePairs, rng: np.random.Generator, first: int, others: Sequence[int] | np.ndarray
) -> tuple[int, ...]:
    """A first view, one of others, and where those share no object, a view that ties them.

    Raises:
        Unsuitable: No other one can be tied to the first.
    """
    fits, tied = different(pairs), pairs.common > 0
    for other in rng.permutation(np.asarray(others, int)):
        if not fits[first, other]:
            continue
        if tied[first, other]:
            return first, int(other)
        bridges = np.flatnonzero(tied[first] & tied[other] & fits[first] & fits[other])
        if len(bridges):
            return first, int(rng.choice(bridges)), int(other)
    raise Unsuitable("no views that share objects")


def of_views(subject: Subject, places: Sequence[int]) -> Subject:
    """The same trajectory as only these views show it."""
    return Subject(subject.trajectory.chosen(places), subject.thresholds)
