"""Sides of things that views show, and things that others hide, by rays aimed at them."""

from __future__ import annotations

import numpy as np

from ...questions.question import Question
from .film import Film
from .finding import Doubt, Finding
from .look import Look
from .reading import read
from .thing import Thing

SEEN, SEEN_SURELY, UNSEEN_SURELY = 0.3, 0.5, 0.1
"""Shares of a side's points that rays reach; generators: 0.6 and 0.05."""

FACING = 0.12
"""Cosine between a side's normal and the way to the camera from which on it may be seen."""

HIDDEN_SURELY, SPARED_SURELY = 0.45, 0.15
"""Shares of a thing's vertices behind another; generators: 0.6 and 0.05 of points of its box."""

SLIM = 0.1
"""Metres: what is narrower, a painting or a television, has no sides to be named."""

_STEPS = np.linspace(-0.8, 0.8, 7)
_POINTS = 300
_SIDES = ("left side", "back", "right side")


def unseen_side(film: Film, question: Question) -> Finding:
    """The sides of a marked thing that no view's rays reach."""
    thing, normals = _marked(film, question)
    seen = [_reached(film.looks(question.frames), thing, normal) for normal in normals]
    return _odd(question, [share < SEEN for share in seen], seen)


def shown_side(film: Film, question: Question) -> Finding:
    """The sides of a marked thing that rays of the other views reach."""
    thing, normals = _marked(film, question)
    seen = [_reached(film.looks(question.frames)[1:], thing, normal) for normal in normals]
    return _odd(question, [share >= SEEN for share in seen], seen)


def hidden(film: Film, question: Question) -> Finding:
    """The option of whose vertices another thing stops most rays."""
    (name,) = read(
        r"Which of these objects is hidden behind the (.+) in the first image\? .*",
        question.question,
    )
    look = film.look(question.frames[0])
    hider = film.named(name, question.frames)
    number = _number(look, hider)
    parts = {}
    for option in question.options:
        thing = film.named(option, question.frames)
        points = thing.vertices[:: max(1, len(thing.vertices) // _POINTS)]
        parts[option] = float((look.first_hits(points) == number).mean())
    return Finding.of_extreme(question.answer, parts, _clearly_more, largest=True)


def _clearly_more(low: float, high: float) -> bool:
    return high >= HIDDEN_SURELY and low <= SPARED_SURELY


def _odd(question: Question, chosen: list[bool], seen: list[float]) -> Finding:
    names = [name for name, wanted in zip(_SIDES, chosen, strict=True) if wanted]
    clear = not any(UNSEEN_SURELY < share < SEEN_SURELY for share in seen)
    why = ", ".join(f"{share:.2f}" for share in seen)
    return Finding.of_choice(question.answer, ", ".join(names), clear, why)


def _marked(film: Film, question: Question) -> tuple[Thing, list[np.ndarray]]:
    """What X is on in all views, and outward normals (3,) of its left side, back, right side.

    Raises:
        Doubt: It is on different things, or the first view faces no side.
    """
    (name,) = read(r"The same (.+) is marked X in all images\. .*", question.question)
    looks = film.looks(question.frames)
    marks = [mark for ((_, *mark),) in question.marks]
    owners = {look.at(x, y).owner for look, (x, y) in zip(looks, marks, strict=True)}
    thing = film.house.things.get(owners.pop())
    if owners or thing is None or thing.category != name:
        raise Doubt("the marks are not on one such thing")
    level = [axis for axis in thing.frame if abs(axis[2]) < 0.1]
    if min(np.ptp(thing.vertices @ axis) for axis in level) < SLIM:
        raise Doubt(f"the {name} is too flat to have sides")
    outward = [sign * axis for axis in level for sign in (1.0, -1.0)]
    look = looks[0]
    way = thing.middle - look.eye
    way = way / np.linalg.norm(way[:2])
    back = max(outward, key=lambda normal: float(normal @ way))
    if back @ way < np.cos(np.radians(30)):
        raise Doubt("the first view faces no side")
    right = np.cross(back, [0.0, 0.0, 1.0])
    return thing, [-right, back, right]


def _reached(looks: list[Look], thing: Thing, normal: np.ndarray) -> float:
    """The greatest share of a side's points to which a view's rays come without leaving the thing.

    Args:
        looks: The views.
        thing: Whose side it is.
        normal: The side's outward normal (3,).
    """
    middle, halves = thing.bounds.mean(axis=0), np.ptp(thing.bounds, axis=0) / 2
    towards = thing.frame @ normal
    across = [axis for axis in range(3) if abs(towards[axis]) < 0.5]
    grid = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2)
    points = np.tile(middle + towards * halves, (len(grid), 1))
    points[:, across] += grid * halves[across]
    points = points @ thing.frame
    number = _number(looks[0], thing)
    shares = [0.0]
    for look in looks:
        way = look.eye - points.mean(axis=0)
        if way @ normal > FACING * np.linalg.norm(way):
            shares.append(float((look.first_hits(points) == number).mean()))
    return max(shares)


def _number(look: Look, thing: Thing) -> int:
    """Index of a thing in `HouseWitness.names`."""
    return look.house.names.index(thing.id)
