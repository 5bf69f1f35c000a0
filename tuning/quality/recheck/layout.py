"""How things of one picture lie to each other, by rays and meshes."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ...questions.question import Question
from .film import Film
from .finding import Finding
from .house_witness import HouseWitness
from .look import Look, Seen
from .reading import read
from .thing import Thing

IMAGE_GAP = 0.006
"""Empty band between two things, a share of the picture; generators: 0.02."""

CLEAR_RATIO = 1.2
"""Of two things' way from each other, the part along the main direction of the camera is at least
so many times the part across; generators: 1.73."""

CONTACT = 0.06
"""Metres between a thing and what carries it, generators: 0.05."""

_WORDS = {
    "front": "in front of it (closer to the camera)",
    "behind": "behind it (farther from the camera)",
    "left": "to its left",
    "right": "to its right",
}


def left_right(film: Film, question: Question) -> Finding:
    """Columns of the rays that hit two things."""
    one, other = _compared(film, question, "to the left or to the right of")
    return _sides(question, (one.left, one.right), (other.left, other.right), ("left", "right"))


def above_below(film: Film, question: Question) -> Finding:
    """Rows of the rays that hit two things."""
    one, other = _compared(film, question, "above or below")
    return _sides(question, (one.top, one.bottom), (other.top, other.bottom), ("above", "below"))


def relation(film: Film, question: Question) -> Finding:
    """The greater part, ahead or aside of the camera, of the way from one thing to the other."""
    names = read(
        r"From the camera's point of view, where (?:is|are) the (.+?)(?: in the room)? "
        r"relative to the (.+)\?",
        question.question,
    )
    look = film.look(question.frames[0])
    first, second = (look.only(name) for name in names)
    way = (first.spot - second.spot) / look.heading
    ahead, right = way.real, -way.imag
    if abs(ahead) > abs(right):
        said = "behind" if ahead > 0 else "front"
    else:
        said = "right" if right > 0 else "left"
    clear = max(abs(ahead), abs(right)) >= CLEAR_RATIO * min(abs(ahead), abs(right))
    why = f"{ahead:.2f} m ahead, {right:.2f} m to the right"
    return Finding.of_choice(question.answer, _WORDS[said], clear, why)


def on_top(film: Film, question: Question) -> Finding:
    """What rays straight down from a thing hit."""
    (name,) = read(
        r"In this image, on top of which object (?:is|are) the (.+)\?", question.question
    )
    look = film.look(question.frames[0])
    carrier, clear = carrier_of(film.house, look.only(name))
    if carrier is None:
        return Finding.of_choice(question.answer, "nothing", clear)
    if carrier.category in question.options and carrier is not look.only(carrier.category):
        return Finding("disagree", f"{carrier.id}, which its category does not name")
    return Finding.of_choice(question.answer, carrier.category, clear)


def carrier_of(house: HouseWitness, thing: Thing) -> tuple[Thing | None, bool]:
    """What is right below a thing, and whether nearly all rays that hit anything say so."""
    low = thing.vertices[thing.vertices[:, 2] < thing.low[2] + 0.02]
    feet = np.concatenate([low[:: max(1, len(low) // 24)], thing.middle[None]])
    feet[:, 2] = thing.low[2] + CONTACT
    votes: Counter[str] = Counter()
    for foot in feet:
        hits = house.cast(foot, np.array([[0.0, 0.0, -1.0]]), without=thing)
        if hits.metres[0] <= 2 * CONTACT:
            votes[house.names[hits.owners[0]]] += 1
    if not votes:
        return None, True
    (name, count), *_ = votes.most_common()
    return house.things.get(name), count >= 0.7 * votes.total()


def zone_of(look: Look, thing: Thing, least: float) -> tuple[str, bool]:
    """`left`, `right`, `middle` or empty: the part of the picture; and whether that is clear.

    Args:
        look: The picture.
        thing: Something in it.
        least: Share of the width at either side that is not in the middle.
    """
    seen = look.seen[thing.id]
    edges = (seen.left - least, 1 - least - seen.right, 0.5 - seen.right, seen.left - 0.5)
    clear = min(abs(edge) for edge in edges) >= IMAGE_GAP
    if min(edges[:2]) >= 0:
        return "middle", clear
    if edges[2] >= 0:
        return "left", clear
    return ("right" if edges[3] >= 0 else ""), clear


def _compared(film: Film, question: Question, phrase: str) -> tuple[Seen, Seen]:
    """What the picture shows of the two things that a question compares in these words."""
    first, second = read(
        rf"Looking only at places in the picture, (?:is|are) the (.+) {phrase} the (.+)\?",
        question.question,
    )
    look = film.look(question.frames[0])
    return look.seen[look.only(first).id], look.seen[look.only(second).id]


def _sides(
    question: Question,
    one: tuple[float, float],
    other: tuple[float, float],
    words: tuple[str, str],
) -> Finding:
    gap = max(one[0] - other[1], other[0] - one[1])
    said = words[0] if sum(one) < sum(other) else words[1]
    return Finding.of_choice(question.answer, said, gap >= IMAGE_GAP, f"{gap:.3f} between them")
