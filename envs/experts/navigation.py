"""`NavExpert`: walks the shortest way in embedded houses, with privileged knowledge of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ...errors import SpatuneError
from ..embedded.tour import shortest_tour
from ..embedded.viewpoints import gaps_to, nearest_views, view_from
from ..houses.polygon import contains
from ..houses.reachable import ReachableGrid
from ..navigation.episode import NavEpisode
from ..navigation.task import GOAL_METRES, NAV_ACTIONS, STEP_METRES, TURN_DEGREES
from ..thor import ThorEnv
from ..thor_backends.controller import ThorController

_TURNS = round(360 / TURN_DEGREES)
_CLOSE = 0.6 * STEP_METRES
"""Metres within which a corner of the way counts as reached."""
_VIEWS = 8
"""Places with a view of a target that are tried before the expert gives up."""

_MOVE, _LEFT, _RIGHT, _UP, _DOWN, _DONE = NAV_ACTIONS


class NavExpert:
    """Chooses the next action of an episode from the state of the simulator.

    It keeps no plan between actions, only where it has been and which places with a view of the
    target have turned out useless: after any detour it goes on from where the agent is, so that
    it can also label the states of another policy.

    Args:
        env: An environment on the embedded backend.

    Raises:
        SpatuneError: The environment runs on another backend.
    """

    def __init__(self, env: ThorEnv) -> None:
        controller = env.controller
        if not isinstance(controller, ThorController):
            raise SpatuneError("the navigation expert needs backend='embedded'")
        self._env = env
        self._simulator = controller.simulator
        self._key: object = None

    def action(self) -> int:
        """Number of the best action now, of `NAV_ACTIONS`."""
        episode = self._env.episode
        if episode is None:
            raise SpatuneError("call reset() before asking the expert")
        key = (id(self._simulator.world), episode)
        if key != self._key:
            self._key = key
            self._views = self._find_views(episode)
            self._places = self._rooms_places(episode) if episode.task == "roomvisit" else {}
            self._visits: Counter[tuple[int, int]] = Counter()
            self._last: tuple[int, int] | None = None
        here = _cell(np.array(self._env.place))
        if here != self._last:
            self._visits[here] += 1
            self._last = here
        return NAV_ACTIONS.index(self._choose(episode))

    @property
    def _grid(self) -> ReachableGrid:
        return self._world.grid

    @property
    def _world(self):
        world = self._simulator.world
        assert world is not None, "an episode is played"
        return world

    def _choose(self, episode: NavEpisode) -> str:
        if episode.task == "objectnav":
            return self._to_object(episode)
        if episode.task == "pointnav":
            assert episode.goal is not None, "from_json checks it"
            return self._to_place(np.array(episode.goal), GOAL_METRES) or _DONE
        return self._to_room()

    def _to_object(self, episode: NavEpisode) -> str:
        world = self._world
        targets = self._targets(episode)
        seen = self._simulator.visible()
        if any(target in seen for target in targets):
            return _DONE
        here = (world.agent.x, world.agent.z)
        for target in targets:
            if gaps_to(world, np.array([here]), target)[0] > world.settings.visibility_distance:
                continue
            look = view_from(self._simulator, here, target, self._yaws())
            if look is not None:
                return self._turn(look[0]) or self._tilt(look[1]) or _DONE
        while self._views:
            action = self._to_place(self._grid.points[self._views[0]], 0.0)
            if action is not None:
                return action
            # An agent that turns by steps sees less from here than one that looks straight at it.
            self._views.pop(0)
        return _DONE

    def _to_room(self) -> str:
        env = self._env
        assert env.house is not None, "an episode is played"
        left = [places for room, places in self._places.items() if room not in env.rooms]
        return (self._along(left[0]) if left else None) or _DONE

    def _to_place(self, place: np.ndarray, tolerance: float) -> str | None:
        """The next action towards a place; None when the agent is there."""
        world = self._world
        here = np.array([world.agent.x, world.agent.z])
        near = np.linalg.norm(place - here) <= max(tolerance, _CLOSE)
        if near and world.plan.clear(here, place)[0]:
            return None
        corners = world.path((float(here[0]), float(here[1])), (float(place[0]), float(place[1])))
        return None if corners is None else self._follow(corners)

    def _along(self, goals: np.ndarray) -> str | None:
        agent = self._world.agent
        corners = self._grid.path((agent.x, agent.z), goals)
        return None if corners is None else self._follow(corners)

    def _follow(self, corners: np.ndarray) -> str | None:
        """Turn to, or step along, the heading that brings the agent nearest to the next corner."""
        world = self._world
        here = corners[0]
        ahead = [corner for corner in corners[1:] if np.linalg.norm(corner - here) > _CLOSE]
        corner = ahead[0] if ahead else corners[-1]
        yaws = np.array(self._yaws())
        steps = STEP_METRES * np.stack([np.sin(np.radians(yaws)), np.cos(np.radians(yaws))], axis=1)
        there = here + steps
        free = world.plan.clear(np.tile(here, (len(there), 1)), there)
        sight = world.plan.clear(there, np.tile(corner, (len(there), 1)))
        gaps = np.linalg.norm(there - corner, axis=1)
        gaps = np.where(free & sight, gaps, np.where(free, gaps + 1.0, np.inf))
        # Between two places that each look better from the other an agent would go to and fro.
        gaps += STEP_METRES * np.array([self._visits[_cell(place)] for place in there])
        if not np.isfinite(gaps).any():
            return None
        best = int(np.argmin(np.round(gaps, 6)))
        return self._turn(float(yaws[best])) or _MOVE

    def _turn(self, yaw: float) -> str | None:
        """A turn towards a yaw, or None when the agent looks there."""
        gap = (yaw - self._world.agent.yaw + 180.0) % 360.0 - 180.0
        if abs(gap) < TURN_DEGREES / 2:
            return None
        return _RIGHT if gap > 0 else _LEFT

    def _tilt(self, horizon: float) -> str | None:
        gap = horizon - self._world.agent.horizon
        if abs(gap) < 1.0:
            return None
        return _DOWN if gap > 0 else _UP

    def _yaws(self) -> list[float]:
        """Yaws that the agent can turn to, the present one first."""
        yaw = self._world.agent.yaw
        order = sorted(range(_TURNS), key=lambda turn: min(turn, _TURNS - turn))
        return [(yaw + turn * TURN_DEGREES) % 360.0 for turn in order]

    def _targets(self, episode: NavEpisode) -> list[str]:
        return [
            name
            for name, entity in self._world.entities.items()
            if entity.object_type == episode.target
        ]

    def _rooms_places(self, episode: NavEpisode) -> dict[str, np.ndarray]:
        """Indices of the grid points in each room, in the order of the shortest tour."""
        house, points = self._world.house, self._grid.points
        floors = {room.id: room.floor for room in house.rooms}
        tour = shortest_tour(self._world, episode.start)
        corners = [] if tour is None else [(float(x), float(z)) for x, z in tour]
        order = dict.fromkeys(
            room for corner in corners for room in floors if contains(floors[room], corner)
        )
        return {
            room: np.array(
                [
                    i
                    for i, (x, z) in enumerate(points)
                    if contains(floors[room], (float(x), float(z)))
                ],
                int,
            )
            for room in (*order, *(room for room in floors if room not in order))
        }

    def _find_views(self, episode: NavEpisode) -> list[int]:
        if episode.task != "objectnav":
            return []
        views: Iterator[int] = nearest_views(self._simulator, episode.start, self._targets(episode))
        return [place for place, _ in zip(views, range(_VIEWS), strict=False)]


def _cell(place: np.ndarray) -> tuple[int, int]:
    """A place to the nearest 5 cm, which is finer than steps and coarser than rounding."""
    x, z = np.round(np.asarray(place) / 0.05).astype(int)
    return int(x), int(z)
