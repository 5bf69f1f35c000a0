"""How objects in one image lie to each other: in the image, in space, and in size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from ..scenes.box import box_gap
from ..scenes.pinhole import Pinhole
from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .carriers import on_top_of
from .depth import DECIMALS
from .draws import numeric_distractors, pick
from .masks import Masks, draw_image
from .phrases import is_the
from .question import Draft
from .skill import Skill, Unsuitable
from .turns import clockwise

IMAGE_GAP = 0.02
"""Least empty band between two objects in the image, as a share of its width or height."""

ALIKE_HEIGHT = 0.35
"""Metres by which the middles of two objects differ in height at most, for one to be asked to be
above the other: that a painting is above a table needs no eyes."""

DOMINANT = 30.0
"""Most degrees by which one object may lie off the axis of the camera that its relation names."""

SPACE_GAP = 0.1
"""Least metres between two objects along the axis of the camera that their relation names."""

LEAST_OPEN = 0.5
"""Share of an object's box that must be in the image and not hidden where its extent matters."""

NEAREST_GAP = 0.15
NEAREST_RATIO = 1.25
"""The second nearest object is farther than the nearest by both of these (metres, times)."""

LEAST_DISTANCE = 0.15
"""Objects at most this far apart (metres) count as touching: no distance is asked for."""

TALLER_GAP = 0.1
TALLER_RATIO = 1.2
"""The taller object is taller by both of these (metres, times)."""

FULL_BOX = 1.25
"""Most volume of the box along the scene's axes over that of the object's own: for what stands
askew, distances of boxes along the axes are too short."""


