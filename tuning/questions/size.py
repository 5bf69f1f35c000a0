"""How large things are: sides of an object's own box."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .draws import numeric_distractors, pick
from .question import Draft
from .skill import Skill

STEP = 5
"""Centimetres that answers are rounded to."""

MIN_SIDE = 0.1
"""Metres: of a shorter side, rounding could hide more than a quarter."""

CLEAR_RATIO = 1.15
"""The larger of two must be more than this many times the other."""

_ADJECTIVES = {
    "taller": "Which object is taller, from its own bottom to its own top",
    "longer": (
        "Which object is longer, considering the length of its longest dimension (length, width, "
        "or height)"
    ),
}


def object_size_estimation(subject: Subject, rng: np.random.Generator) -> Draft:
    """The longest side in centimetres, rounded to 5, of the only object of a category."""
    sides = {name: _longest(thing) for name, thing in subject.unique.items()}
    text = "length of the longest dimension (length, width, or height)"
    return _size(subject, rng, sides, text)


def object_shortest_side(subject: Subject, rng: np.random.Generator) -> Draft:
    """The shortest side in centimetres, rounded to 5, of the only object of a category."""
    sides = {name: float(thing.box.lengths.min()) for name, thing in subject.unique.items()}
    text = "length of the shortest dimension (length, width, or height)"
    return _size(subject, rng, sides, text)


def object_height(subject: Subject, rng: np.random.Generator) -> Draft:
    """Centimetres from bottom to top, rounded to 5, of the only object of a category."""
    sides = {name: _height(thing) for name, thing in subject.unique.items()}
    return _size(subject, rng, sides, "height")


def object_size_comparison(subject: Subject, rng: np.random.Generator) -> Draft:
    """Which of two objects, each the only one of its category, is taller or longer."""
    (adjective,) = pick(list(_ADJECTIVES), 1, rng)
    measure = _height if adjective == "taller" else _longest
    sides = {name: measure(thing) for name, thing in subject.unique.items()}
    clear = [
        (first, second) if sides[first] > sides[second] else (second, first)
        for first, second in combinations(sides, 2)
        if max(sides[first], sides[second]) > CLEAR_RATIO * min(sides[first], sides[second])
    ]
    ((larger, smaller),) = pick(clear, 1, rng)
    one, other = pick([larger, smaller], 2, rng)
    return Draft(
        question=f"{_ADJECTIVES[adjective]}: the {one} or the {other}?",
        answer=larger,
        wrong=(smaller,),
        key=(adjective, *sorted((larger, smaller))),
        provenance={
            "measure": adjective,
            "objects": [subject.unique[name].id for name in (larger, smaller)],
            "metres": [round(sides[name], 4) for name in (larger, smaller)],
        },
    )


def _size(subject: Subject, rng: np.random.Generator, sides: dict[str, float], text: str) -> Draft:
    """The question for one of these sides (m, by category)."""
    (category,) = pick([name for name, side in sides.items() if side >= MIN_SIDE], 1, rng)
    steps = round(100 * sides[category] / STEP)
    # Drawn in steps, so that wrong answers are as round as the right one.
    wrong = numeric_distractors(steps, rng, decimals=0)
    return Draft(
        question=f"What is the {text} of the {category}, measured in centimeters?",
        answer=str(STEP * steps),
        wrong=tuple(str(STEP * int(value)) for value in wrong),
        key=(category,),
        provenance={
            "object": subject.unique[category].id,
            "metres": round(sides[category], 4),
            "sides": [round(float(side), 4) for side in subject.unique[category].box.lengths],
        },
    )


def _longest(thing: SceneObject) -> float:
    return float(thing.box.lengths.max())


def _height(thing: SceneObject) -> float:
    return float(thing.box.high[1] - thing.box.low[1])


SKILLS = (
    Skill("object_size_estimation", "MM", "measurement", "video", "number", object_size_estimation),
    Skill("object_shortest_side", "MM", "measurement", "video", "number", object_shortest_side),
    Skill("object_height", "MM", "measurement", "video", "number", object_height),
    Skill("object_size_comparison", "MM", "measurement", "video", "choice", object_size_comparison),
)
