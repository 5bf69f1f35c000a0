"""How several things of one room lie to each other, on the plan."""

from __future__ import annotations

from ...questions.question import Question
from .film import Film
from .finding import Doubt, Finding
from .plan import turn
from .reading import read

CLEAR_STEP = 8.0
"""Degrees from one thing to the next on a turn; generators: 20."""

CLEAR_BETWEEN = 25.0
"""Degrees by which the angle at what is between two things is larger; generators: 45."""

AT_AN_END = 0.3
"""Metres on the plan up to which a thing is where one of the two is; generators: 0.5."""


def around(film: Film, question: Question) -> Finding:
    """The order of the things of a room about the centre of mass of its floor."""
    listed, first = read(
        r"In the room with (.+): imagine standing in the middle of that room, facing the (.+), and "
        r"turning once around to the right\. In which order do you come to face the others\?",
        question.question,
    )
    names = [name.removeprefix("the ") for name in listed.replace(" and ", ", ").split(", ")]
    things = {name: film.named(name, question.frames) for name in names}
    rooms = {film.house.room_at(thing.middle) for thing in things.values()}
    if len(rooms) > 1 or first not in things:
        raise Doubt("the things are not in one room")
    middle = complex(*film.house.room_middles[rooms.pop()])
    ahead = things[first].spot - middle
    degrees = {name: turn(ahead, t.spot - middle) % 360 for name, t in things.items()}
    degrees[first] = 0.0
    order = sorted(degrees, key=lambda name: degrees[name])
    ways = [*(degrees[name] for name in order), 360.0]
    clear = all(after - before >= CLEAR_STEP for before, after in zip(ways, ways[1:], strict=False))
    why = ", ".join(f"{degrees[name]:.0f}" for name in order[1:])
    return Finding.of_choice(question.answer, ", ".join(order[1:]), clear, why)


def between(film: Film, question: Question) -> Finding:
    """The thing with the largest angle between its ways to two others."""
    names = read(
        r"Imagine seeing the place of these images from above\. Which of these objects is between "
        r"the (.+) and the (.+)\?",
        question.question,
    )
    one, other = (film.named(name, question.frames).spot for name in names)
    angles = {}
    for option in question.options:
        spot = film.named(option, question.frames).spot
        if min(abs(spot - one), abs(spot - other)) < AT_AN_END:
            raise Doubt(f"the {option} is where one of the two is")
        angles[option] = abs(turn(one - spot, other - spot))
    return Finding.of_extreme(
        question.answer, angles, lambda low, high: high - low >= CLEAR_BETWEEN, largest=True
    )
