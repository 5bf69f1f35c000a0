"""Where to grasp an object with a parallel gripper that comes from above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..libero_privileged import LiberoPrivileged

_MAX_OPENING = 0.074
"""Widest body (m) that the Panda fingers close on with some play."""
_PALM_DEPTH = 0.028
"""Deepest grip below the top (m): the palm touches about 3.2 cm above the grip site."""
_CLEARANCE_CAP = {"body": 0.05, "rim": 0.03}
"""Free space (m) beyond which a grasp is not called safer. A rim offers many equal grasps: with a
low cap the preferred yaw decides, so that demonstrations of one task agree on where to grasp."""

_WIDTH_COST = {"body": (2.0, 0.055), "rim": (10.0, 0.02)}
"""Score lost per metre of width beyond what is easy to hold (m); a rim is wide at a handle."""

_RAISED, _RAISED_REACH = 0.22, 0.69
"""Above this height (m over the base) a downward-pointing hand reaches this far (m) with ease;
farther out joint 4 meets its limit and the hand stays beside its target. Measured on the top of
LIBERO's cabinet (0.25 m), where 0.69 m is reached and 0.745 m is not."""

_SPACING = 0.02
"""Gaps (m) between points of obstacles where room is tight: narrower than a finger."""

_SIDE_GAIN = 30.0
"""Score per metre towards the side that is asked for."""

_BLOCKED_COST, _BLOCKED_REACH = 0.5, 0.04
"""Score lost where the hand was blocked before, falling to nothing this far (m) from it."""

GraspKind = Literal["body", "rim"]


@dataclass(frozen=True)
class Grasp:
    """A top-down grasp.

    Attributes:
        position: Grip site target (3,), m, world frame.
        yaw: Rotation (rad) about the vertical from the gripper's nominal finger axis.
        kind: `body` closes over the whole object, `rim` on one wall of a bowl, mug or plate.
        top: Highest point of the object (m).
    """

    position: np.ndarray
    yaw: float
    kind: GraspKind
    top: float


@dataclass(frozen=True)
class Surroundings:
    """What the hand must pass where it takes an object and where it puts it down.

    Attributes:
        points: Obstacles (N, 3), m, sampled more densely than those of `collision_points`.
        shift: From the object to where it will be put down, (3,) m.
    """

    points: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True)
class _Candidate:
    xy: np.ndarray
    z: float
    yaw: float
    kind: GraspKind
    width: float


def plan_grasp(
    scene: LiberoPrivileged,
    name: str,
    nominal: np.ndarray,
    blocked: Sequence[np.ndarray] = (),
    around: Surroundings | None = None,
    side: np.ndarray | None = None,
) -> Grasp:
    """Choose a grasp that fits the gripper, keeps clear of neighbours and turns little.

    Args:
        scene: Privileged view.
        name: Object to grasp.
        nominal: (3, 3) gripper rotation at rest; its x column is the finger axis.
        blocked: Where the hand could not reach this object before, (3,) m from its origin; other
            grasps are preferred.
        around: Further obstacles.
        side: Direction (3,) in which a grasp off the object's middle should lie.
    """
    points = scene.collision_points(name)
    heading = float(np.arctan2(nominal[1, 0], nominal[0, 0]))
    candidates = _body_grasps(points, heading) or _rim_grasps(scene, name, points, heading)
    others = [scene.collision_points(o, _SPACING) for o in _bodies(scene) if o != name]
    obstacles = np.concatenate(others) if others else np.zeros((0, 3))
    if around is not None:
        obstacles = np.concatenate([obstacles, around.points, around.points - around.shift])
    base = scene.base_position
    tried = [scene.position(name) + offset for offset in blocked]
    middle = scene.position(name)[:2]

    def value(candidate: _Candidate) -> float:
        aside = 0.0 if side is None else float((candidate.xy - middle) @ side[:2])
        score = _score(candidate, heading, obstacles, base) - _blocked_cost(candidate, tried)
        return score + _SIDE_GAIN * aside

    best = max(candidates, key=value)
    position = np.array([*best.xy, best.z])
    return Grasp(position, best.yaw, best.kind, float(points[:, 2].max()))


