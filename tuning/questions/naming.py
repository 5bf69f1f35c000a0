"""What is where in one image: names, places, counts and presence of objects."""

from __future__ import annotations

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .absent import absent_categories
from .draws import near_counts, pick
from .keeping import kept
from .lookalikes import VAGUE, alike
from .masks import Masks, draw_image, masks_of
from .phrases import be, with_article
from .question import Draft
from .skill import Skill, Unsuitable

NAME_SHARE = 0.01
"""Least share of the image of an object that must be recognised without being told its name."""

NAME_OPEN = 0.5
"""Share of its box that must be in the image and not hidden for that."""

COUNT_SHARE = 0.003
"""Least share of the image of an object that is counted."""

COUNT_OPEN = 0.3
"""Share of its box that must be in the image and not hidden for an object to be counted."""

MOST_COUNTED = 8

_COUNT_TRIES = 12


def object_at_point(subject: Subject, rng: np.random.Generator) -> Draft:
    """The name of the object at a marked point; wrong options cannot be taken for it."""

    def found(masks: Masks) -> list[SceneObject]:
        return [thing for thing in masks.objects.values() if _recognisable(masks, thing)]

    place, masks, things = draw_image(subject, rng, found, "nothing to name")
    kinds = sorted({thing.category for thing in things})
    kind = kinds[rng.integers(len(kinds))]
    (thing,) = pick([thing for thing in things if thing.category == kind], 1, rng)
    point = masks.draw_point(thing.id, rng)
    if point is None:
        raise Unsuitable("too thin for a mark")
    shown = [c for c in masks.groups if not alike(c, thing.category)]
    hidden = [
        c for c in _categories(subject) if c not in masks.groups and not alike(c, thing.category)
    ]
    # What else the image shows is harder to rule out than what it does not show.
    others = pick(shown, len(shown), rng) + pick(hidden, len(hidden), rng)
    wrong: list[str] = []
    for other in others:
        if len(wrong) < 3 and not any(alike(other, taken) for taken in wrong):
            wrong.append(other)
    if not wrong:
        raise Unsuitable("no other names")
    return Draft(
        question="What is the object at the marked point in the image?",
        answer=thing.category,
        wrong=tuple(wrong),
        key=(str(masks.frame_index), thing.id),
        provenance={"frame": masks.frame_index, "object": thing.id},
        frames=(place,),
        marks=((("1", *point),),),
    )


def point_at_object(subject: Subject, rng: np.random.Generator) -> Draft:
    """A point on an object; the answer is the one farthest from its outline."""

    def found(masks: Masks) -> list[tuple[SceneObject, tuple[float, float]]]:
        rows = []
        for thing in masks.clear.values():
            point = masks.inner_point(thing.id)
            if point is None or thing.category in VAGUE:
                continue
            rounded = round(point[0], 2), round(point[1], 2)
            if masks.owner_at(rounded) == thing.id:
                rows.append((thing, rounded))
        return rows

    place, masks, rows = draw_image(subject, rng, found, "nothing to point at")
    thing, (x, y) = rows[rng.integers(len(rows))]
    extents = masks.extents(thing.id)
    return Draft(
        question=(
            f"Point at the {thing.category} in the image. Answer with one point (x, y), as "
            "fractions of the image's width from the left and of its height from the top."
        ),
        answer=f"({x:.2f}, {y:.2f})",
        key=(str(masks.frame_index), thing.id),
        provenance={
            "frame": masks.frame_index,
            "object": thing.id,
            "extents": [
                round(edge, 4)
                for edge in (extents.left, extents.top, extents.right, extents.bottom)
            ],
        },
        frames=(place,),
    )


def count_in_image(subject: Subject, rng: np.random.Generator) -> Draft:
    """How many objects of a category an image shows; none of them is doubtful.

    The number is drawn first, alike often among those that the images have; 0 is asked for what
    another image clearly shows and nothing in this one looks like.
    """
    found = _countings(subject)
    counts = sorted(found)
    for count in pick(counts, len(counts), rng):
        rows = found[count]
        for row in rng.permutation(len(rows))[:_COUNT_TRIES]:
            place, category = rows[row]
            masks = masks_of(subject, place)
            things = masks.groups.get(category, ())
            if all(_countable(masks, thing) for thing in things):
                return _count_draft(masks, place, category, rng)
    raise Unsuitable("nothing to count")


