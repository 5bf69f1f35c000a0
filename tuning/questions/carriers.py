"""`on_top_of`: what an object in an image stands on, where its name alone does not tell."""

from __future__ import annotations

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .draws import pick
from .keeping import kept
from .lookalikes import alike
from .masks import masks_of
from .phrases import is_the
from .question import Draft
from .skill import Unsuitable
from .supports import support_of

SETTLED = frozenset(
    (
        "apple",
        "bread",
        "butter knife",
        "coffee machine",
        "cup",
        "dish sponge",
        "egg",
        "faucet",
        "fork",
        "kettle",
        "knife",
        "ladle",
        "lettuce",
        "microwave",
        "pan",
        "paper towel roll",
        "pepper shaker",
        "pillow",
        "pot",
        "potato",
        "salt shaker",
        "soap bar",
        "soap bottle",
        "spatula",
        "spoon",
        "television",
        "tennis racket",
        "toaster",
        "toilet paper",
        "tomato",
    )
)
"""What lies on one kind of furniture in nearly every house: its name alone tells on which."""


def on_top_of(subject: Subject, rng: np.random.Generator) -> Draft:
    """What an object stands on; the carrier is drawn first, all that come are as likely.

    The words alone do not tell: the image shows another object of a category that carries things of
    this kind, too.
    """
    rows = _carried(subject)
    if not rows:
        raise Unsuitable("nothing that may as well stand on something else")
    (carrier,) = pick(sorted(rows), 1, rng)
    ((place, thing, others),) = pick(rows[carrier], 1, rng)
    masks = masks_of(subject, place)
    return Draft(
        question=f"In this image, on top of which object {is_the(thing.category)}?",
        answer=carrier,
        wrong=tuple(pick(others, min(3, len(others)), rng)),
        key=(str(masks.frame_index), thing.id),
        provenance={
            "frame": masks.frame_index,
            "object": thing.id,
            "holder": masks.clear[carrier].id,
        },
        frames=(place,),
    )


@kept
def _carried(subject: Subject) -> dict[str, list[tuple[int, SceneObject, list[str]]]]:
    """Places of frames, what stands on something, and on what it might, by the right carrier.

    Raises:
        Unsuitable: There are no frames, or no labels.
    """
    if not subject.frames:
        raise Unsuitable("no frames")
    found: list[tuple[int, SceneObject, str]] = []
    for place in range(len(subject.frames)):
        masks = masks_of(subject, place)
        for thing in masks.clear.values():
            holder = support_of(subject.scene, thing)
            if holder is not None and masks.clear.get(holder.category) is holder:
                if _is_loose(thing, holder):
                    found.append((place, thing, holder.category))
    loose = [(thing, support_of(subject.scene, thing)) for thing in subject.scene.objects]
    carriers = {holder.category for thing, holder in loose if holder and _is_loose(thing, holder)}
    rows: dict[str, list[tuple[int, SceneObject, list[str]]]] = {}
    for place, thing, carrier in found:
        others = [
            category
            for category, group in masks_of(subject, place).groups.items()
            if category in carriers
            and category not in (carrier, thing.category)
            and not any(other.id in thing.parents for other in group)
        ]
        if others:
            rows.setdefault(carrier, []).append((place, thing, others))
    return rows


def _is_loose(thing: SceneObject, holder: SceneObject) -> bool:
    """Whether a thing might as well lie elsewhere, as far as the names tell."""
    return thing.category not in SETTLED and not alike(thing.category, holder.category)
