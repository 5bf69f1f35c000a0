"""How many objects of a category there are."""

from __future__ import annotations

import numpy as np

from ..scenes.subject import Subject
from .draws import pick
from .question import Draft
from .skill import Skill


def object_counting(subject: Subject, rng: np.random.Generator) -> Draft:
    """The number of clearly seen objects of a category; wrong options lie within 3 of it."""
    (category,) = pick(list(subject.categories), 1, rng)
    things = subject.categories[category]
    count = len(things)
    near = [n for n in range(max(1, count - 3), count + 4) if n != count]
    return Draft(
        question=f"How many {category}(s) are in this room?",
        answer=str(count),
        wrong=tuple(str(n) for n in pick(near, 3, rng)),
        key=(category,),
        provenance={"category": category, "objects": [thing.id for thing in things]},
    )


SKILLS = (Skill("object_counting", "MM", "counting", "video", "number", object_counting),)