def _count_draft(masks: Masks, place: int, category: str, rng: np.random.Generator) -> Draft:
    things = masks.groups.get(category, ())
    count = len(things)
    return Draft(
        question=f"How many {category}(s) are visible in this image?",
        answer=str(count),
        wrong=tuple(str(n) for n in pick(near_counts(count, least=0), 3, rng)),
        key=(str(masks.frame_index), category),
        provenance={
            "frame": masks.frame_index,
            "category": category,
            "objects": [thing.id for thing in things],
        },
        frames=(place,),
    )


@kept
def _countings(subject: Subject) -> dict[int, list[tuple[int, str]]]:
    """Places of frames and categories by how many objects of it the frame shows, up to the most.

    Nothing that looks like the category is beside it; whether all of them are clearly seen is not
    looked at yet.

    Raises:
        Unsuitable: There are no frames, or no labels.
    """
    if not subject.frames:
        raise Unsuitable("no frames")
    found: dict[int, list[tuple[int, str]]] = {}
    for place in range(len(subject.frames)):
        masks = masks_of(subject, place)
        shown = {thing.category for thing in masks.objects.values()}
        for category in _recognised(subject):
            beside = masks.groups if category in masks.groups else shown
            count = len(masks.groups.get(category, ()))
            if count > MOST_COUNTED or any(alike(category, o) for o in beside if o != category):
                continue
            if count or category not in shown:
                found.setdefault(count, []).append((place, category))
    return found


def object_present(subject: Subject, rng: np.random.Generator) -> Draft:
    """Whether an image shows an object of a category, yes or no alike often.

    What is absent is recognised in another shown frame, so that the word alone does not tell, and
    nothing like it leaves a pixel in this image. Only where all frames show the same things, it is
    something common that is nowhere in the scene.
    """
    elsewhere = _recognised(subject)
    nowhere = list(absent_categories(subject.scene))
    wanted = bool(rng.random() < 0.5)

    def found(masks: Masks) -> list[str]:
        if wanted:
            seen = [t for t in masks.objects.values() if _recognisable(masks, t)]
            return sorted({thing.category for thing in seen})
        shown = {thing.category for thing in masks.objects.values()}
        hidden = [
            category for category in elsewhere if not any(alike(category, other) for other in shown)
        ]
        return hidden or nowhere

    place, masks, categories = draw_image(subject, rng, found, "nothing clearly there or absent")
    category = categories[rng.integers(len(categories))]
    return Draft(
        question=f"{be(category).title()} there {with_article(category)} in this image?",
        answer="yes" if wanted else "no",
        wrong=("no" if wanted else "yes",),
        key=(str(masks.frame_index), category),
        provenance={
            "frame": masks.frame_index,
            "category": category,
            "objects": [t.id for t in masks.objects.values() if t.category == category],
        },
        frames=(place,),
    )


def _recognisable(masks: Masks, thing: SceneObject) -> bool:
    return (
        thing.category not in VAGUE
        and masks.share(thing.id) >= NAME_SHARE
        and masks.whole(thing, NAME_OPEN)
    )


def _countable(masks: Masks, thing: SceneObject) -> bool:
    return masks.share(thing.id) >= COUNT_SHARE and masks.whole(thing, COUNT_OPEN)


def _recognised(subject: Subject) -> list[str]:
    """Categories of what some shown frame shows well enough to be recognised, sorted."""
    best = subject.best_share
    return sorted({t.category for t in subject.scene.objects if best[t.id] >= NAME_SHARE} - VAGUE)


def _categories(subject: Subject) -> list[str]:
    """Categories that people use of all objects of the scene, sorted."""
    return sorted({thing.category for thing in subject.scene.objects} - VAGUE)


SKILLS = (
    Skill("object_at_point", "SR", "correspondence", "image", "text", object_at_point, True),
    Skill("point_at_object", "SR", "correspondence", "image", "point", point_at_object, True),
    Skill("count_in_image", "MM", "counting", "image", "number", count_in_image, True),
    Skill("object_present", "SR", "object relation", "image", "choice", object_present, True),
)
