"""`sample_episode`: a new navigation episode in the house that a controller is in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import SpatuneError
from ..houses.targets import TARGET_TYPES
from .episode import NavEpisode
from .guide import NavGuide
from .task import SHORTEST_METRES, TURN_DEGREES, NavTask

_TRIES = 50


def sample_episode(
    guide: NavGuide,
    task: NavTask,
    house: str,
    house_sha256: str,
    random: np.random.Generator,
    targets: tuple[str, ...] = TARGET_TYPES,
) -> NavEpisode:
    """Draw a start and a goal that are at least `SHORTEST_METRES` apart along the way.

    Args:
        guide: Of a controller in the house.
        task: What the agent will have to do.
        house: Name of the house.
        house_sha256: Its content hash.
        random: Where the draws come from.
        targets: ObjectNav: types to find; those that the house lacks are left out.

    Raises:
        SpatuneError: The house has no target, or no start far enough from a goal was found.
    """
    places = guide.reachable()
    if not len(places):
        raise SpatuneError(f"house {house!r}: there is no place to stand at its agent's start")
    kinds: list[str] = []
    if task == "objectnav":
        there = guide.object_types()
        kinds = [target for target in targets if target in there]
        if not kinds:
            raise SpatuneError(f"house {house!r} has none of the targets: {', '.join(targets)}")
    for _ in range(_TRIES):
        x, z = places[random.integers(len(places))]
        yaw = TURN_DEGREES * float(random.integers(round(360 / TURN_DEGREES)))
        episode = NavEpisode(task, house, house_sha256, (float(x), float(z)), yaw, 0.0)
        if task == "objectnav":
            episode = replace(episode, target=kinds[random.integers(len(kinds))])
        elif task == "pointnav":
            x, z = places[random.integers(len(places))]
            episode = replace(episode, goal=(float(x), float(z)))
        distance = guide.distance(episode, episode.start)
        if task == "roomvisit":
            return replace(episode, start_distance=distance)
        if distance is not None and distance >= SHORTEST_METRES:
            return replace(episode, start_distance=distance)
    raise SpatuneError(
        f"house {house!r}: no start for {task} at least {SHORTEST_METRES:g} m from its goal "
        f"in {_TRIES} draws"
    )
