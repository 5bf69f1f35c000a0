"""How many objects of a category there are."""

from __future__ import annotations

import numpy as np

from ..scenes.subject import Subject
from .draws import near_counts, pick
from .question import Draft
from .skill import Skill


def object_counting(subject: Subject, rng: np.random.Generator) -> Draft:
    """The number of clearly seen objects of a category; wrong options lie within 3 of it.

    The number is drawn first, alike often among those that the subject has. A trajectory is asked
    about one single object only: most categories have one, and the answer would nearly always be 1.
    """
    categories = subject.categories
    numbers = sorted({len(things) for things in categories.values()})
    (count,) = pick(numbers, 1, rng)
    (category,) = pick([name for name in categories if len(categories[name]) == count], 1, rng)
    return Draft(
        question=f"How many {category}(s) are in this room?",
        answer=str(count),
        wrong=tuple(str(n) for n in pick(near_counts(count), 3, rng)),
        key=(category,) if count > 1 else ("a single object",),
        provenance={
            "category": category,
            "objects": [thing.id for thing in categories[category]],
        },
    )


SKILLS = (Skill("object_counting", "MM", "counting", "video", "number", object_counting),)
