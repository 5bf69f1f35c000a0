"""What several views say together: unseen sides, hidden objects, how many things there are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from ..scenes.trajectory import Frame, sampled_places
from .box_sides import sides_of, upright
from .draws import near_counts, pick
from .frame_pairs import pairs_of
from .keeping import kept
from .lookalikes import VAGUE, alike
from .masks import CLEAR_SHARE, TRACE_SHARE, masks_of
from .overlap import seen_at
from .question import Draft
from .room_layout import object_between, room_round
from .same_room import same_room
from .skill import Skill, Unsuitable
from .turns import clockwise
from .views import FEWEST, draw_views, linked

SQUARE = 25.0
"""Degrees by which a view may miss a side's normal for the side to be the front in that view."""

BEHIND = 0.1
"""Metres at least between what a picture shows and what it hides."""

INNER_PART = 0.9
"""Part of a box's length, width and height whose points are looked for in a picture."""

HIDDEN_PART = 0.6
"""Share of a hidden object's box that one thing hides, at least."""

UNSEEN_PART = 0.8
"""Share of a hidden object's box that is in the picture and hidden by anything, at least; none of
its pixels is seen."""

SPARED_PART = 0.05
"""Share of a wrong option's box that the same thing hides, at most."""

THICK = 0.15
"""Metres: what is narrower, a painting or a flat screen, has no sides to be named."""

_TRIES = 6
_TOTAL_TRIES = 16
_SIDE_TRIES = 12
_MOST_VIEWS = 3
_MOST_FRAMES = 12
_SIDES = {"left side": 1, "back": 2, "right side": 3}
"""Quarter turns from the front, clockwise seen from above."""


def unseen_side(subject: Subject, rng: np.random.Generator) -> Draft:
    """The only side of a marked object, besides its front, that no view shows."""
    return _ask_side(subject, rng, "Which of its other sides does none of the images show?", 2)


def shown_side(subject: Subject, rng: np.random.Generator) -> Draft:
    """The only side of a marked object that another view shows than its front's."""
    return _ask_side(subject, rng, "Which of its other sides do the other images show?", 1)


def hidden_object(subject: Subject, rng: np.random.Generator) -> Draft:
    """What is hidden behind something in the first picture, known from the second."""
    pairs = pairs_of(subject)
    for first in rng.permutation(len(subject.frames))[:_TRIES]:
        hidden = _hidden_things(subject, subject.frames[first])
        for which in rng.permutation(len(hidden)):
            thing, hider, part = hidden[which]
            tied = np.flatnonzero(pairs.common[first] > 0)
            shown = [k for k in tied if subject.frames[k].share(thing.id) >= CLEAR_SHARE]
            for second in rng.permutation(shown)[:_TRIES]:
                draft = _hidden_draft(subject, rng, (int(first), int(second)), (thing, hider), part)
                if draft:
                    return draft
    raise Unsuitable("nothing hidden that another view shows")


def objects_total_views(subject: Subject, rng: np.random.Generator) -> Draft:
    """How many different objects of a category the views show together.

    The number is drawn first, alike often among those that some views give. Most often one of the
    objects is in several views, so that the sum over the views is a wrong option.
    """
    pairs = pairs_of(subject)
    low, high = subject.thresholds.faint, subject.thresholds.salient
    groups = _seen_groups(subject)
    sizes = sorted({len(things) for things, _ in groups})
    found: dict[int, tuple[tuple[int, ...], list[SceneObject], list[int]]] = {}
    for _ in range(_TOTAL_TRIES if groups else 0):
        size = sizes[int(rng.integers(len(sizes)))]
        alike_many = [group for group in groups if len(group[0]) == size]
        things, shares = alike_many[int(rng.integers(len(alike_many)))]
        showing = shares >= high
        try:
            # Views that show different ones; otherwise nearly every number would be 1.
            places = [np.flatnonzero(showing[:, k]) for k in rng.permutation(size)[:2]]
            start = (int(rng.choice(places[0])),) if len(places[0]) else ()
            if start and size > 1 and len(others := np.setdiff1d(places[1], places[0])):
                start = linked(pairs, rng, start[0], others)
            views = draw_views(pairs, rng, start=start, among=np.flatnonzero(showing.any(axis=1)))
        except Unsuitable:
            continue
        seen = shares[list(views)] >= high
        best = shares[list(views)].max(axis=0)
        if not ((best >= low) & (best < high)).any():
            shown = [thing for thing, share in zip(things, best, strict=True) if share >= high]
            found.setdefault(len(shown), (views, shown, seen.sum(axis=1).tolist()))
    if not found:
        raise Unsuitable("no category that several views show")
    (total,) = pick(sorted(found), 1, rng)
    return _total_draft(subject, rng, *found[total])


