"""`episode_metrics`: what one navigation episode is worth beside success.

SPL is of Anderson et al. 2018, "On Evaluation of Embodied Navigation Agents" (arXiv:1807.06757);
SoftSPL of Datta et al. 2020, "Integrating Egocentric Localization for More Realistic Point-Goal
Navigation Agents" (arXiv:2009.03231); SEL of Eftekhar et al. 2024, "Selective Visual
Representations Improve Convergence and Generalization for Embodied AI" (arXiv:2311.04193).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

WHY_MISSING: Mapping[str, str] = MappingProxyType(
    {
        "spl": "solved, but the optimal path is unknown",
        "soft_spl": "a distance to the goal is unknown",
        "sel": "solved, but the optimal number of steps is unknown",
        "distance_to_goal": "no known path from the last position to the goal",
        "optimal_length": "no known path from the start to the goal",
    }
)
"""Why a metric is None, by its name; such an episode is reported and not averaged."""


def episode_metrics(info: Mapping[str, Any]) -> dict[str, float | None]:
    """Metrics of an episode from the `info` of its last step.

    Args:
        info: `success` (bool), `path_length` (m travelled), `steps` (actions taken), `collisions`
            (moves that were blocked), and, with None or a negative number for unknown,
            `distance_to_goal` and `start_distance` (m, geodesic, at the end and at the start),
            `optimal_length` (m) and `optimal_steps` of the shortest way to success.

    Returns:
        `spl`, `soft_spl`, `sel` in [0, 1]; `distance_to_goal`, `path_length`, `optimal_length` in
        metres; `collisions`. None where `WHY_MISSING` says why.
    """
    success, travelled = bool(info["success"]), float(info["path_length"])
    return {
        "spl": spl(success, info["optimal_length"], travelled),
        "soft_spl": soft_spl(info["distance_to_goal"], info["start_distance"], travelled),
        "sel": sel(success, info["optimal_steps"], info["steps"]),
        "distance_to_goal": _known(info["distance_to_goal"]),
        "path_length": travelled,
        "optimal_length": _known(info["optimal_length"]),
        "collisions": float(info["collisions"]),
    }


def spl(success: bool, optimal: float | None, travelled: float) -> float | None:
    """Success weighted by path length: S l / max(p, l) (Anderson et al. 2018).

    Args:
        success: S, whether the episode was solved.
        optimal: l, length of the shortest path to success, metres; None or negative if unknown.
        travelled: p, length of the agent's path, metres.

    Returns:
        In [0, 1]. 0 without success, even if l is unknown; else None if l is unknown; for l = 0, 1
        if nothing was travelled and 0 otherwise.
    """
    return _weighted(success, optimal, travelled)


def sel(success: bool, optimal_steps: float | None, steps: float) -> float | None:
    """Success weighted by episode length: S l / max(L, l) in steps (Eftekhar et al. 2024).

    Unlike SPL it counts turns and looks, so that searching on the spot is not free.

    Args:
        success: S, whether the episode was solved.
        optimal_steps: l, fewest actions to success; None or negative if unknown.
        steps: L, actions taken.

    Returns:
        In [0, 1], or None; the edge cases are those of `spl`.
    """
    return _weighted(success, optimal_steps, steps)


def soft_spl(
    final_distance: float | None, start_distance: float | None, travelled: float
) -> float | None:
    """SPL with progress in place of success: max(0, 1 - d_T / d_0) d_0 / max(d_0, p).

    Defined by Datta et al. 2020.

    Args:
        final_distance: d_T, geodesic distance to the goal at the end, metres; None or negative if
            unknown.
        start_distance: d_0, the same at the start.
        travelled: p, length of the agent's path, metres.

    Returns:
        In [0, 1], or None if a distance is unknown. For d_0 = 0, 1 if the agent is still there
        without having travelled and 0 otherwise.
    """
    final, start = _known(final_distance), _known(start_distance)
    _check_spent(travelled)
    if final is None or start is None:
        return None
    if start == 0:
        return float(final == 0 and travelled == 0)
    return max(0.0, 1 - final / start) * start / max(start, travelled)


def path_length(points: ArrayLike) -> float:
    """Length of a polyline.

    Args:
        points: Its corners in order, (N, D), metres; N may be 0 or 1.

    Returns:
        Sum of the Euclidean lengths of its segments, metres.
    """
    corners = np.asarray(points, dtype=np.float64)
    if len(corners) < 2:
        return 0.0
    return float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum())


def _weighted(success: bool, optimal: float | None, spent: float) -> float | None:
    _check_spent(spent)
    if not success:
        return 0.0
    best = _known(optimal)
    if best is None:
        return None
    if best == 0:
        return float(spent == 0)
    return best / max(spent, best)


def _known(value: float | None) -> float | None:
    """The value, or None for one that stands for unknown: None, negative, infinite or NaN."""
    return float(value) if value is not None and 0 <= value < inf else None


def _check_spent(spent: float) -> None:
    if not 0 <= spent < inf:
        raise ValueError(f"an agent cannot have spent {spent} metres or steps")
