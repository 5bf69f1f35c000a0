"""Scripted pick-and-place expert for LIBERO, driven by privileged state."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...errors import SpatuneError
from ..libero_privileged import LiberoPrivileged, Predicate
from .grasp import Grasp, plan_grasp

OPEN, CLOSE = -1.0, 1.0
POSITION_SCALE, ROTATION_SCALE = 0.05, 0.5
"""Metres and radians of one control step at action 1.0 (OSC_POSE)."""

_STUCK_STEPS, _STUCK_TRAVEL = 12, 0.003
"""A descent that covers less than this (m) in this many steps has met something."""
_BLOCKED = 0.02
"""Height (m) left over the planned grip above which closing would catch nothing."""

Target = np.ndarray | Callable[[], np.ndarray]


class LiberoExpert:
    """Solves goals of the form on(object, place) and in(object, place).

    Iterate over `actions()` and step the environment with each before asking for the next:

        for action in LiberoExpert(env.privileged).actions():
            env.step(action)

    Attributes:
        attempts: Pick-and-place attempts so far.
        grasp: Last grasp planned.
    """

    def __init__(self, scene: LiberoPrivileged, *, max_attempts: int = 6) -> None:
        """Prepare for the scene's goal.

        Raises:
            SpatuneError: The goal needs a skill that this expert lacks.
        """
        unsupported = [goal for goal in scene.goal if goal[0] not in ("on", "in") or len(goal) != 3]
        if unsupported:
            raise SpatuneError(
                f"the scripted expert cannot do {unsupported[0]}; "
                "it covers on(object, place) and in(object, place)"
            )
        self._scene = scene
        self._max_attempts = max_attempts
        _, rotation = scene.gripper()
        self._nominal = _straight_down(rotation)
        self.attempts = 0
        self.grasp: Grasp | None = None
        self._blocked: dict[str, list[np.ndarray]] = {}

    def actions(self) -> Iterator[np.ndarray]:
        """Actions, float64 (7,) in [-1, 1]; ends when the goal holds or attempts run out."""
        for _ in range(self._max_attempts):
            for goal in self._scene.goal:
                if not self._scene.holds(goal):
                    self.attempts += 1
                    yield from self._pick_and_place(goal)

    def _pick_and_place(self, goal: Predicate) -> Iterator[np.ndarray]:
        scene = self._scene
        _, name, place = goal
        blocked = self._blocked.setdefault(name, [])
        grasp = self.grasp = plan_grasp(scene, name, self._nominal, blocked)
        rotation = _about_z(grasp.yaw) @ self._nominal
        offset = scene.position(name) - grasp.position
        hover = max(0.10, grasp.top - grasp.position[2] + 0.06)
        lift = np.array([0.0, 0.0, hover])
        yield from self._move(
            lambda: scene.position(name) - offset + lift, rotation, OPEN, tolerance=0.02, steps=80
        )
        # The object may have settled meanwhile, and the arm no longer hides its surroundings.
        grasp = self.grasp = plan_grasp(scene, name, self._nominal, blocked)
        rotation = _about_z(grasp.yaw) @ self._nominal
        above = grasp.position + np.array([0.0, 0.0, 0.05])
        yield from self._move(above, rotation, OPEN, tolerance=0.012, steps=40)
        yield from self._move(
            grasp.position, rotation, OPEN, tolerance=0.007, steps=60, descent=0.6, gate=0.010
        )
        if scene.gripper()[0][2] > grasp.position[2] + _BLOCKED:
            blocked.append(grasp.position - scene.position(name))
            yield from self._move(above + lift, rotation, OPEN, tolerance=0.03, steps=15)
            return
        for _ in range(9):
            yield self._action(grasp.position, rotation, CLOSE)
        held_at, _ = scene.gripper()
        hang = held_at[2] - scene.collision_points(name)[:, 2].min()
        centre, top = self._destination(place)
        travel = max(top + hang + 0.06, held_at[2] + 0.10)
        start_height = scene.position(name)[2]
        yield from self._move(
            np.array([held_at[0], held_at[1], travel]), rotation, CLOSE, tolerance=0.03, steps=40
        )
        if scene.position(name)[2] < start_height + 0.03:
            yield from self._release(rotation, steps=4)
            return

        def over(height: float) -> Callable[[], np.ndarray]:
            def target() -> np.ndarray:
                in_hand = scene.position(name)[:2] - scene.gripper()[0][:2]
                return np.array([*(centre - in_hand), height])

            return target

        yield from self._move(over(travel), rotation, CLOSE, tolerance=0.012, steps=80)
        yield from self._move(
            over(top + hang - 0.03), rotation, CLOSE, tolerance=0.008, steps=80, descent=0.5,
            gate=0.015,
        )  # fmt: skip
        yield from self._release(rotation, steps=10)
        away = scene.gripper()[0] + np.array([0.0, 0.0, 0.1])
        yield from self._move(away, rotation, OPEN, tolerance=0.03, steps=15)

    def _destination(self, place: str) -> tuple[np.ndarray, float]:
        """Centre (2,) of a place and the height (m) of what carries it."""
        position = self._scene.position(place)
        carrier = self._scene.container(place)
        points = self._scene.collision_points(carrier) if carrier else np.zeros((0, 3))
        top = float(points[:, 2].max()) if len(points) else float(position[2])
        return position[:2], top

    def _release(self, rotation: np.ndarray, steps: int) -> Iterator[np.ndarray]:
        for _ in range(steps):
            yield self._action(self._scene.gripper()[0], rotation, OPEN)

    def _move(
        self,
        target: Target,
        rotation: np.ndarray,
        grip: float,
        *,
        tolerance: float,
        steps: int,
        descent: float = 1.0,
        gate: float = 0.0,
    ) -> Iterator[np.ndarray]:
        """Servo the grip site to a target (m) until within tolerance (m) and 0.12 rad.

        With `gate` (m) the descent slows while the horizontal error exceeds it: otherwise the OSC
        controller drifts 2-3 cm sideways; it ends early where something stops the hand. An
        integral term removes the steady error, which reaches 1.3 cm where the arm is nearly
        stretched.
        """
        integral = np.zeros(3)
        path: list[np.ndarray] = []
        for _ in range(steps):
            goal = target() if callable(target) else target
            yield self._action(
                goal, rotation, grip, gain=2.5, descent=descent, gate=gate,
                integral=integral,
            )  # fmt: skip
            goal = target() if callable(target) else target
            position, current = self._scene.gripper()
            cosine = (np.trace(rotation @ current.T) - 1) / 2
            angle = np.arccos(np.clip(cosine, -1, 1))
            if np.linalg.norm(goal - position) < tolerance and angle < 0.12:
                return
            path.append(position)
            if gate and len(path) >= _STUCK_STEPS:
                if np.ptp(path[-_STUCK_STEPS:], axis=0).max() < _STUCK_TRAVEL:
                    return

    def _action(
        self,
        target: np.ndarray,
        rotation: np.ndarray,
        grip: float,
        *,
        gain: float = 1.0,
        descent: float = 1.0,
        gate: float = 0.0,
        integral: np.ndarray | None = None,
    ) -> np.ndarray:
        position, current = self._scene.gripper()
        error = target - position
        delta = error * gain / POSITION_SCALE
        if integral is not None:
            integral += np.where(np.abs(error) < 0.02, error, 0.0) * 0.2 / POSITION_SCALE
            np.clip(integral, -0.8, 0.8, out=integral)
            delta = delta + integral
        # xy and z saturate separately: one common scale would starve xy during a descent.
        delta[:2] /= max(1.0, float(np.abs(delta[:2]).max()))
        delta[2] = np.clip(delta[2], -descent, descent)
        if gate and delta[2] < 0:
            delta[2] *= np.clip(1.6 - np.hypot(error[0], error[1]) / gate, 0.0, 1.0)
        turn = _rotation_vector(rotation @ current.T) / ROTATION_SCALE
        return np.clip(np.concatenate([delta, turn, [grip]]), -1.0, 1.0)


def _straight_down(rotation: np.ndarray) -> np.ndarray:
    """The rotation with z pointing down that keeps the finger axis closest."""
    z = np.array([0.0, 0.0, -1.0])
    y = rotation[:, 1] - (rotation[:, 1] @ z) * z
    y /= np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z], axis=1)


def _about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _rotation_vector(rotation: np.ndarray) -> np.ndarray:
    """Axis times angle (rad) of a rotation matrix, angle in [0, pi]."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(rotation).as_rotvec()