@kept
def _seen_groups(subject: Subject) -> list[tuple[list[SceneObject], np.ndarray]]:
    """Objects by category, and their shares (frames, objects); several frames show one of them."""
    groups: dict[str, list[SceneObject]] = {}
    for thing in subject.scene.objects:
        if subject.best_share[thing.id] >= subject.thresholds.faint:
            groups.setdefault(thing.category, []).append(thing)
    found = []
    for category in sorted(groups.keys() - VAGUE):
        things = groups[category]
        shares = np.array([[frame.share(thing.id) for thing in things] for frame in subject.frames])
        if (shares >= subject.thresholds.salient).any(axis=1).sum() >= FEWEST:
            found.append((things, shares))
    return found


def _total_draft(
    subject: Subject,
    rng: np.random.Generator,
    views: tuple[int, ...],
    things: Sequence[SceneObject],
    each: list[int],
) -> Draft:
    category, total = things[0].category, len(things)
    near = [number for number in near_counts(total) if number != sum(each)]
    wrong = [sum(each)] if sum(each) != total else []
    wrong += pick(near, 3 - len(wrong), rng)
    return Draft(
        question=f"How many different {category}(s) do these images show together? Count each one "
        "once, however many images show it.",
        answer=str(total),
        wrong=tuple(str(number) for number in wrong),
        # Most are single: a trajectory is asked about one for each number of views.
        key=(category, *map(str, views)) if total > 1 else ("one", str(len(views))),
        frames=views,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "category": category,
            "objects": [thing.id for thing in things],
            "counts": each,
        },
    )


def _ask_side(subject: Subject, rng: np.random.Generator, text: str, count: int) -> Draft:
    """A draft on one of the three sides besides the front, of which views show `count`.

    The answer is the unseen one of three, or the only seen one; it is drawn first.
    """
    candidates = []
    for thing in subject.scene.objects:
        places = [k for k, f in enumerate(subject.frames) if f.share(thing.id) > CLEAR_SHARE]
        thick = thing.box.lengths[[0, 2]].min() >= THICK
        if thick and upright(thing) and len(places) > 1:
            spread = sampled_places(len(places), _MOST_FRAMES)
            candidates.append((thing, [places[k] for k in spread]))
    wanted = rng.permutation(list(_SIDES))
    for which in rng.permutation(len(candidates))[:_SIDE_TRIES]:
        thing, places = candidates[which]
        found = _views_of_sides(subject, thing, places, count)
        for side in wanted:
            for place in rng.permutation(len(found[side]))[:_TRIES]:
                views, each = found[side][place]
                draft = _side_draft(subject, thing, str(side), views, each, text)
                if draft:
                    return draft
    raise Unsuitable("no object with one such side")


def _views_of_sides(
    subject: Subject, thing: SceneObject, places: Sequence[int], count: int
) -> dict[str, list[tuple[tuple[int, ...], list[list[str]]]]]:
    """Views that together show `count` of the three sides besides the front, by the odd side.

    Each comes with what each view shows of these sides. The front is the side that the first of
    the views faces; that view shows no other side where the others are to show one.
    """
    sides = sides_of(subject, thing, places)
    seen, unseen = sides.seen.tolist(), sides.unseen.tolist()
    found: dict[str, list[tuple[tuple[int, ...], list[list[str]]]]] = {s: [] for s in _SIDES}
    for front in np.flatnonzero(sides.seen.any(axis=1)):
        way = thing.box.ground - subject.frames[places[front]].camera.position[[0, 2]]
        angles = clockwise(way, sides.normals)
        faced = int(np.argmax(np.abs(angles)))
        if abs(float(angles[faced])) < 180 - SQUARE or not sides.seen[front, faced]:
            continue
        # Clockwise from the faced one: seen from the camera, the left, the back, the right side.
        numbers = {name: (faced + step) % 4 for name, step in _SIDES.items()}
        others = [k for k in range(len(places)) if k != front]
        for more in range(1, _MOST_VIEWS):
            for rest in combinations(others, more):
                views = (int(front), *rest)
                each = [[name for name, k in numbers.items() if seen[v][k]] for v in views]
                shown = [name for name in numbers if any(name in of_view for of_view in each)]
                never = [name for name, k in numbers.items() if all(unseen[v][k] for v in views)]
                if len(shown) != count or len(never) != len(_SIDES) - count:
                    continue
                odd = never[0] if count > 1 else shown[0]
                if count > 1 or unseen[front][numbers[odd]]:
                    found[odd].append((tuple(places[k] for k in views), each))
    return found


