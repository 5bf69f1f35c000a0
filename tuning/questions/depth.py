"""How far marked points and objects of one image are from the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .draws import numeric_distractors, pick
from .masks import Masks, draw_image
from .question import Draft
from .skill import Skill, Unsuitable

LEAST_RATIO = 1.15
"""The farther of two distances is at least this many times the nearer one, ..."""

LEAST_GAP = 0.15
"""... and at least this many metres longer."""

NEAREST = 0.3
FARTHEST = 10.0
"""Metres between which a distance is asked for."""

DECIMALS = 2
"""Digits of a distance in metres: one would be coarse for what lies on a table."""

MARK_GAP = 0.08
"""Least distance of two marks, as a share of the image's shorter side."""

FLAT = 0.04
"""Most relative change of depth around a point whose depth is asked for."""

_FLAT_REACH = 0.012
_TRIES = 20


@dataclass(frozen=True, eq=False)
class _Candidate:
    """Something whose distance is compared, by two measures in metres that must agree."""

    thing: SceneObject
    first: float
    second: float
    point: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Candidates of which the one at place `best` is clearly the closest, or the farthest."""

    candidates: list[_Candidate]
    best: int
    closest: bool

    @property
    def superlative(self) -> str:
        """What is asked, up to the camera."""
        if len(self.candidates) == 2:
            return "closer to" if self.closest else "farther from"
        return "closest to" if self.closest else "farthest from"

    def draft(
        self,
        place: int,
        masks: Masks,
        question: str,
        names: list[str],
        measures: tuple[str, str],
        marks: tuple[tuple[tuple[str, float, float], ...], ...] = (),
    ) -> Draft:
        """The question with these names as options; `measures` name the two in `provenance`."""
        chosen = self.candidates
        return Draft(
            question=question,
            answer=names[self.best],
            wrong=tuple(name for n, name in enumerate(names) if n != self.best),
            key=(str(masks.frame_index), *sorted(c.thing.id for c in chosen)),
            provenance={
                "frame": masks.frame_index,
                "asked": "closest" if self.closest else "farthest",
                "objects": [c.thing.id for c in chosen],
                measures[0]: [round(c.first, 4) for c in chosen],
                measures[1]: [round(c.second, 4) for c in chosen],
            },
            frames=(place,),
            marks=marks,
        )


def depth_comparison_points(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which of two to four marked points, on different objects, is closest or farthest.

    The margin holds for depths along the camera's axis and for lengths of rays, so that both
    meanings of "close" give the same answer.
    """
    place, masks, things = draw_image(subject, rng, _markable)
    marked: list[_Candidate] = []
    for thing in pick(things, len(things), rng):
        point = masks.draw_point(thing.id, rng)
        if point is not None and all(_apart(masks, point, other.point) for other in marked):
            marked.append(_Candidate(thing, *_depth_and_ray(masks, point), point))
    compared = _compared(marked, rng)
    count = len(compared.candidates)
    return compared.draft(
        place,
        masks,
        f"The image has {count} marked points, numbered 1 to {count}. "
        f"Which of them is {compared.superlative} the camera?",
        [f"point {n + 1}" for n in range(count)],
        ("depths", "distances"),
        (tuple((str(n + 1), *c.point) for n, c in enumerate(compared.candidates)),),
    )


