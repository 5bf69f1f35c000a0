"""`Arm`: servo motions of the gripper that every skill is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...libero_privileged import LiberoPrivileged

OPEN, CLOSE = -1.0, 1.0
POSITION_SCALE, ROTATION_SCALE = 0.05, 0.5
"""Metres and radians of one control step at action 1.0 (OSC_POSE)."""

UP = np.array([0.0, 0.0, 1.0])

_ABOVE_START = 0.05
"""How far (m) over the height that it starts at the arm still reaches what stands on the table."""

_STUCK_STEPS, _STUCK_TRAVEL = 12, 0.003
"""A motion that covers less than this (m) in this many steps has met something."""

_SLIP = 0.08
"""An object that moves this far (m) against the hand is not held any more."""

_HAND = 0.07
"""Half the width (m) of the lane that the hand needs over other objects."""
_FINGERS = 0.04
"""Height (m) of the grip site at which the fingertips pass over things with some play."""
_RISE = 0.03
"""Height (m) that the hand may lack over the way; with less it rises before it goes on."""

Target = np.ndarray | Callable[[], np.ndarray]
Actions = Iterator[np.ndarray]


class Arm:
    """The gripper of a scene. Positions are of the grip site, in m in the world frame.

    Each motion is a generator of actions, float64 (7,) in [-1, 1]; step the environment with each
    before asking for the next.

    Attributes:
        scene: Privileged view that motions look at after every step.
        nominal: (3, 3) rotation pointing straight down that is closest to the arm's first one. Its
            x column is the finger axis, its z column the direction that the hand points in.
    """

    def __init__(self, scene: LiberoPrivileged) -> None:
        self.scene = scene
        position, rotation = scene.gripper()
        self.nominal = _straight_down(rotation)
        self._ceiling = float(position[2]) + _ABOVE_START

    @property
    def position(self) -> np.ndarray:
        """Grip site now, (3,)."""
        return self.scene.gripper()[0]

    def turned(self, yaw: float) -> np.ndarray:
        """Pointing straight down, turned about the vertical (rad) from `nominal`, (3, 3)."""
        return about_z(yaw) @ self.nominal

    def pointing(self, direction: np.ndarray, fingers: np.ndarray) -> np.ndarray:
        """Rotation (3, 3) that points along a direction with the fingers on an axis.

        Args:
            direction: (3,), any length.
            fingers: (3,) axis of either sign; its part across `direction` counts.
        """
        z = direction / np.linalg.norm(direction)
        x = fingers - (fingers @ z) * z
        x /= np.linalg.norm(x)
        # The hand is symmetric: of the two ways to hold an axis take the one that turns less.
        ways = [np.stack([side, np.cross(z, side), z], axis=1) for side in (x, -x)]
        return max(ways, key=lambda way: np.trace(way @ self.nominal.T))

    def hold(self, target: Target, rotation: np.ndarray, grip: float, steps: int) -> Actions:
        """Stay at a target for a number of steps."""
        for _ in range(steps):
            yield self._action(_now(target), rotation, grip)

    def release(self, rotation: np.ndarray, steps: int) -> Actions:
        """Open the fingers where the hand is."""
        yield from self.hold(lambda: self.position, rotation, OPEN, steps)

    def move(
        self,
        target: Target,
        rotation: np.ndarray,
        grip: float,
        *,
        tolerance: float,
        steps: int,
        turn: float = 0.12,
        descent: float = 1.0,
        gate: float = 0.0,
        speed: float = 1.0,
        during: Callable[[], bool] | None = None,
    ) -> Actions:
        """Servo the grip site to a target (m) until within tolerance (m) and `turn` (rad).

        With `gate` (m) the descent slows while the horizontal error exceeds it: otherwise the OSC
        controller drifts 2-3 cm sideways; it ends early where something stops the hand. An
        integral term removes the steady error, which reaches 1.3 cm where the arm is nearly
        stretched. `speed` and `descent` bound horizontal and downward actions. It ends as well
        as soon as `during` is false.
        """
        integral = np.zeros(3)
        path: list[np.ndarray] = []
        for _ in range(steps):
            goal = _now(target)
            yield self._action(
                goal, rotation, grip, gain=2.5, descent=descent, gate=gate, speed=speed,
                integral=integral,
            )  # fmt: skip
            goal = _now(target)
            position, current = self.scene.gripper()
            cosine = (np.trace(rotation @ current.T) - 1) / 2
            angle = np.arccos(np.clip(cosine, -1, 1))
            if np.linalg.norm(goal - position) < tolerance and angle < turn:
                return
            if during is not None and not during():
                return
            path.append(position)
            if gate and len(path) >= _STUCK_STEPS:
                if np.ptp(path[-_STUCK_STEPS:], axis=0).max() < _STUCK_TRAVEL:
                    return

    def over(self, target: Target, name: str, *, hang: float = _FINGERS) -> Target:
        """A target that leads over the other things that stand between here and there.

        Where they are higher than the hand it goes straight up first. It never asks for much
        more than the height that the arm started at, above which its reach is short.

        Args:
            target: Where to go.
            name: Object that may be touched.
            hang: Height (m) of the grip site over the lowest point of what passes.
        """
        bodies = self.scene.objects + self.scene.fixtures
        others = [other for other in bodies if other != name]

        def raised() -> np.ndarray:
            goal, here = _now(target), self.position
            points = [self.scene.collision_points(other) for other in others]
            lane = _beside(np.concatenate([np.zeros((0, 3)), *points]), here, goal)
            height = float(lane[:, 2].max(initial=-np.inf)) + hang
            height = max(goal[2], min(height, self._ceiling))
            if here[2] < height - _RISE:
                return np.array([*here[:2], height + _RISE])
            return np.array([*goal[:2], height])

        return raised

    def held(self, name: str) -> Callable[[], bool]:
        """Whether an object that is in the hand now still is, whenever the result is called."""

        def offset() -> np.ndarray:
            return self.scene.position(name) - self.position

        now = offset()
        return lambda: float(np.linalg.norm(offset() - now)) < _SLIP

    def _action(
        self,
        target: np.ndarray,
        rotation: np.ndarray,
        grip: float,
        *,
        gain: float = 1.0,
        descent: float = 1.0,
        gate: float = 0.0,
        speed: float = 1.0,
        integral: np.ndarray | None = None,
    ) -> np.ndarray:
        position, current = self.scene.gripper()
        error = target - position
        delta = error * gain / POSITION_SCALE
        if integral is not None:
            integral += np.where(np.abs(error) < 0.02, error, 0.0) * 0.2 / POSITION_SCALE
            np.clip(integral, -0.8, 0.8, out=integral)
            delta = delta + integral
        # xy and z saturate separately: one common scale would starve xy during a descent.
        delta[:2] /= max(1.0, float(np.abs(delta[:2]).max()) / speed)
        delta[2] = np.clip(delta[2], -descent, descent)
        if gate and delta[2] < 0:
            delta[2] *= np.clip(1.6 - np.hypot(error[0], error[1]) / gate, 0.0, 1.0)
        turn = _rotation_vector(rotation @ current.T) / ROTATION_SCALE
        return np.clip(np.concatenate([delta, turn, [grip]]), -1.0, 1.0)


def _now(target: Target) -> np.ndarray:
    return target() if callable(target) else target


def _beside(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Those points (M, 3) that lie, seen from above, in the hand's way."""
    way = end[:2] - start[:2]
    offset = points[:, :2] - start[:2]
    along = np.clip(offset @ way / max(1e-9, float(way @ way)), 0.0, 1.0)
    return points[np.linalg.norm(offset - along[:, None] * way, axis=1) < _HAND]


def about_z(angle: float) -> np.ndarray:
    """Rotation (3, 3) about the vertical (rad)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _straight_down(rotation: np.ndarray) -> np.ndarray:
    """The rotation with z pointing down that keeps the finger axis closest."""
    y = rotation[:, 1] + (rotation[:, 1] @ -UP) * UP
    y /= np.linalg.norm(y)
    return np.stack([np.cross(y, -UP), y, -UP], axis=1)


def _rotation_vector(rotation: np.ndarray) -> np.ndarray:
    """Axis times angle (rad) of a rotation matrix, angle in [0, pi]."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(rotation).as_rotvec()
