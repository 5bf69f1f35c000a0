"""`Film`: the frames of a trajectory, seen by rays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ....errors import SpatuneError
from ...scenes.simsv import FRAMES_FILE
from .finding import Doubt
from .house_witness import HouseWitness
from .look import NAMED, TWIN, Look
from .thing import Thing

SLACK = 1.5
"""A share of a picture counts as below `faint` up to so many times it, and as above `salient` from
it divided by the square root of this: rays and pixels do not count quite the same."""


class Film:
    """Looks of a trajectory, by the numbers of its frames; rays are cast when they are needed.

    Args:
        house: Where it was taken.
        folder: The trajectory's folder.
        salient: Share of a picture from which on a thing counts as seen.
        faint: Share below which it does not.

    Raises:
        SpatuneError: There are no annotations, or they are damaged.
    """

    def __init__(self, house: HouseWitness, folder: Path, salient: float, faint: float) -> None:
        self.house = house
        self.high, self.low = salient / SLACK**0.5, faint * SLACK
        file = folder / FRAMES_FILE
        try:
            entries = [json.loads(line) for line in file.read_text().splitlines()]
            self._looks = {int(e["idx"]): Look(house, e["camera"]) for e in entries}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SpatuneError(f"{file} cannot be read ({error}); generate it again") from None

    def look(self, frame: int) -> Look:
        """The look of a frame."""
        return self._looks[frame]

    def looks(self, frames: Sequence[int]) -> list[Look]:
        """Looks of frames."""
        return [self._looks[frame] for frame in frames]

    def best(self, thing: Thing, frames: Sequence[int]) -> float:
        """The greatest share of a picture that a thing has in some frames."""
        return max(look.share(thing) for look in self.looks(frames))

    def group(self, category: str, frames: Sequence[int]) -> tuple[Thing, ...]:
        """The things of a category that frames clearly show.

        Raises:
            Doubt: One of them is neither clearly seen nor clearly unseen, or none is seen.
        """
        shares = {t: self.best(t, frames) for t in self.house.categories.get(category, ())}
        for thing, share in shares.items():
            if self.low < share < self.high:
                raise Doubt(f"{thing.id} has {share:.4f} of a picture at best")
        seen = tuple(thing for thing, share in shares.items() if share >= self.high)
        if not seen:
            raise Doubt(f"no {category} in the frames")
        return seen

    def only(self, category: str, frames: Sequence[int]) -> Thing:
        """What `the <category>` names in frames.

        Raises:
            Doubt: Nothing, or several things.
        """
        group = self.group(category, frames)
        if len(group) > 1:
            raise Doubt(f"{len(group)} things are a {category}")
        return next(iter(group))

    def named(self, category: str, frames: Sequence[int]) -> Thing:
        """What `the <category>` names in frames that show no trace of another such thing.

        Raises:
            Doubt: Nothing, or several things.
        """
        shares = {t: self.best(t, frames) for t in self.house.categories.get(category, ())}
        shown = [thing for thing, share in shares.items() if share >= TWIN]
        for thing in shown:
            if len(shown) == 1 and shares[thing] >= NAMED:
                return thing
        raise Doubt(f"{len(shown)} things are a {category}")

    def first(self, category: str, frames: Sequence[int], least: float) -> int:
        """Place of the first frame that shows a thing of a category with at least this share.

        It is the number of frames if there is none.
        """
        things = self.house.categories.get(category, ())
        for place, look in enumerate(self.looks(frames)):
            if any(look.share(thing) >= least for thing in things):
                return place
        return len(frames)
