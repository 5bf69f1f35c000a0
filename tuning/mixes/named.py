"""`quotas`: how many questions of which task a named mix holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Literal, get_args

from ...errors import SpatuneError
from ..questions.question import Capability
from .apportion import apportion

MixName = Literal["3q", "8type", "capability", "naming", "all"]

SIZE = 25_000
"""Questions of a mix where no size is given; `all` then takes every question."""

THREE_Q = {
    "object_abs_distance": 8_616,
    "obj_appearance_order": 6_384,
    "object_rel_direction_medium": 3_905,
    "object_rel_direction_hard": 3_853,
    "object_rel_direction_easy": 2_242,
}
"""SIMS-V's minimal mix (arXiv 2511.04668) at 25,000."""

EIGHT_TYPE: dict[str, Fraction] = {
    **dict.fromkeys(
        (
            "object_abs_distance",
            "object_counting",
            "object_rel_distance",
            "object_size_estimation",
            "room_size_estimation",
            "obj_appearance_order",
            "route_planning",
        ),
        Fraction(1),
    ),
    **dict.fromkeys(
        (
            "object_rel_direction_easy",
            "object_rel_direction_medium",
            "object_rel_direction_hard",
        ),
        Fraction(1, 3),
    ),
}
"""The eight types of VSI-Bench, equally; the direction type is in three parts."""


NAMING: dict[str, Fraction] = dict.fromkeys(
    ("object_present", "scene_caption", "was_seen"), Fraction(1)
)
"""What is there, and nothing about where: the baseline that spatial tuning is measured against."""


def quotas(
    name: str,
    available: Mapping[str, Mapping[str, int]],
    size: int | None,
    without: Collection[str] = (),
) -> dict[str, int]:
    """Quotas by task.

    Args:
        name: Of the mix, one of `MixName`.
        available: Numbers of questions that there are, by capability and task.
        size: Questions in all; the mix's own size where it is None.
        without: Tasks that get no quota; the others share it.

    Returns:
        Quotas, also of tasks of which there is no question, and, where a whole capability is
        missing, of `any MM task`.

    Raises:
        SpatuneError: No such mix, nothing left of it, or a size that makes no sense.
    """
    if name not in get_args(MixName):
        names = ", ".join(get_args(MixName))
        raise SpatuneError(f"there is no mix {name!r}; mixes are: {names}")
    if size is not None and size < 1:
        raise SpatuneError(f"--size is {size}; use 1 or more")
    counts = {task: n for tasks in available.values() for task, n in tasks.items()}
    if name in ("all", "naming") and size is None:
        tasks = counts if name == "all" else NAMING
        return {task: counts.get(task, 0) for task in tasks if task not in without}
    weights: Mapping[str, Fraction | int] = {
        "3q": THREE_Q,
        "8type": EIGHT_TYPE,
        "capability": _capability_weights(available),
        "naming": NAMING,
        "all": counts,
    }[name]
    weights = {task: weight for task, weight in weights.items() if task not in without}
    if not weights:
        raise SpatuneError(f"--without leaves no task of mix {name!r}")
    return apportion(weights, SIZE if size is None else size)


def _capability_weights(available: Mapping[str, Mapping[str, int]]) -> dict[str, Fraction]:
    """Each capability weighs the same, and so does each task within one."""
    weights: dict[str, Fraction] = {}
    for capability in get_args(Capability):
        tasks = list(available.get(capability, ())) or [f"any {capability} task"]
        weights |= {task: Fraction(1, len(tasks)) for task in tasks}
    return weights
