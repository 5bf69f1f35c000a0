"""`obj_appearance_order` and its relatives: what a video shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from ..scenes.subject import Subject
from .absent import absent_categories
from .draws import pick
from .question import Draft
from .skill import Skill, Unsuitable

MOST_CATEGORIES = 6
"""`temporal_order` asks for 2 up to so many categories."""

SHARE_OF_YES = 0.5
"""Of the draws of `was_seen`. Little is certainly absent, so that of the questions it is about 0.7,
as in SIMS-V."""

_TRIES = 8


def obj_appearance_order(subject: Subject, rng: np.random.Generator) -> Draft:
    """The order in which four categories come into view."""
    text = "What will be the first-time appearance order of the following categories in the video: "
    return _order(subject, rng, text, 4)


def temporal_order(subject: Subject, rng: np.random.Generator) -> Draft:
    """The same of two to six categories."""
    text = "In which order does the video show these categories for the first time: "
    return _order(subject, rng, text, int(rng.integers(2, MOST_CATEGORIES + 1)))


def relative_temporal_order(subject: Subject, rng: np.random.Generator) -> Draft:
    """Whether a category came into view before another."""
    order = _chain(subject, rng, 2)
    first, second = pick(order, 2, rng)
    yes = [first, second] == order
    return Draft(
        question=f"Did the {first} appear before the {second} in the video?",
        answer="yes" if yes else "no",
        wrong=("no" if yes else "yes",),
        key=tuple(sorted(order)),
        provenance=_provenance(subject, order),
    )


def was_seen(subject: Subject, rng: np.random.Generator) -> Draft:
    """Whether the video shows a category: clearly, or nothing like it is anywhere in the scene."""
    if not subject.frames:
        raise Unsuitable("no frames")
    yes = bool(rng.random() < SHARE_OF_YES)
    names = list(subject.categories) if yes else absent_categories(subject.scene)
    (category,) = pick(names, 1, rng)
    things = subject.categories[category] if yes else ()
    return Draft(
        question=f"Does any {category} appear in the video?",
        answer="yes" if yes else "no",
        wrong=("no" if yes else "yes",),
        key=(category,),
        provenance={
            "category": category,
            "objects": [thing.id for thing in things],
            "best_shares": [round(subject.best_share[thing.id], 4) for thing in things],
        },
    )


def appearances(subject: Subject) -> dict[str, tuple[int, int]]:
    """When each clearly seen category comes into view.

    Returns:
        By category, two places in the shown frames: the first with one of its objects above the
        faint share, and the first with one above the salient share. Anyone notices the category
        in the first, in the second or between them.

    Raises:
        Unsuitable: There are no frames.
    """
    if not subject.frames:
        raise Unsuitable("no frames")
    categories = subject.categories
    category = {
        thing.id: thing.category for thing in subject.scene.objects if thing.category in categories
    }
    faint: dict[str, int] = {}
    salient: dict[str, int] = {}
    for place, frame in enumerate(subject.frames):
        for name, sighting in frame.sightings.items():
            if name in category and sighting.share >= subject.thresholds.faint:
                faint.setdefault(category[name], place)
                if sighting.share >= subject.thresholds.salient:
                    salient.setdefault(category[name], place)
    return {name: (faint[name], salient[name]) for name in categories}


def _chain(subject: Subject, rng: np.random.Generator, count: int) -> list[str]:
    """Random categories in their order; each is clearly seen before the next is there at all.

    So the order holds whatever share of a frame someone needs to notice a thing, and also if that
    share is another for each category.
    """
    seen = appearances(subject)
    if len(seen) < count:
        raise Unsuitable("too few objects")
    for _ in range(_TRIES):
        chosen: list[str] = []
        for name in pick(list(seen), len(seen), rng):
            faint, salient = seen[name]
            if all(salient < seen[c][0] or seen[c][1] < faint for c in chosen):
                chosen.append(name)
            if len(chosen) == count:
                return sorted(chosen, key=lambda c: seen[c][0])
    raise Unsuitable("no clear order")


def _order(subject: Subject, rng: np.random.Generator, text: str, count: int) -> Draft:
    order = _chain(subject, rng, count)
    others = [_listed(other) for other in permutations(order) if list(other) != order]
    return Draft(
        question=f"{text}{_listed(pick(order, count, rng))}?",
        answer=_listed(order),
        wrong=tuple(pick(others, min(3, len(others)), rng)),
        key=tuple(sorted(order)),
        provenance=_provenance(subject, order),
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _provenance(subject: Subject, order: Sequence[str]) -> dict[str, object]:
    seen = appearances(subject)
    return {
        "order": list(order),
        "faint_places": [seen[name][0] for name in order],
        "salient_places": [seen[name][1] for name in order],
        "salient_frames": [subject.frames[seen[name][1]].index for name in order],
    }


SKILLS = tuple(
    Skill(ask.__name__, "SR", "video", "video", "choice", ask)
    for ask in (obj_appearance_order, temporal_order, relative_temporal_order, was_seen)
)
