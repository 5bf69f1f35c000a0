"""Marked points and visible surfaces: what a ray through them hits, and how far it goes."""

from __future__ import annotations

import numpy as np

from ...questions.question import Question
from .film import Film
from .finding import Finding, Unread, together
from .look import Look, Spot
from .reading import read

SAME_PLACE, OTHER_PLACE = 0.12, 0.2
"""Metres from the marked place: at most for the same one, at least for others; generators: 0.25."""

DEPTH_EXACT, DEPTH_BAND = 0.005, 0.02
"""Metres that depths at the middle of a pixel may differ: still the same, still in the band."""

NEAREST_EXACT, NEAREST_BAND = 0.02, 0.05
"""The same for the nearest rays of two grids."""

CLEAR_METRES, CLEAR_RATIO = 0.1, 1.1
"""Least difference of two distances; generators: 0.15 m and 1.15."""

_SUPERLATIVE = r"(closest to|closer to|farthest from|farther from)"


def same_place(film: Film, question: Question) -> Finding:
    """The numbered point whose ray ends nearest to where that of X ends."""
    start, others = _marks(film, question)
    metres = {n: float(np.linalg.norm(s.point - start.point)) for n, s in others.items()}
    ranked = sorted(metres, key=lambda name: metres[name])
    clear = metres[ranked[0]] <= SAME_PLACE and metres[ranked[1]] >= OTHER_PLACE
    why = f"{metres[ranked[0]]:.3f} m, then {metres[ranked[1]]:.3f}"
    return Finding.of_choice(question.answer, f"point {ranked[0]}", clear, why)


def same_object(film: Film, question: Question) -> Finding:
    """The numbered points whose rays hit what that of X hits."""
    start, others = _marks(film, question)
    (name,) = read(r"A point on the (.+) is marked X in the first image\. .*", question.question)
    found = [f"point {n}" for n, spot in others.items() if spot.owner == start.owner]
    return Finding.of_choice(
        question.answer, ", ".join(found) if _is_a(film, start, name) else start.owner, True
    )


def point_order(film: Film, question: Question) -> Finding:
    """The marked point with the shortest or longest ray."""
    count, word = read(
        r"The image has (\d) marked points, .* Which of them is " + _SUPERLATIVE + " the camera.",
        question.question,
    )
    look = film.look(question.frames[0])
    spots = [look.at(x, y) for _, x, y in question.marks[0]]
    if len(spots) != int(count):
        return Finding("disagree", f"{len(spots)} marks")
    names = [f"point {label}" for label, _, _ in question.marks[0]]
    depths = {name: spot.depth for name, spot in zip(names, spots, strict=True)}
    metres = {name: spot.metres for name, spot in zip(names, spots, strict=True)}
    return together(extreme(question.answer, values, word) for values in (depths, metres))


def object_order(film: Film, question: Question) -> Finding:
    """The thing with the shortest or longest of the rays that first reach it."""
    listed, word = read(
        r"Measuring to the nearest visible point of each object, which of these objects \((.+)\) "
        r"is " + _SUPERLATIVE + " the camera that took this image.",
        question.question,
    )
    look = film.look(question.frames[0])
    metres = {name: look.seen[look.only(name).id].nearest for name in listed.split(", ")}
    return extreme(question.answer, metres, word)


def object_distance(film: Film, question: Question) -> Finding:
    """The shortest of the rays that reach a thing."""
    (name,) = read(
        r"What is the distance in meters from the camera that took this image to the nearest "
        r"visible point of the (.+)\?",
        question.question,
    )
    look = film.look(question.frames[0])
    return nearest_metres(look, name, question.answer)


def point_depth(film: Film, question: Question) -> Finding:
    """The depth of the ray through a mark."""
    ((_, x, y),) = question.marks[0]
    depth = film.look(question.frames[0]).at(x, y).depth
    return Finding.of_number(question.answer, depth, DEPTH_BAND, exact=DEPTH_EXACT)


def object_at(film: Film, question: Question) -> Finding:
    """What the ray through a mark hits."""
    ((_, x, y),) = question.marks[0]
    thing = film.house.things.get(film.look(question.frames[0]).at(x, y).owner)
    return Finding.of_choice(question.answer, thing.category if thing else "no object", True)


def point_on(film: Film, question: Question) -> Finding:
    """Whether the ray through the answered point hits the named thing."""
    (name,) = read(r"Point at the (.+) in the image\. .*", question.question)
    x, y = (float(value) for value in read(r"\(([\d.]+), ([\d.]+)\)", question.answer))
    look = film.look(question.frames[0])
    thing, spot = look.only(name), look.at(x, y)
    verdict = "agree" if spot.owner == thing.id else "disagree"
    return Finding(verdict, spot.owner or "nothing")


def nearest_metres(look: Look, name: str, answer: str) -> Finding:
    """Compare metres to a named thing with the shortest ray to it."""
    metres = look.seen[look.only(name).id].nearest
    return Finding.of_number(answer, metres, NEAREST_BAND, exact=NEAREST_EXACT)


def extreme(answer: str, metres: dict[str, float], word: str) -> Finding:
    """Compare a name with that of the least (`closest to`) or greatest of some distances."""
    far = word.startswith("far")
    return Finding.of_extreme(answer, metres, _differ, largest=far)


def _differ(low: float, high: float) -> bool:
    return high - low >= CLEAR_METRES and high >= CLEAR_RATIO * low


def _marks(film: Film, question: Question) -> tuple[Spot, dict[str, Spot]]:
    """What X in the first picture shows, and the numbers in the second."""
    if [len(question.marks), len(question.frames)] != [2, 2] or len(question.marks[0]) != 1:
        raise Unread("not marks in two pictures")
    before, after = film.looks(question.frames)
    ((_, x, y),) = question.marks[0]
    return before.at(x, y), {label: after.at(u, v) for label, u, v in question.marks[1]}


def _is_a(film: Film, spot: Spot, category: str) -> bool:
    thing = film.house.things.get(spot.owner)
    return thing is not None and thing.category == category
