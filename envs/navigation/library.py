"""The episodes that come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ...errors import SpatuneError
from ..houses.assets import Split
from .episode import NavEpisode, read_episodes
from .task import NavTask

_FOLDER = Path(__file__).parent / "data"


@cache
def stored_episodes(task: NavTask, split: Split) -> dict[str, tuple[NavEpisode, ...]]:
    """The episodes of a task in the houses of a split, by house.

    Raises:
        SpatuneError: There are none.
    """
    path = _FOLDER / f"{task}-{split}.json"
    if not path.exists():
        known = sorted(file.stem for file in _FOLDER.glob("*.json"))
        raise SpatuneError(f"no stored episodes of {task}-{split}; there are: {', '.join(known)}")
    by_house: dict[str, list[NavEpisode]] = {}
    for episode in read_episodes(path):
        by_house.setdefault(episode.house, []).append(episode)
    return {house: tuple(episodes) for house, episodes in by_house.items()}
