"""What is where for somebody who stands and looks elsewhere than the camera does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..scenes.pinhole import Pinhole
from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .direction import object_rel_direction_hard, object_rel_direction_medium
from .draws import pick
from .frame_pairs import COMMON_SHARE, pairs_of
from .lookalikes import alike
from .masks import Masks, draw_image
from .question import Draft
from .same_room import same_room
from .skill import Skill, Unsuitable
from .turns import clockwise, shorter_way
from .views import draw_views, linked, of_views
from .walkable import rectangle_gap

NEXT_TO = 1.0
"""Metres along the floor from a camera "next to" an object to its box at most."""

AWAY_FROM = 1.7
"""Metres along the floor from which a camera is not next to an object."""

TOWARDS = 20.0
"""Degrees by which a view's direction misses what it is directed at, at most."""

ELSEWHERE = 60.0
"""Degrees from which something is not straight ahead, nor a view directed at it."""

LEAST_AWAY = 0.5
"""Metres along the floor from an observer to the box of what has a direction, at least."""

FARTHEST_AWAY = 6.0
"""Metres along the floor to the box of what is said to be ahead, at most."""

LEAST_ASIDE = 10.0
"""Degrees between the directions of two objects that are left and right of each other."""

LEAST_WHOLE = 0.5
"""Share of a box that a single picture shows, so that it tells where the object is."""

SIDE_GAP = 0.1
"""Metres between two boxes across the imagined observer's view."""

_TRIES = 6
_FACING_TRIES = 12
_SIDES = {
    "on the far side of both, looking back towards the camera": 180.0,
    "to the left of both, level with them, looking across to the right": 90.0,
    "to the right of both, level with them, looking across to the left": -90.0,
}
"""Imagined observers, and how far each is from the camera, clockwise around the two objects."""

_TURNS = {
    "turn 90 degrees to my left": -90.0,
    "turn 90 degrees to my right": 90.0,
    "turn around by 180 degrees": 180.0,
}


def views_rel_direction(subject: Subject, rng: np.random.Generator) -> Draft:
    """Where C is from A facing B; together the views show all three, none does alone."""
    ask = (object_rel_direction_medium, object_rel_direction_hard)[int(rng.integers(2))]
    faint = subject.thresholds.faint
    for views, part in _several_views(subject, rng):
        try:
            draft = ask(part, rng)
        except Unsuitable:
            continue
        names = [draft.provenance[role] for role in ("standing", "facing", "query")]
        shares = [[frame.share(name) for name in names] for frame in part.frames]
        if max(map(min, shares)) < faint:
            facts = {"frames": [frame.index for frame in part.frames], "task": ask.__name__}
            return replace(draft, frames=views, provenance=draft.provenance | facts)
    raise Unsuitable("no views that show three objects only together")


