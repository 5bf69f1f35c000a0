"""`ResetOptions`: which episode `ThorEnv.reset` is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import SpatuneError
from .episode import NavEpisode


@dataclass(frozen=True)
class ResetOptions:
    """Gymnasium's `options`, checked; None for what is left to the environment.

    Attributes:
        house: Name of the house.
        index: Number of the house's stored episode (`init_index`).
        episode: Any episode, which says all.
    """

    house: str | None = None
    index: int | None = None
    episode: NavEpisode | None = None

    @classmethod
    def read(cls, options: Mapping[str, Any] | None) -> ResetOptions:
        """Check what was given.

        Raises:
            SpatuneError: An unknown option, one of a wrong type, or an episode beside another.
        """
        rest = dict(options or {})
        episode, house = rest.pop("episode", None), rest.pop("house", None)
        index = rest.pop("init_index", None)
        if rest:
            raise SpatuneError(
                f"unknown reset option {next(iter(rest))!r}; use house, init_index or episode"
            )
        if episode is not None and (house is not None or index is not None):
            raise SpatuneError("reset option episode says all: leave out house and init_index")
        if episode is not None and not isinstance(episode, NavEpisode):
            raise SpatuneError(f"reset option episode is no NavEpisode: {str(episode)[:60]!r}")
        if index is not None and not isinstance(index, (int, np.integer)):
            raise SpatuneError(f"reset option init_index is {index!r}; use 0, 1, 2, ...")
        return cls(house, None if index is None else int(index), episode)
