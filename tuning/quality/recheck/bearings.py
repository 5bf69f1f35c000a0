"""Directions from somewhere to something, by complex numbers on the plan."""

from __future__ import annotations

from ...questions.question import Question
from .film import Film
from .finding import Doubt, Finding, Unread
from .plan import past, turn
from .reading import read

BAND_DEGREES = 6.0
"""Generators keep 10 degrees from a boundary."""

NEAR, NEAR_SURELY, FAR_SURELY = 1.35, 1.05, 1.65
"""Metres from a camera to what it is next to; generators: at most 1.0, others at least 1.7."""

AHEAD, AHEAD_SURELY, ASIDE_SURELY = 40.0, 21.0, 59.0
"""Degrees to what is straight ahead; generators: at most 20, others at least 60."""

_STANDING = r"If I am standing by the (.+) and facing the (.+), (?:is|are) the (.+?) to (.+)"
_SIDES = {
    "on the far side of both, looking back towards the camera": 1.0,
    "to the left of both, level with them, looking across to the right": 1j,
    "to the right of both, level with them, looking across to the left": -1j,
}
"""Where the observer stands: times the way from the camera to the middle, from the middle on."""

_TURNS = {
    "turn 90 degrees to my left": 1j,
    "turn 90 degrees to my right": -1j,
    "turn around by 180 degrees": -1.0,
}


def direction(film: Film, question: Question) -> Finding:
    """The turn at one thing from another one to a third."""
    *names, ending = read(_STANDING, question.question)
    stand, face, query = (film.only(name, question.frames).spot for name in names)
    degrees = turn(face - stand, query - stand)
    second = side = "right" if degrees > 0 else "left"
    if ending.startswith("my left, right, or back?"):
        second = "back" if abs(degrees) >= 135 else side
        margin = past(degrees, 135) if second == "back" else past(degrees, 0, 135)
    elif ending.startswith("my front-left, front-right, back-left, or back-right?"):
        second = f"{'back' if abs(degrees) > 90 else 'front'}-{side}"
        margin = past(degrees, 0, 90, 180)
    elif ending == f"the left or the right of the {names[1]}?":
        margin = past(degrees, 0, 180)
    else:
        raise Unread(f"unknown directions: {ending[:60]}")
    clear = margin >= BAND_DEGREES
    return Finding.of_choice(question.answer, second, clear, f"{degrees:.1f} degrees")


def which_view(film: Film, question: Question) -> Finding:
    """The view that is near one thing and looks at another."""
    names = read(
        r"Which of these images was taken from a position next to the (.+), looking towards the "
        r"(.+)\?",
        question.question,
    )
    beside, towards = (film.only(name, question.frames) for name in names)
    found, clear = [], True
    for number, look in enumerate(film.looks(question.frames), start=1):
        metres = beside.away_on_plan(look.spot)
        degrees = abs(turn(look.heading, towards.spot - look.spot))
        if metres < NEAR and degrees < AHEAD:
            found.append(f"image {number}")
            clear &= metres <= NEAR_SURELY and degrees <= AHEAD_SURELY
        else:
            clear &= metres >= FAR_SURELY or degrees >= ASIDE_SURELY
    return Finding.of_choice(question.answer, ", ".join(found), clear)


def facing(film: Film, question: Question) -> Finding:
    """The option that is straight ahead after a turn."""
    number, text = read(
        r"If I stand where image (\d) was taken, look the way it looks, and (.+), which of these "
        r"objects is straight ahead of me\?",
        question.question,
    )
    look = film.look(question.frames[int(number) - 1])
    heading = look.heading * _TURNS[text]
    off = {
        name: abs(turn(heading, film.only(name, question.frames).spot - look.spot))
        for name in question.options
    }
    return Finding.of_extreme(
        question.answer, off, lambda low, high: low <= AHEAD_SURELY and high >= ASIDE_SURELY
    )


def other_side(film: Film, question: Question) -> Finding:
    """Left or right of two things for someone who stands elsewhere."""
    first, second, text, *again = read(
        r"The image shows a scene with the (.+) and the (.+)\. Imagine standing (.+)\. From there, "
        r"(?:is|are) the (.+) to the left or to the right of the (.+)\?",
        question.question,
    )
    if again != [first, second]:
        raise Doubt("the text names four things")
    look = film.look(question.frames[0])
    one, other = (look.only(name).spot for name in (first, second))
    middle = (one + other) / 2
    observer = middle + _SIDES[text] * (middle - look.spot)
    degrees = turn(other - observer, one - observer)
    return Finding.of_choice(
        question.answer,
        "right" if degrees > 0 else "left",
        past(degrees, 0, 180) >= BAND_DEGREES,
        f"{degrees:.1f} degrees",
    )