def which_view(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which view was taken next to one object and towards another."""
    pairs = pairs_of(subject)
    things, off, away, shares = _geometry(subject)
    ahead = (off <= TOWARDS) & (shares >= subject.thresholds.salient) & (away >= NEXT_TO)
    near = away <= NEXT_TO
    # Another view shows the second object too, so that seeing it does not give the answer away.
    rivals = (away[:, :, None] >= AWAY_FROM) & (shares[:, None, :] >= COMMON_SHARE)
    found = np.argwhere(near[:, :, None] & ahead[:, None, :] & rivals.any(axis=0))
    for view, a, b in rng.permutation(found)[:_TRIES]:
        others = (away[:, a] >= AWAY_FROM) | (off[:, b] >= ELSEWHERE)
        try:
            start = linked(pairs, rng, int(view), np.flatnonzero(rivals[:, a, b]))
            views = draw_views(pairs, rng, start=start, among=np.flatnonzero(others), fewest=3)
        except Unsuitable:
            continue
        chosen = {things[a].id, things[b].id}
        clear = all(others[place] or place == view for place in views)
        # In the order of time, the view in the middle would be the answer most often.
        views = tuple(pick(views, len(views), rng))
        if clear and chosen <= {thing.id for thing in of_views(subject, views).unique.values()}:
            return _which_view(subject, views, view, (things[a], things[b]), away[:, a], off[:, b])
    raise Unsuitable("no view next to one object and towards another")


def camera_facing(subject: Subject, rng: np.random.Generator) -> Draft:
    """What is straight ahead of a camera after a turn; another view shows it."""
    pairs = pairs_of(subject)
    things, off, away, shares = _geometry(subject, list(_TURNS.values()))
    near = (off <= TOWARDS) & (away >= LEAST_AWAY) & (away <= FARTHEST_AWAY)
    found = np.argwhere(near)
    for turn, view, a in rng.permutation(found)[:_FACING_TRIES]:
        eye = subject.frames[view].camera.position[[0, 2]]
        shown = np.flatnonzero(shares[:, a] >= subject.thresholds.salient)
        if not same_room(subject.scene, eye, things[a].box.ground):
            continue
        try:
            start = linked(pairs, rng, int(view), shown)
            views = draw_views(pairs, rng, start=start)
        except Unsuitable:
            continue
        unique = {thing.id for thing in of_views(subject, views).unique.values()}
        wrong = [
            k
            for k, thing in enumerate(things)
            if thing.id in unique
            and away[view, k] >= LEAST_AWAY
            and off[turn, view, k] >= ELSEWHERE
            and not alike(thing.category, things[a].category)
        ]
        if things[a].id in unique and len(wrong) >= 2:
            wrong = pick(wrong, min(3, len(wrong)), rng)
            options = {things[k].category: round(float(off[turn, view, k]), 2) for k in (a, *wrong)}
            return _camera_facing(subject, views, int(view), list(_TURNS)[turn], options)
    raise Unsuitable("nothing straight ahead after a turn")


def object_from_other_view(subject: Subject, rng: np.random.Generator) -> Draft:
    """Left or right of two objects in one picture, for an observer on another side of them."""
    text = list(_SIDES)[int(rng.integers(len(_SIDES)))]
    place, masks, found = draw_image(
        subject, rng, lambda masks: _sided_pairs(masks, _SIDES[text]), "no two objects side by side"
    )
    first, second, angle = found[int(rng.integers(len(found)))]
    if rng.random() < 0.5:
        first, second, angle = second, first, -angle
    answer = "left" if angle > 0 else "right"
    return Draft(
        question=f"The image shows a scene with the {first.category} and the {second.category}. "
        f"Imagine standing {text}. From there, is the {first.category} to the left or to the right "
        f"of the {second.category}?",
        answer=answer,
        wrong=("right" if answer == "left" else "left",),
        key=(str(place), text, *sorted((first.id, second.id))),
        frames=(place,),
        provenance={
            "frames": [masks.frame_index],
            "objects": [first.id, second.id],
            "observer": _SIDES[text],
            "degrees_clockwise": round(angle, 2),
        },
    )


def _several_views(
    subject: Subject, rng: np.random.Generator
) -> Iterator[tuple[tuple[int, ...], Subject]]:
    pairs = pairs_of(subject)
    for _ in range(_TRIES):
        try:
            views = draw_views(pairs, rng)
        except Unsuitable:
            continue
        yield views, of_views(subject, views)


def _sided_pairs(masks: Masks, side: float) -> list[tuple[SceneObject, SceneObject, float]]:
    """Pairs of clear objects, and the degrees from the first to the second for the observer.

    The observer is as far from the middle of the two as the camera, `side` degrees clockwise about
    it, and looks at it. The answer does not depend on that distance: the boxes do not overlap
    across the view.
    """
    things = [thing for thing in masks.clear.values() if masks.whole(thing, LEAST_WHOLE)]
    eye = _ground(masks.camera)
    found = []
    for place, first in enumerate(things):
        for second in things[place + 1 :]:
            middle = (first.box.ground + second.box.ground) / 2
            back = _rotated(eye - middle, side)
            across = _rotated(-back, 90.0) / max(float(np.linalg.norm(back)), 1e-6)
            spans = [np.sort(t.box.corners[:, [0, 2]] @ across)[[0, -1]] for t in (first, second)]
            gap = max(spans[1][0] - spans[0][1], spans[0][0] - spans[1][1])
            observer = middle + back
            angle = float(clockwise(first.box.ground - observer, second.box.ground - observer))
            if gap >= SIDE_GAP and LEAST_ASIDE <= abs(angle) <= 90.0:
                found.append((first, second, angle))
    return found


def _which_view(
    subject: Subject,
    views: tuple[int, ...],
    view: int,
    things: tuple[SceneObject, SceneObject],
    away: np.ndarray,
    off: np.ndarray,
) -> Draft:
    answer = f"image {views.index(view) + 1}"
    names = [f"image {number}" for number in range(1, len(views) + 1)]
    return Draft(
        question=f"Which of these images was taken from a position next to the "
        f"{things[0].category}, looking towards the {things[1].category}?",
        answer=answer,
        wrong=tuple(name for name in names if name != answer),
        key=(*(thing.category for thing in things), *(str(place) for place in views)),
        frames=views,
        provenance={
            "frames": [subject.frames[place].index for place in views],
            "next_to": things[0].id,
            "towards": things[1].id,
            "metres_from": [round(float(away[place]), 3) for place in views],
            "degrees_off": [round(float(off[place]), 2) for place in views],
        },
    )


def _camera_facing(
    subject: Subject, views: tuple[int, ...], view: int, text: str, options: dict[str, float]
) -> Draft:
    answer, *wrong = options
    return Draft(
        question=f"If I stand where image {views.index(view) + 1} was taken, look the way it "
        f"looks, and {text}, which of these objects is straight ahead of me?",
        answer=answer,
        wrong=tuple(wrong),
        key=(str(view), text, answer),
        frames=views,
        provenance={
            "frames": [subject.frames[place].index for place in views],
            "frame": subject.frames[view].index,
            "turn": _TURNS[text],
            "degrees_off": options,
        },
    )


def _geometry(
    subject: Subject, turns: Sequence[float] = ()
) -> tuple[list[SceneObject], np.ndarray, np.ndarray, np.ndarray]:
    """Seen objects, and per frame and object what lies between them.

    Returns:
        The objects; degrees (frames, objects) by which the view's direction misses them, or
        (turns, frames, objects) after each turn; metres along the floor to their boxes and shares
        of the picture, (frames, objects).
    """
    things = [thing for thing in subject.scene.objects if thing.id in subject.first_frame]
    eyes = np.array([_ground(frame.camera) for frame in subject.frames]).reshape(-1, 1, 2)
    ahead = np.array([frame.camera.axes[2][[0, 2]] for frame in subject.frames]).reshape(-1, 1, 2)
    centres = np.array([thing.box.ground for thing in things]).reshape(-1, 2)
    low = np.array([thing.box.low[[0, 2]] for thing in things]).reshape(-1, 2)
    high = np.array([thing.box.high[[0, 2]] for thing in things]).reshape(-1, 2)
    away = rectangle_gap(eyes, low, high)
    angles = clockwise(ahead, centres - eyes)
    if turns:
        angles = angles - np.reshape(turns, (-1, 1, 1))
    off = shorter_way(angles)
    shares = [[frame.share(thing.id) for thing in things] for frame in subject.frames]
    return things, off, away, np.array(shares).reshape(away.shape)


def _ground(camera: Pinhole) -> np.ndarray:
    return camera.position[[0, 2]]


def _rotated(direction: np.ndarray, degrees: float) -> np.ndarray:
    """A direction (2,) on the floor turned clockwise seen from above."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([c * direction[0] + s * direction[1], c * direction[1] - s * direction[0]])


SKILLS = (
    Skill("views_rel_direction", "PT", "perspective", "views", "choice", views_rel_direction),
    Skill("which_view", "PT", "perspective", "views", "choice", which_view),
    Skill("camera_facing", "PT", "perspective", "views", "choice", camera_facing),
    Skill(
        "object_from_other_view",
        "PT",
        "perspective",
        "image",
        "choice",
        object_from_other_view,
        needs_labels=True,
    ),
)
