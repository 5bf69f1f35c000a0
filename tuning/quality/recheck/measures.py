"""Distances, sizes and rooms, measured on meshes."""

from __future__ import annotations

from collections.abc import Sequence

from ...questions.question import Question
from .film import Film
from .finding import Doubt, Finding
from .look import Look
from .reading import read
from .thing import Thing

GAP_METRES, GAP_SHARE = 0.1, 0.1
"""Band of a distance between two things: the greater one, metres and share of it. The upright boxes
of generators are larger than turned meshes."""

EXACT = 0.004
"""Metres by which an extent of a mesh may miss that of its box."""

METRE_BAND = 0.01
SIZE_BAND = 0.5
"""Centimetres by which a side of a mesh may miss that of a box."""

CLEAR_RATIO = 1.1
AREA_BAND = 0.05

_MANY = r"(?:\nIf there are multiple instances .*)?"
_FROM = "Measuring from the closest point of each object, "


def abs_distance(film: Film, question: Question) -> Finding:
    """Least gap between things of two categories."""
    first, second = read(
        _FROM + r"what is the distance between the (.+) and the (.+) \(in meters\)\?" + _MANY,
        question.question,
    )
    groups = [film.group(name, question.frames) for name in (first, second)]
    return _metres(question, _least(*groups))


def rel_distance(film: Film, question: Question) -> Finding:
    """Category with the least gap to a thing."""
    listed, reference = read(
        _FROM + r"which of these objects \((.+)\) is the closest to the (.+)\?" + _MANY,
        question.question,
    )
    thing = film.only(reference, question.frames)
    names = listed.split(", ")
    return nearest(
        question,
        {name: _least((thing,), film.group(name, question.frames)) for name in names},
    )


def image_distance(film: Film, question: Question) -> Finding:
    """Gap between two things of a picture."""
    names = read(
        _FROM + r"what is the distance between the (.+) and the (.+) in the image \(in meters\)\?",
        question.question,
    )
    look = _look(film, question)
    first, second = (look.only(name) for name in names)
    return _metres(question, first.gap(second))


def image_nearest(film: Film, question: Question) -> Finding:
    """Thing of a picture with the least gap to another one."""
    listed, reference = read(
        _FROM + r"which of these objects \((.+)\) in the image is the closest to the (.+)\?",
        question.question,
    )
    look = _look(film, question)
    thing = look.only(reference)
    return nearest(question, {n: thing.gap(look.only(n)) for n in listed.split(", ")})


def camera_distance(film: Film, question: Question) -> Finding:
    """From the last camera to the bounds of a mesh."""
    (name,) = read(
        r"Measuring from the closest point, what is the distance between the camera at the end of "
        r"the video and the (.+) \(in meters\)\?",
        question.question,
    )
    thing = film.only(name, question.frames)
    metres = thing.away(film.look(question.frames[-1]).eye)
    return Finding.of_number(question.answer, metres, METRE_BAND, exact=EXACT)


def longest_side(film: Film, question: Question) -> Finding:
    """The longest extent of a mesh along the axes of its body."""
    (name,) = read(r"What is the length of the longest dimension .*\) of the (.+), measured in "
                   r"centimeters\?", question.question)  # fmt: skip
    return _size(question, float(film.only(name, question.frames).sides[2]))


def shortest_side(film: Film, question: Question) -> Finding:
    """The shortest extent of a mesh along the axes of its body."""
    (name,) = read(r"What is the length of the shortest dimension .*\) of the (.+), measured in "
                   r"centimeters\?", question.question)  # fmt: skip
    return _size(question, float(film.only(name, question.frames).sides[0]))


def height(film: Film, question: Question) -> Finding:
    """From the lowest to the highest vertex."""
    (name,) = read(r"What is the height of the (.+), measured in centimeters\?", question.question)
    return _size(question, film.only(name, question.frames).height)


def larger(film: Film, question: Question) -> Finding:
    """The longer or taller one of two meshes."""
    word, first, second = read(
        r"Which object is (taller|longer), .*: the (.+) or the (.+)\?", question.question
    )
    things = [film.only(name, question.frames) for name in (first, second)]
    return _larger(question, things, word == "taller")


def image_taller(film: Film, question: Question) -> Finding:
    """The taller one of two meshes of a picture."""
    names = read(
        r"Which object in the image is taller in reality, from its lowest to its highest point: "
        r"the (.+) or the (.+)\?",
        question.question,
    )
    look = _look(film, question)
    return _larger(question, [look.only(name) for name in names], True)


def floor_area(film: Film, question: Question) -> Finding:
    """Triangles of all floors, each of which is below some frame's camera."""
    areas = {name: film.house.room_areas[name] for name in _walked(film, question)}
    if len(areas) < len(film.house.room_areas):
        raise Doubt("no frame was taken in some room")
    return Finding.of_number(question.answer, sum(areas.values()), AREA_BAND)


def room_count(film: Film, question: Question) -> Finding:
    """Floors below the cameras of frames."""
    return Finding.of_choice(question.answer, str(len(_walked(film, question))), True)


def largest_room(film: Film, question: Question) -> Finding:
    """Kind of the room with most triangles of floor."""
    (listed,) = read(
        r"Which kind of room \((.+)\) is the room with the largest floor area in this house\?",
        question.question,
    )
    areas: dict[str, float] = {}
    for name in _walked(film, question):
        kind = film.house.room_kinds[name]
        areas[kind] = max(areas.get(kind, 0.0), film.house.room_areas[name])
    if sorted(areas) != sorted(listed.split(", ")):
        raise Doubt(f"the rooms are {', '.join(sorted(areas))}")
    return Finding.of_extreme(question.answer, areas, _clearly_larger, largest=True)


def nearest(question: Question, gaps: dict[str, float]) -> Finding:
    """Compare with the least of some distances, by name."""
    return Finding.of_extreme(question.answer, gaps, lambda low, high: high - low > GAP_METRES)


def _walked(film: Film, question: Question) -> list[str]:
    rooms = [film.house.room_at(look.eye) for look in film.looks(question.frames)]
    return [name for name in dict.fromkeys(rooms) if name]


def _look(film: Film, question: Question) -> Look:
    return film.look(question.frames[0])


def _least(firsts: Sequence[Thing], seconds: Sequence[Thing]) -> float:
    return min(a.gap(b) for a in firsts for b in seconds)


def _metres(question: Question, metres: float) -> Finding:
    return Finding.of_number(
        question.answer, metres, max(GAP_METRES, GAP_SHARE * metres), exact=EXACT
    )


def _size(question: Question, metres: float) -> Finding:
    return Finding.of_number(question.answer, 100 * metres, SIZE_BAND, step=5)


def _larger(question: Question, things: Sequence[Thing], upright: bool) -> Finding:
    sides = {t.category: t.height if upright else float(t.sides[2]) for t in things}
    return Finding.of_extreme(question.answer, sides, _clearly_larger, largest=True)


def _clearly_larger(low: float, high: float) -> bool:
    return high >= CLEAR_RATIO * low
