"""How far apart things are, and which is nearest: measured between their closest points.

The truth is `box_gap`, as in SIMS-V and VSI-Bench. A turned object does not fill the axis-aligned
box around it, so a pair counts only where the gap of the turned boxes (`solid_gap`) says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..scenes.box import box_gap
from ..scenes.scene import SceneObject
from ..scenes.solid_gap import solid_gap
from ..scenes.subject import Subject
from .draws import numeric_distractors, pick
from .question import Draft
from .skill import Skill, Unsuitable

MIN_GAP = 0.15
"""Metres: a distance must be larger, and the nearest category nearer by more, than this."""

CLEAR_SHARE = 0.1
"""The next category must be farther by more than this share of its distance, too."""

TURNED_METRES = 0.1
"""Metres that the gap of turned boxes may differ from that of axis-aligned ones, ..."""

TURNED_SHARE = 0.1
"""... or this share of it, whichever is more."""

CHOICES = 4

_CLOSEST = "\nIf there are multiple instances of an object category, measure to the closest."


@dataclass(frozen=True)
class _Nearest:
    """How near two groups of objects come.

    Attributes:
        gap: Least `box_gap` of a pair, metres.
        solid: Least `solid_gap` of a pair, metres.
        ids: The pair with the least `gap`.
    """

    gap: float
    solid: float
    ids: tuple[str, str]


def object_abs_distance(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres between two categories, one decimal; where one has several objects, the least."""
    first, second = pick(list(subject.categories), 2, rng)
    groups = subject.categories[first], subject.categories[second]
    nearest = _nearest(*groups)
    if nearest.gap <= MIN_GAP:
        raise Unsuitable("too close together")
    if abs(nearest.solid - nearest.gap) > max(TURNED_METRES, TURNED_SHARE * nearest.gap):
        raise Unsuitable("turned boxes leave the distance open")
    answer = f"{nearest.gap:.1f}"
    return Draft(
        question=(
            "Measuring from the closest point of each object, what is the distance between the "
            f"{first} and the {second} (in meters)?{_closest(*groups)}"
        ),
        answer=answer,
        wrong=numeric_distractors(float(answer), rng, decimals=1),
        key=tuple(sorted((first, second))),
        provenance={
            "categories": [first, second],
            "objects": list(nearest.ids),
            "gap": round(nearest.gap, 4),
            "solid_gap": round(nearest.solid, 4),
        },
    )


def object_rel_distance(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which of four categories comes nearest to an object that is the only one of its kind."""
    (reference,) = pick(list(subject.unique), 1, rng)
    thing = subject.unique[reference]
    others = pick([name for name in subject.categories if name != reference], CHOICES, rng)
    found = {name: _nearest((thing,), subject.categories[name]) for name in others}
    by_gap = sorted(others, key=lambda name: found[name].gap)
    by_solid = sorted(others, key=lambda name: found[name].solid)
    if not _clearly_less(*(found[name].gap for name in by_gap[:2])):
        raise Unsuitable("two are about as near")
    solids = [found[name].solid for name in by_solid[:2]]
    if by_gap[0] != by_solid[0] or not _clearly_less(*solids):
        raise Unsuitable("turned boxes leave the nearest open")
    return Draft(
        question=(
            "Measuring from the closest point of each object, which of these objects "
            f"({', '.join(others)}) is the closest to the {reference}?"
            f"{_closest(*(subject.categories[name] for name in others))}"
        ),
        answer=by_gap[0],
        wrong=tuple(by_gap[1:]),
        key=(reference, *sorted(others)),
        provenance={
            "reference": thing.id,
            "objects": {name: found[name].ids[1] for name in by_gap},
            "gaps": {name: round(found[name].gap, 4) for name in by_gap},
            "solid_gaps": {name: round(found[name].solid, 4) for name in by_gap},
        },
    )


def camera_obj_distance(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres from the camera at the last shown frame to the nearest point of an object's box.

    A point's distance to a turned box is exact, so no pair is left open here.
    """
    if not subject.frames:
        raise Unsuitable("no frames")
    frame = subject.frames[-1]
    (category,) = pick(list(subject.unique), 1, rng)
    thing = subject.unique[category]
    distance = thing.box.distance_to(frame.camera.position)
    if distance <= MIN_GAP:
        raise Unsuitable("too close to the camera")
    answer = f"{distance:.1f}"
    return Draft(
        question=(
            "Measuring from the closest point, what is the distance between the camera at the end "
            f"of the video and the {category} (in meters)?"
        ),
        answer=answer,
        wrong=numeric_distractors(float(answer), rng, decimals=1),
        key=(category,),
        provenance={
            "object": thing.id,
            "frame": frame.index,
            "camera": [round(float(value), 4) for value in frame.camera.position],
            "distance": round(distance, 4),
        },
    )


def _nearest(firsts: Sequence[SceneObject], seconds: Sequence[SceneObject]) -> _Nearest:
    pairs = [(box_gap(a.box, b.box), a, b) for a in firsts for b in seconds]
    pairs.sort(key=lambda pair: pair[0])
    gap, a, b = pairs[0]
    solid = np.inf
    for bound, one, other in pairs:
        # A pair's solid gap is never less than its box gap.
        if bound >= solid:
            break
        solid = min(solid, solid_gap(one.box, other.box))
    return _Nearest(gap, float(solid), (a.id, b.id))


def _clearly_less(least: float, next_: float) -> bool:
    return next_ - least > max(MIN_GAP, CLEAR_SHARE * next_)


def _closest(*groups: Sequence[SceneObject]) -> str:
    """VSI-Bench's sentence about several instances, where a category has several."""
    return _CLOSEST if any(len(group) > 1 for group in groups) else ""


SKILLS = (
    Skill("object_abs_distance", "MM", "distance", "video", "number", object_abs_distance),
    Skill("object_rel_distance", "SR", "distance", "video", "choice", object_rel_distance),
    Skill("camera_obj_distance", "MM", "distance", "video", "number", camera_obj_distance),
)