def _bodies(scene: LiberoPrivileged) -> tuple[str, ...]:
    return scene.objects + scene.fixtures


def _axes(angle: float) -> tuple[np.ndarray, np.ndarray]:
    axis = np.array([np.cos(angle), np.sin(angle)])
    return axis, np.array([-axis[1], axis[0]])


def _body_grasps(points: np.ndarray, heading: float) -> list[_Candidate]:
    low, high = points[:, 2].min(), points[:, 2].max()
    height = high - low
    z = max(low + 0.012, high - _PALM_DEPTH) if height > 0.03 else low + 0.5 * height
    slab = points[points[:, 2] > z - 0.03][:, :2]
    candidates = []
    for yaw in np.deg2rad(np.arange(-90, 91, 10)):
        axis, tangent = _axes(heading + yaw)
        centre = (slab.min(axis=0) + slab.max(axis=0)) / 2
        along, across = (slab - centre) @ axis, (slab - centre) @ tangent
        width = along.max() - along.min()
        if width < _MAX_OPENING:
            centre = centre + axis * (along.max() + along.min()) / 2
            centre = centre + tangent * (across.max() + across.min()) / 2
            candidates.append(_Candidate(centre, float(z), float(yaw), "body", float(width)))
    return candidates


def _rim_grasps(
    scene: LiberoPrivileged, name: str, points: np.ndarray, heading: float
) -> list[_Candidate]:
    rotation, origin = scene.rotation(name), scene.position(name)
    up = int(np.argmax(np.abs(rotation[2])))
    elevation = (points - origin) @ rotation[:, up] * np.sign(rotation[2, up])
    height = points[:, 2].max() - points[:, 2].min()
    depth = min(0.018, 0.6 * height)
    ring = points[elevation > elevation.max() - 0.012]
    centre = ((ring.min(axis=0) + ring.max(axis=0)) / 2)[:2]
    wall = points[elevation > elevation.max() - depth - 0.008]
    candidates = []
    for angle in np.deg2rad(np.arange(0, 360, 15)):
        axis, tangent = _axes(angle)
        along, across = (wall[:, :2] - centre) @ axis, (wall[:, :2] - centre) @ tangent
        near = (np.abs(across) < 0.014) & (along > 0)
        if not near.any():
            continue
        yaw = (angle - heading + np.pi / 2) % np.pi - np.pi / 2
        inner, outer = along[near].min(), along[near].max()
        candidates.append(
            _Candidate(
                centre + axis * (inner + outer) / 2,
                float(wall[near][:, 2].max() - depth),
                float(yaw),
                "rim",
                float(outer - inner),
            )
        )
    return candidates


def _blocked_cost(candidate: _Candidate, tried: Sequence[np.ndarray]) -> float:
    distances = [float(np.linalg.norm(candidate.xy - position[:2])) for position in tried]
    return _BLOCKED_COST * sum(max(0.0, 1.0 - d / _BLOCKED_REACH) for d in distances)


def _score(candidate: _Candidate, heading: float, obstacles: np.ndarray, base: np.ndarray) -> float:
    axis, tangent = _axes(heading + candidate.yaw)
    clearance = _CLEARANCE_CAP[candidate.kind]
    tall = obstacles[obstacles[:, 2] > candidate.z - 0.012]
    if len(tall):
        offset = tall[:, :2] - candidate.xy
        along, across = np.abs(offset @ axis), np.abs(offset @ tangent)
        beside_fingers = np.maximum(along - 0.055, across - 0.014)
        beside_hand = np.maximum(along - 0.11, across - 0.035)
        low = tall[:, 2] < candidate.z + 0.09
        gap = np.where(low, beside_fingers, beside_hand).min()
        clearance = min(clearance, float(gap))
    score = 12.0 * clearance - 0.25 * abs(candidate.yaw)
    slope, easy = _WIDTH_COST[candidate.kind]
    score -= slope * max(0.0, candidate.width - easy)
    offset = candidate.xy - base[:2]
    if candidate.z - base[2] > _RAISED:
        score -= 25.0 * max(0.0, float(np.linalg.norm(offset)) - _RAISED_REACH)
    return score - 0.3 * float(np.linalg.norm(offset - np.array([0.38, 0.0])))
