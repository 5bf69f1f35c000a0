"""Scripted expert for LIBERO, driven by privileged state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import SpatuneError
from ..libero_privileged import LiberoPrivileged, Predicate
from .grasp import Grasp, Surroundings, plan_grasp
from .skills.arm import Actions, Arm
from .skills.clear import free_spot, walls
from .skills.insert import front, insert
from .skills.pick import pick
from .skills.place import Spot, find_spot, place
from .skills.pull import pull
from .skills.push import push_shut, push_to, push_wide
from .skills.turn import turn

_STAGES = {"open": 0, "turnon": 1, "turnoff": 1, "on": 2, "in": 2, "close": 3}
"""Order in which goals are met: what must be open is opened first and closed last."""
_ARGUMENTS = {"on": 2, "in": 2}

_WIDE = 0.8
"""Fraction of its travel from which a drawer need not be opened further."""
_PUSHES = 2
"""Pushes over the table before an object is carried."""
_FLAT = 0.03
"""Objects lower than this (m) that the fingers cannot span are pushed over the table."""


class LiberoExpert:
    """Solves a LIBERO task by one skill per goal predicate.

    It covers on, in, open, close, turnon and turnoff. A goal that holds already is left alone.

    Iterate over `actions()` and step the environment with each before asking for the next:

        for action in LiberoExpert(env.privileged).actions():
            env.step(action)

    Attributes:
        attempts: Skills started so far.
        grasp: Last grasp that lifted an object.
    """

    def __init__(self, scene: LiberoPrivileged, *, max_attempts: int = 8) -> None:
        """Prepare for the scene's goal.

        Raises:
            SpatuneError: The goal needs a skill that this expert lacks.
        """
        for goal in scene.goal:
            reason = _obstacle(scene, goal)
            if reason:
                raise SpatuneError(f"the scripted expert cannot do {goal}: {reason}")
        self._scene = scene
        self._max_attempts = max_attempts
        self._arm = Arm(scene)
        self._blocked: dict[str, list[np.ndarray]] = {}
        self._pushes: dict[Predicate, int] = {}
        self.attempts = 0
        self.grasp: Grasp | None = None

    def actions(self) -> Actions:
        """Actions, float64 (7,) in [-1, 1]; ends when the goal holds or attempts run out."""
        for _ in range(self._max_attempts):
            for goal in next_goals(self._scene):
                self.attempts += 1
                yield from self._meet(goal)

    def _meet(self, goal: Predicate) -> Actions:
        kind, subject = goal[:2]
        if kind == "open":
            yield from pull(self._arm, subject)
        elif kind == "close":
            yield from push_shut(self._arm, subject)
        elif kind in ("turnon", "turnoff"):
            yield from turn(self._arm, subject, on=kind == "turnon")
        elif self._to_be_pushed(goal):
            self._pushes[goal] = self._pushes.get(goal, 0) + 1
            yield from push_to(self._arm, goal)
        else:
            yield from self._pick_and_place(goal)

    def _to_be_pushed(self, goal: Predicate) -> bool:
        """Whether to push a flat object over the table; where that failed it is carried."""
        scene, (_, name, where) = self._scene, goal
        if self._pushes.get(goal, 0) >= _PUSHES or scene.container(where) is not None:
            return False
        flat = np.ptp(scene.collision_points(name)[:, 2]) < _FLAT
        return bool(flat) and plan_grasp(scene, name, self._arm.nominal).kind == "rim"

    def _pick_and_place(self, goal: Predicate) -> Actions:
        scene, arm = self._scene, self._arm
        _, name, where = goal
        outward = front(scene, where)
        if outward is not None:
            yield from push_wide(arm, str(scene.container(where)))
            blocked = self._blocked.setdefault(name, [])
            travel = float(scene.position(where)[2])
            grasp = yield from pick(arm, name, blocked, travel=travel, around=None, side=outward)
            if grasp is not None:
                self.grasp = grasp
                yield from insert(arm, name, where, outward)
            return
        around = None
        part = scene.moving_part(where)
        if part is not None:
            if abs(part.value) < _WIDE * max(map(abs, part.limits)):
                aside = free_spot(scene, name, part)
                if aside is not None:
                    yield from self._carry(name, lambda: aside)
                yield from pull(arm, where)
            spot = find_spot(scene, name, where)
            low = scene.collision_points(name)[:, 2].min()
            shift = np.array([*spot.centre, spot.height - 0.03])
            shift = shift - np.array([*scene.position(name)[:2], low])
            around = Surroundings(walls(scene, where, part), shift)
        yield from self._carry(name, lambda: find_spot(scene, name, where), around)

    def _carry(
        self, name: str, find: Callable[[], Spot], around: Surroundings | None = None
    ) -> Actions:
        blocked = self._blocked.setdefault(name, [])
        grasp = yield from pick(self._arm, name, blocked, travel=find().travel, around=around)
        if grasp is not None:
            self.grasp = grasp
            yield from place(self._arm, name, find(), grasp)


def next_goals(scene: LiberoPrivileged) -> list[Predicate]:
    """Unmet goals of the earliest stage, in the order in which the expert meets them; empty when
    all hold.
    """
    unmet = [goal for goal in scene.goal if not scene.holds(goal)]
    stage = min((_STAGES[goal[0]] for goal in unmet), default=None)
    return [goal for goal in unmet if _STAGES[goal[0]] == stage]


def _obstacle(scene: LiberoPrivileged, goal: Predicate) -> str | None:
    """Why no skill meets a goal; None if one does."""
    kind, subject = goal[0], goal[-1]
    if kind not in _STAGES or len(goal) != 1 + _ARGUMENTS.get(kind, 1):
        return f"it covers {', '.join(_STAGES)}"
    if kind in _ARGUMENTS:
        return None
    part = scene.moving_part(subject)
    if part is None:
        return f"nothing moves at {subject}"
    if kind == "open" and part.hinge:
        return f"{subject} has a door, and it opens drawers only"
    if kind in ("turnon", "turnoff") and not part.hinge:
        return f"{subject} has no knob"
    return None
