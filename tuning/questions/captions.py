"""Captions that a program puts together from true sentences, of one image and of several."""

from __future__ import annotations

import numpy as np

from ...envs.houses.polygon import contains
from ..scenes.scene import Scene, SceneObject
from ..scenes.subject import Subject
from ..scenes.words import words_of
from .depth import FARTHEST, clear_extreme
from .frame_pairs import FramePairs, pairs_of
from .lookalikes import VAGUE
from .masks import CLEAR_SHARE, Masks, draw_image, masks_of
from .phrases import be, counted, listed, with_article
from .question import Draft
from .skill import Skill, Unsuitable
from .supports import support_of

MOST_PLACED = 5
"""Objects of which a caption says where they are: the largest ones."""

MIDDLE = 0.3
"""An object is in the middle if all of it lies between this share of the width and the rest."""

TURNED, UNTURNED = 10.0, 2.0
"""Degrees from which the camera has turned, and below which it has not; no caption between."""

MOVED, UNMOVED = 0.25, 0.03
"""Metres from which the camera has moved, and below which it has not; no caption between."""

MOST_TURNED = 120.0

DIRECT = 25.0
"""Most degrees between a move and the direction that a caption names."""

_MOST_NAMED = 4
_TRIES = 10

_IMAGE_QUESTIONS = (
    "Describe this image: which objects are there, where are they, and how far away?",
    "Write a caption of this image that says where its objects are.",
    "What does this image show? Describe the layout of the objects.",
)
_VIEWS_QUESTION = (
    "The {count} images show the same place. Which objects appear in {all} of them, what is new or "
    "gone from one image to the next, and how does the camera move?"
)