def left_right_in_image(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which side of the image an object is on, as seen from another one."""

    def found(masks: Masks) -> list[tuple[SceneObject, SceneObject]]:
        return _apart(masks, ("left", "right"))

    place, masks, pairs = draw_image(subject, rng, found, "no clear pair")
    pair = pick(pairs[rng.integers(len(pairs))], 2, rng)
    return _in_image(place, masks, pair, ("left", "right"), "to the left or to the right of")


def above_below_in_image(subject: Subject, rng: np.random.Generator) -> Draft:
    """Whether an object is higher or lower in the image than another one.

    Both are about as high in reality, and the higher one is as often the lower one in the image.
    """
    inverted = bool(rng.random() < 0.5)

    def found(masks: Masks) -> list[tuple[SceneObject, SceneObject]]:
        rows = []
        for first, second in _apart(masks, ("above", "below")):
            rise = float(first.box.center[1] - second.box.center[1])
            above = masks.extents(first.id).top < masks.extents(second.id).top
            if abs(rise) <= ALIKE_HEIGHT and (above != (rise > 0)) == inverted:
                rows.append((first, second))
        return rows

    place, masks, pairs = draw_image(subject, rng, found, "no clear pair of about one height")
    pair = pick(pairs[rng.integers(len(pairs))], 2, rng)
    return _in_image(place, masks, pair, ("above", "below"), "above or below")


def object_relation_3d(subject: Subject, rng: np.random.Generator) -> Draft:
    """Where an object is from another one, on the floor, along the axes of the camera.

    One of the two axes dominates, the objects do not overlap along it, and left and right agree
    with what the image shows.
    """

    # Otherwise left and right, which most pairs are, would be most answers.
    wanted = ("front", "behind") if rng.random() < 0.5 else ("left", "right")

    def found(masks: Masks) -> list[tuple[SceneObject, SceneObject, str, float]]:
        things = _solid(masks)
        rows = []
        for pair in combinations(things, 2):
            for first, second in (pair, pair[::-1]):
                angle = bearing(masks.camera, first, second)
                relation = _relation(masks, first, second, angle)
                if relation in wanted:
                    rows.append((first, second, relation, angle))
        return rows

    place, masks, rows = draw_image(subject, rng, found, "no clear pair")
    first, second, relation, angle = rows[rng.integers(len(rows))]
    options = {
        "front": "in front of it (closer to the camera)",
        "behind": "behind it (farther from the camera)",
        "left": "to its left",
        "right": "to its right",
    }
    return Draft(
        question=(
            f"From the camera's point of view, where {is_the(first.category)} "
            f"relative to the {second.category}?"
        ),
        answer=options.pop(relation),
        wrong=tuple(options.values()),
        key=(str(masks.frame_index), first.id, second.id),
        provenance={
            "frame": masks.frame_index,
            "objects": [first.id, second.id],
            "relation": relation,
            "bearing": round(angle, 2),
        },
        frames=(place,),
    )


def nearest_object_in_image(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which of two to four objects is nearest to another one, by the gap of their boxes."""
    place, masks, things = draw_image(subject, rng, _at_least(3))
    reference, *others = pick(things, len(things), rng)
    # That a television is near its stand needs no eyes.
    others = [
        other
        for other in others
        if other.id not in reference.parents and reference.id not in other.parents
    ]
    gaps = {other.id: box_gap(reference.box, other.box) for other in others}
    for size in range(min(4, len(others)), 1, -1):
        chosen = others[:size]
        nearest, second = sorted(chosen, key=lambda other: gaps[other.id])[:2]
        low, high = gaps[nearest.id], gaps[second.id]
        if high - low >= NEAREST_GAP and high >= NEAREST_RATIO * low:
            break
    else:
        raise Unsuitable("distances too close")
    names = [other.category for other in chosen]
    return Draft(
        question=(
            "Measuring from the closest point of each object, which of these objects "
            f"({', '.join(names)}) in the image is the closest to the {reference.category}?"
        ),
        answer=nearest.category,
        wrong=tuple(name for name in names if name != nearest.category),
        key=(str(masks.frame_index), reference.id, *sorted(other.id for other in chosen)),
        provenance={
            "frame": masks.frame_index,
            "reference": reference.id,
            "objects": [other.id for other in chosen],
            "distances": [round(gaps[other.id], 4) for other in chosen],
        },
        frames=(place,),
    )


def objects_distance_in_image(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres between two objects, by the gap of their boxes."""
    place, masks, things = draw_image(subject, rng, _at_least(2))
    pairs = list(combinations(things, 2))
    pairs = [pair for pair in pairs if box_gap(pair[0].box, pair[1].box) > LEAST_DISTANCE]
    if not pairs:
        raise Unsuitable("objects touch")
    first, second = pick(pairs[rng.integers(len(pairs))], 2, rng)
    metres = box_gap(first.box, second.box)
    return Draft(
        question=(
            "Measuring from the closest point of each object, what is the distance between the "
            f"{first.category} and the {second.category} in the image (in meters)?"
        ),
        answer=f"{metres:.{DECIMALS}f}",
        wrong=numeric_distractors(round(metres, DECIMALS), rng, decimals=DECIMALS),
        key=(str(masks.frame_index), *sorted((first.id, second.id))),
        provenance={
            "frame": masks.frame_index,
            "objects": [first.id, second.id],
            "distance": round(metres, 4),
        },
        frames=(place,),
    )


def taller_in_image(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which of two objects is taller in reality, from its lowest to its highest point."""

    def found(masks: Masks) -> list[tuple[SceneObject, SceneObject]]:
        return [pair for pair in combinations(_solid(masks), 2) if _heights_differ(*pair)]

    place, masks, pairs = draw_image(subject, rng, found, "heights too close")
    first, second = pick(pairs[rng.integers(len(pairs))], 2, rng)
    heights = [_height(first), _height(second)]
    taller, lower = (first, second) if heights[0] > heights[1] else (second, first)
    return Draft(
        question=(
            f"Which object in the image is taller in reality, from its lowest to its highest "
            f"point: the {first.category} or the {second.category}?"
        ),
        answer=taller.category,
        wrong=(lower.category,),
        key=(str(masks.frame_index), *sorted((first.id, second.id))),
        provenance={
            "frame": masks.frame_index,
            "objects": [first.id, second.id],
            "heights": [round(metres, 4) for metres in heights],
        },
        frames=(place,),
    )


def bearing(camera: Pinhole, first: SceneObject, second: SceneObject) -> float:
    """Degrees in (-180, 180] on the floor from the camera's heading to second -> first, clockwise.

    0: the first object is straight behind the second one as the camera sees them; 90: to its right.
    """
    return float(clockwise(camera.axes[2][[0, 2]], first.box.ground - second.box.ground))


def _relation(masks: Masks, first: SceneObject, second: SceneObject, angle: float) -> str:
    """`front`, `behind`, `left` or `right`, or empty where it is not clear."""
    forward = np.array([np.sin(np.radians(masks.camera.yaw)), np.cos(np.radians(masks.camera.yaw))])
    right = np.array([forward[1], -forward[0]])
    if abs(angle) <= DOMINANT:
        return "behind" if _gap_along(forward, second, first) >= SPACE_GAP else ""
    if abs(angle) >= 180 - DOMINANT:
        return "front" if _gap_along(forward, first, second) >= SPACE_GAP else ""
    one, other = masks.extents(first.id), masks.extents(second.id)
    if abs(angle - 90) <= DOMINANT and _gap_along(right, second, first) >= SPACE_GAP:
        return "right" if one.left >= other.right else ""
    if abs(angle + 90) <= DOMINANT and _gap_along(right, first, second) >= SPACE_GAP:
        return "left" if one.right <= other.left else ""
    return ""


def _gap_along(direction: np.ndarray, first: SceneObject, second: SceneObject) -> float:
    """Metres from the end of the first object to the start of the second along a direction."""
    end = (first.box.corners[:, [0, 2]] @ direction).max()
    start = (second.box.corners[:, [0, 2]] @ direction).min()
    return float(start - end)


def _apart(masks: Masks, sides: tuple[str, str]) -> list[tuple[SceneObject, SceneObject]]:
    """Pairs of clear objects with an empty band of the image between them."""
    return [
        pair
        for pair in combinations(masks.clear.values(), 2)
        if _image_gap(masks, *pair, sides) >= IMAGE_GAP
    ]


def _in_image(
    place: int,
    masks: Masks,
    pair: Sequence[SceneObject],
    sides: tuple[str, str],
    phrase: str,
) -> Draft:
    """The one question of the two that compare places in the image itself."""
    first, second = pair
    (low, _), (start, _) = _span(masks, first, sides), _span(masks, second, sides)
    answer = sides[0] if low < start else sides[1]
    return Draft(
        question=(
            f"Looking only at places in the picture, {is_the(first.category)} {phrase} the "
            f"{second.category}?"
        ),
        answer=answer,
        wrong=(sides[1] if answer == sides[0] else sides[0],),
        key=(str(masks.frame_index), *sorted((first.id, second.id))),
        provenance={
            "frame": masks.frame_index,
            "objects": [first.id, second.id],
            "spans": [
                [round(end, 4) for end in _span(masks, thing, sides)] for thing in (first, second)
            ],
        },
        frames=(place,),
    )


def _span(masks: Masks, thing: SceneObject, sides: tuple[str, str]) -> tuple[float, float]:
    """Where an object starts and ends in the image, 0..1 along columns or rows."""
    extents = masks.extents(thing.id)
    if sides == ("left", "right"):
        return extents.left, extents.right
    return extents.top, extents.bottom


def _image_gap(
    masks: Masks, first: SceneObject, second: SceneObject, sides: tuple[str, str]
) -> float:
    one, other = _span(masks, first, sides), _span(masks, second, sides)
    return max(one[0] - other[1], other[0] - one[1])


def _solid(masks: Masks) -> list[SceneObject]:
    """Objects that their category names and whose extent the image shows."""
    return [thing for thing in masks.clear.values() if masks.whole(thing, LEAST_OPEN)]


def _at_least(count: int) -> Callable[[Masks], list[SceneObject]]:
    """Candidates for distances: so many solid objects that stand along the scene's axes."""

    def found(masks: Masks) -> list[SceneObject]:
        things = [
            thing
            for thing in _solid(masks)
            if 8 * np.prod(thing.box.half_extents) <= FULL_BOX * np.prod(thing.box.lengths)
        ]
        return things if len(things) >= count else []

    return found


def _height(thing: SceneObject) -> float:
    return float(2 * thing.box.half_extents[1])


def _heights_differ(first: SceneObject, second: SceneObject) -> bool:
    low, high = sorted((_height(first), _height(second)))
    return high - low >= TALLER_GAP and high >= TALLER_RATIO * low


SKILLS = (
    *(
        Skill(ask.__name__, "SR", "object relation", "image", "choice", ask, needs_labels=True)
        for ask in (
            left_right_in_image,
            above_below_in_image,
            object_relation_3d,
            on_top_of,
            nearest_object_in_image,
        )
    ),
    Skill(
        "objects_distance_in_image",
        "MM",
        "distance",
        "image",
        "number",
        objects_distance_in_image,
        needs_labels=True,
    ),
    Skill("taller_in_image", "MM", "measurement", "image", "choice", taller_in_image, True),
)