def _side_draft(
    subject: Subject,
    thing: SceneObject,
    side: str,
    views: tuple[int, ...],
    each: list[list[str]],
    text: str,
) -> Draft | None:
    points = [masks_of(subject, view).inner_point(thing.id) for view in views]
    marks = tuple((("X", round(p[0], 4), round(p[1], 4)),) for p in points if p)
    if len(marks) < len(views):
        return None
    return Draft(
        question=f"The same {thing.category} is marked X in all images. Its front is the side that "
        f"faces the camera in image 1; left and right are as seen there. {text}",
        answer=side,
        wrong=tuple(name for name in _SIDES if name != side),
        key=(thing.id, side),
        frames=views,
        marks=marks,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "object": thing.id,
            "shown_besides_front": each,
        },
    )


def _hidden_things(subject: Subject, frame: Frame) -> list[tuple[SceneObject, SceneObject, float]]:
    """Objects that a frame does not show because one other object stands before them."""
    scene, eye = subject.scene, frame.camera.position[[0, 2]]
    things = [
        thing
        for thing in scene.objects
        if subject.best_share[thing.id] >= CLEAR_SHARE and frame.share(thing.id) < TRACE_SHARE
    ]
    found = []
    for thing, parts in zip(things, _hidden_parts(frame, things), strict=True):
        name = max(parts, key=lambda name: parts[name], default="")
        hider = scene.by_id.get(name)
        if hider is None or parts[name] < HIDDEN_PART or sum(parts.values()) < UNSEEN_PART:
            continue
        if hider.id in thing.parents or thing.id in hider.parents:
            continue
        near = all(same_room(scene, eye, other.box.ground) for other in (hider, thing))
        if near and frame.share(hider.id) >= CLEAR_SHARE:
            found.append((thing, hider, parts[name]))
    return found


def _hidden_parts(frame: Frame, things: Sequence[SceneObject]) -> list[dict[str, float]]:
    """Per thing, the share of its box's points that each owner of pixels hides in a frame."""
    labels = frame.labels
    assert labels is not None, "the frame has no labels"
    points = np.reshape([thing.box.grid(INNER_PART) for thing in things], (-1, 27, 3))
    columns, rows, behind = seen_at(frame, points.reshape(-1, 3))
    owners = np.where(np.isfinite(behind) & (behind > BEHIND), labels.owners[rows, columns], -1)
    return [
        {
            labels.names[owner]: round(float(count) / points.shape[1], 4)
            for owner, count in zip(*np.unique(of_thing, return_counts=True), strict=True)
            if owner >= 0
        }
        for of_thing in owners.reshape(points.shape[:2])
    ]


def _hidden_draft(
    subject: Subject,
    rng: np.random.Generator,
    views: tuple[int, int],
    things: tuple[SceneObject, SceneObject],
    part: float,
) -> Draft | None:
    hidden, hider = things
    named = _named(subject, views)
    if hidden not in named or hider not in named:
        return None
    others = [
        other
        for other in named
        if other not in things and not alike(other.category, hidden.category)
    ]
    parts = _hidden_parts(subject.frames[views[0]], others)
    wrong = [
        other
        for other, of_other in zip(others, parts, strict=True)
        if of_other.get(hider.id, 0.0) <= SPARED_PART
    ]
    if len(wrong) < 2:
        return None
    wrong = pick(wrong, min(3, len(wrong)), rng)
    return Draft(
        question=f"Which of these objects is hidden behind the {hider.category} in the first "
        "image? The second image shows the same place from elsewhere.",
        answer=hidden.category,
        wrong=tuple(other.category for other in wrong),
        key=(str(views[0]), hidden.id, hider.id),
        frames=views,
        provenance={
            "frames": [subject.frames[view].index for view in views],
            "hidden": hidden.id,
            "behind": hider.id,
            "hidden_part": round(part, 3),
            "options": [other.id for other in wrong],
        },
    )


def _named(subject: Subject, views: Sequence[int]) -> list[SceneObject]:
    """Objects that their category names in views: one clearly seen, of the others no trace."""
    groups: dict[str, dict[str, SceneObject]] = {}
    clear = set()
    for masks in (masks_of(subject, view) for view in views):
        for category, things in masks.groups.items():
            groups.setdefault(category, {}).update({thing.id: thing for thing in things})
            clear |= {thing.id for thing in things if masks.share(thing.id) >= CLEAR_SHARE}
    alone = [next(iter(group.values())) for group in groups.values() if len(group) == 1]
    return [thing for thing in alone if thing.id in clear]


SKILLS = (
    Skill("unseen_side", "MR", "reconstruction", "views", "choice", unseen_side, True),
    Skill("shown_side", "MR", "reconstruction", "views", "choice", shown_side, True),
    Skill("hidden_object", "MR", "reconstruction", "pair", "choice", hidden_object, True),
    Skill("objects_total_views", "MR", "reconstruction", "views", "number", objects_total_views),
    Skill("room_round", "MR", "reconstruction", "views", "choice", room_round),
    Skill("object_between", "MR", "reconstruction", "views", "choice", object_between),
)