def scene_caption(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which objects one image shows, on which side, how far away, and what stands on what."""

    def found(masks: Masks) -> list[SceneObject]:
        things = _placeable(masks)
        return things if len(things) >= 2 else []

    place, masks, things = draw_image(subject, rng, found)
    sentences = [f"The image shows {listed(_inventory(masks))}."]
    room = _room(subject.scene, masks)
    if room:
        sentences.append(f"The camera stands in {with_article(room)}.")
    facts = []
    for thing in things:
        zone, metres = _zone(masks, thing), masks.distances(thing.id)[0]
        side = f" {zone} of the image," if zone else ""
        subject_verb = f"The {thing.category} {be(thing.category)}"
        sentences.append(f"{subject_verb}{side} about {metres:.1f} meters from the camera.")
        holder = support_of(subject.scene, thing)
        known = holder is not None and masks.clear.get(holder.category) is holder
        if holder is not None and known:
            it = "They are" if be(thing.category) == "are" else "It is"
            sentences.append(f"{it} on top of the {holder.category}.")
        facts.append(
            {
                "object": thing.id,
                "zone": zone,
                "distance": round(metres, 4),
                "holder": holder.id if holder is not None and known else "",
            }
        )
    nearest = [masks.distances(thing.id)[0] for thing in things]
    for closest, phrase in ((True, "closest to the camera"), (False, "farthest from the camera")):
        best = clear_extreme(nearest, closest) if len(things) > 2 else None
        if best is not None:
            category = things[best].category
            sentences.append(f"Of these, the {category} {be(category)} {phrase}.")
    return Draft(
        question=_IMAGE_QUESTIONS[rng.integers(len(_IMAGE_QUESTIONS))],
        answer=" ".join(sentences),
        key=(str(masks.frame_index),),
        provenance={"frame": masks.frame_index, "room": room, "facts": facts},
        frames=(place,),
    )


def views_caption(subject: Subject, rng: np.random.Generator) -> Draft:
    """What two or three images have in common, what comes and goes, and how the camera moves."""
    pairs = pairs_of(subject)
    follows = _clear_moves(pairs)
    for _ in range(_TRIES):
        places = _chain(follows, int(rng.integers(2, 4)), rng)
        views = [masks_of(subject, place) for place in places]
        common = _in_all(views)
        if common:
            break
    else:
        raise Unsuitable("no views with a common object")
    all_of = "both" if len(views) == 2 else "all"
    first = "Both images show" if len(views) == 2 else f"All {len(views)} images show"
    sentences = [f"{first} {_the(common)}."]
    steps = []
    for number in range(1, len(views)):
        before, after = views[number - 1], views[number]
        new, gone = _only_in(after, before), _only_in(before, after)
        if new:
            sentences.append(f"New in image {number + 1}: {_the(new)}.")
        if gone:
            sentences.append(f"No longer in image {number + 1}: {_the(gone)}.")
        one, other = places[number - 1], places[number]
        turn, metres = float(pairs.turn[one, other]), float(pairs.distance[one, other])
        heading = float(pairs.heading[one, other]) if metres >= MOVED else 0.0
        motion = _motion(number, turn, metres, heading)
        sentences.append(f"From image {number} to image {number + 1} the camera {motion}.")
        steps.append(
            {
                "new": [thing.id for thing in new],
                "gone": [thing.id for thing in gone],
                "turn": round(turn, 2),
                "distance": round(metres, 4),
                "heading": round(heading, 2),
            }
        )
    return Draft(
        question=_VIEWS_QUESTION.format(count=("two", "three")[len(views) - 2], all=all_of),
        answer=" ".join(sentences),
        key=tuple(str(view.frame_index) for view in views),
        provenance={
            "frames": [view.frame_index for view in views],
            "common": [thing.id for thing in common],
            "steps": steps,
        },
        frames=places,
    )


def _inventory(masks: Masks) -> list[str]:
    """`a bed`, `two chairs`: categories of which every visible object is clear."""
    return [
        counted(len(group), category)
        for category, group in masks.groups.items()
        if category not in VAGUE and all(masks.share(t.id) >= CLEAR_SHARE for t in group)
    ]


def _placeable(masks: Masks) -> list[SceneObject]:
    """Objects that their category names, within reach; the largest ones, from left to right."""
    things = [
        thing
        for thing in masks.clear.values()
        if thing.category not in VAGUE and masks.distances(thing.id)[0] <= FARTHEST
    ]
    largest = sorted(things, key=lambda thing: -masks.share(thing.id))[:MOST_PLACED]
    return sorted(largest, key=lambda thing: masks.extents(thing.id).left)


def _zone(masks: Masks, thing: SceneObject) -> str:
    """`on the left`, `on the right`, `in the middle`, or empty for what spans them."""
    extents = masks.extents(thing.id)
    if extents.left >= MIDDLE and extents.right <= 1 - MIDDLE:
        return "in the middle"
    if extents.right <= 0.5:
        return "on the left"
    return "on the right" if extents.left >= 0.5 else ""


def _room(scene: Scene, masks: Masks) -> str:
    x, z = masks.camera.position[[0, 2]].tolist()
    for room in scene.rooms:
        if room.kind and room.floor and contains(room.floor, (x, z)):
            return words_of(room.kind)
    return ""


def _clear_moves(pairs: FramePairs) -> np.ndarray:
    """Ordered pairs (N, N) of frames whose motion a sentence can state."""
    turn, metres = np.abs(pairs.turn), pairs.distance
    turned = (turn >= TURNED) & (turn <= MOST_TURNED)
    off_axis = np.abs((pairs.heading + 45) % 90 - 45)
    moved = (metres >= MOVED) & (off_axis <= DIRECT)
    known = (turned | (turn <= UNTURNED)) & (moved | (metres <= UNMOVED))
    return known & (turned | moved) & (pairs.common > 0)


def _chain(follows: np.ndarray, count: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Places of frames in order of time, each with a clear motion from the one before."""
    later = np.triu(follows, 1)
    starts = np.flatnonzero(later.any(axis=1))
    if not len(starts):
        raise Unsuitable("no views with a clear motion")
    places = [int(rng.choice(starts))]
    while len(places) < count:
        after = np.flatnonzero(later[places[-1]])
        if not len(after):
            break
        places.append(int(rng.choice(after)))
    return tuple(places)


def _in_all(views: list[Masks]) -> list[SceneObject]:
    """Objects that their category names in every view."""
    return _largest(
        views[0],
        [
            thing
            for category, thing in views[0].clear.items()
            if all(view.clear.get(category) is thing for view in views[1:])
        ],
    )


def _only_in(view: Masks, other: Masks) -> list[SceneObject]:
    """Objects that their category names in one view; the other has no pixel of any such object."""
    missing = {thing.category for thing in other.objects.values()}
    return _largest(view, [t for category, t in view.clear.items() if category not in missing])


def _largest(view: Masks, things: list[SceneObject]) -> list[SceneObject]:
    named = [thing for thing in things if thing.category not in VAGUE]
    return sorted(named, key=lambda thing: -view.share(thing.id))[:_MOST_NAMED]


def _the(things: list[SceneObject]) -> str:
    return listed([f"the {thing.category}" for thing in things])


def _motion(number: int, turn: float, metres: float, heading: float) -> str:
    """What the camera does after an image, from the sentence's verb on."""
    if abs(turn) >= TURNED:
        side = "right" if turn > 0 else "left"
        turned = f"turns {side} by about {5 * round(abs(turn) / 5)} degrees"
    else:
        turned = "does not turn"
    if metres < MOVED:
        return f"{turned} and stays where it is"
    way = ("forward", "to the right", "backward", "to the left")[round(heading / 90) % 4]
    return f"moves {way}, as seen in image {number}, by about {metres:.1f} meters and {turned}"


SKILLS = (
    Skill("scene_caption", "CR", "caption", "image", "text", scene_caption, needs_labels=True),
    Skill("views_caption", "CR", "caption", "views", "text", views_caption, needs_labels=True),
)