def depth_order_objects(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which of two to four objects is closest to the camera, or farthest from it.

    The margin holds for the nearest visible points, and also for the medians of all of them.
    """
    place, masks, things = draw_image(subject, rng, _nameable)
    known = [_Candidate(t, *masks.distances(t.id)) for t in pick(things, len(things), rng)]
    compared = _compared(known, rng)
    names = [c.thing.category for c in compared.candidates]
    return compared.draft(
        place,
        masks,
        "Measuring to the nearest visible point of each object, which of these objects "
        f"({', '.join(names)}) is {compared.superlative} the camera that took this image?",
        names,
        ("nearest", "medians"),
    )


def object_camera_distance(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres from the camera to the nearest visible point of an object, along the ray."""
    place, masks, things = draw_image(subject, rng, _measurable)
    thing = things[rng.integers(len(things))]
    metres = masks.distances(thing.id)[0]
    return Draft(
        question=(
            "What is the distance in meters from the camera that took this image to the nearest "
            f"visible point of the {thing.category}?"
        ),
        answer=f"{metres:.{DECIMALS}f}",
        wrong=numeric_distractors(round(metres, DECIMALS), rng, decimals=DECIMALS),
        key=(str(masks.frame_index), thing.id),
        provenance={"frame": masks.frame_index, "object": thing.id, "distance": round(metres, 4)},
        frames=(place,),
    )


def point_depth(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres along the camera's axis at a marked point on a smooth surface, also of a wall."""
    place, masks, _ = draw_image(subject, rng, lambda masks: [masks])
    width, height = masks.size
    reach = max(2, round(_FLAT_REACH * min(width, height)))
    owners, depths = masks.labels.owners, masks.labels.depth
    for _ in range(_TRIES):
        column = int(rng.integers(reach, width - reach))
        row = int(rng.integers(reach, height - reach))
        window = np.s_[row - reach : row + reach + 1, column - reach : column + reach + 1]
        near, far = float(depths[window].min()), float(depths[window].max())
        owner = masks.labels.names[owners[row, column]]
        one = bool((owners[window] == owners[row, column]).all())
        if owner and one and near >= NEAREST and far <= FARTHEST and far <= (1 + FLAT) * near:
            break
    else:
        raise Unsuitable("no smooth point")
    point = ((column + 0.5) / width, (row + 0.5) / height)
    metres = masks.depth_at(point)
    return Draft(
        question=(
            "What is the depth in meters of the marked point, measured from the camera along its "
            "viewing direction?"
        ),
        answer=f"{metres:.{DECIMALS}f}",
        wrong=numeric_distractors(round(metres, DECIMALS), rng, decimals=DECIMALS),
        key=(str(masks.frame_index), str(column), str(row)),
        provenance={
            "frame": masks.frame_index,
            "owner": owner,
            "pixel": [column, row],
            "depth": round(metres, 4),
        },
        frames=(place,),
        marks=((("1", *point),),),
    )


def clear_extreme(metres: Sequence[float], closest: bool) -> int | None:
    """Place of the least or greatest distance; None where the next one is too close to it."""
    order = sorted(range(len(metres)), key=lambda n: metres[n], reverse=not closest)
    low, high = sorted((metres[order[0]], metres[order[1]]))
    if high - low < LEAST_GAP or high < LEAST_RATIO * low:
        return None
    return order[0]


def _markable(masks: Masks) -> list[SceneObject]:
    """Objects to be marked, if there are at least two; nobody has to name them."""
    return masks.seen if len(masks.seen) >= 2 else []


def _nameable(masks: Masks) -> list[SceneObject]:
    """Objects that their category names, if there are at least two."""
    things = [t for t in masks.clear.values() if masks.distances(t.id)[0] <= FARTHEST]
    return things if len(things) >= 2 else []


def _measurable(masks: Masks) -> list[SceneObject]:
    """Objects that their category names, at a distance that can be asked for."""
    return [
        thing
        for thing in masks.clear.values()
        if NEAREST <= masks.distances(thing.id)[0] <= FARTHEST
    ]


def _apart(masks: Masks, first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether the drawn marks of two points do not touch."""
    steps = (np.array(first) - np.array(second)) * masks.size
    return float(np.linalg.norm(steps)) >= MARK_GAP * min(masks.size)


def _depth_and_ray(masks: Masks, point: tuple[float, float]) -> tuple[float, float]:
    """Depth of a point along the camera's axis, and the length of its ray, metres."""
    width, height = masks.size
    depth = masks.depth_at(point)
    length = masks.ray_lengths(np.array(point[0] * width), np.array(point[1] * height))
    return depth, depth * float(length)


def _compared(candidates: list[_Candidate], rng: np.random.Generator) -> _Comparison:
    """Two to four candidates of which one is clearly the closest or the farthest, as is drawn.

    They are the first ones, as many as possible up to a drawn number, or else the first pair that
    differs clearly.

    Raises:
        Unsuitable: No two of them differ clearly.
    """
    closest = bool(rng.random() < 0.5)
    sizes = range(min(int(rng.integers(2, 5)), len(candidates)), 1, -1)
    groups = [candidates[:size] for size in sizes]
    for group in [*groups, *map(list, combinations(candidates, 2))]:
        best = clear_extreme([c.first for c in group], closest)
        if best is not None and best == clear_extreme([c.second for c in group], closest):
            return _Comparison(group, best, closest)
    raise Unsuitable("distances too close")


SKILLS = (
    Skill(
        "depth_comparison_points",
        "SR",
        "depth comparison",
        "image",
        "choice",
        depth_comparison_points,
        needs_labels=True,
    ),
    Skill(
        "depth_order_objects",
        "SR",
        "depth comparison",
        "image",
        "choice",
        depth_order_objects,
        needs_labels=True,
    ),
    Skill(
        "object_camera_distance",
        "MM",
        "distance",
        "image",
        "number",
        object_camera_distance,
        needs_labels=True,
    ),
    Skill("point_depth", "MM", "distance", "image", "number", point_depth, needs_labels=True),
)
