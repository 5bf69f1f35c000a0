"""What frames show, how often and since when, counted by rays."""

from __future__ import annotations

from ...questions.question import Question
from .film import Film
from .finding import Finding
from .look import TRACE
from .reading import read

COUNTED = 0.0015
"""Share of a picture from which a thing is counted (generators: 0.003), ..."""

COUNTED_SURELY = 0.0024
"""... and from which there is no doubt of it; up to `TRACE` there is none that it is not."""

PRESENT = 0.006
"""Share from which a thing surely is in a picture (generators: 0.01)."""

ABSENT = 1e-4
"""Share below which it surely is not."""


def counting(film: Film, question: Question) -> Finding:
    """Things of a category with a clear part of some frame."""
    (name,) = read(r"How many (.+)\(s\) are in this room\?", question.question)
    return Finding.of_choice(question.answer, str(len(film.group(name, question.frames))), True)


def total(film: Film, question: Question) -> Finding:
    """Different things of a category with a clear part of some view."""
    (name,) = read(
        r"How many different (.+)\(s\) do these images show together\? Count each one once, "
        r"however many images show it\.",
        question.question,
    )
    return Finding.of_choice(question.answer, str(len(film.group(name, question.frames))), True)


def image_count(film: Film, question: Question) -> Finding:
    """Things of a category in one picture."""
    (name,) = read(r"How many (.+)\(s\) are visible in this image\?", question.question)
    look = film.look(question.frames[0])
    shares = [look.share(thing) for thing in film.house.categories.get(name, ())]
    clear = not any(TRACE < share < COUNTED_SURELY for share in shares)
    return Finding.of_choice(question.answer, str(sum(s >= COUNTED for s in shares)), clear)


def image_presence(film: Film, question: Question) -> Finding:
    """Whether rays hit a thing of a category."""
    (name,) = read(r"(?:Is there an?|Are there) (.+) in this image\?", question.question)
    return _presence(film, question, name, PRESENT)


def video_presence(film: Film, question: Question) -> Finding:
    """Whether rays of any frame hit a thing of a category."""
    (name,) = read(r"Does any (.+) appear in the video\?", question.question)
    return _presence(film, question, name, film.high)


def order(film: Film, question: Question) -> Finding:
    """The order of the first frames with a part of each category."""
    _, listed = read(r"(.+): (.+)\?", question.question)
    return _order(film, question, listed.split(", "))


def before(film: Film, question: Question) -> Finding:
    """Whether the first frame with a part of one category comes before that of another."""
    first, second = read(r"Did the (.+) appear before the (.+) in the video\?", question.question)
    orders = [_ranked(film, question, [first, second], least) for least in _levels(film)]
    said = "yes" if orders[0] and orders[0][0] == first else "no"
    return Finding.of_choice(question.answer, said, _same(orders))


def _presence(film: Film, question: Question, name: str, present: float) -> Finding:
    things = film.house.categories.get(name, ())
    share = max((film.best(thing, question.frames) for thing in things), default=0.0)
    said = "yes" if share >= present else "no"
    clear = share >= present or share < ABSENT
    return Finding.of_choice(question.answer, said, clear, f"{share:.4f}")


def _order(film: Film, question: Question, names: list[str]) -> Finding:
    orders = [_ranked(film, question, names, least) for least in _levels(film)]
    return Finding.of_choice(question.answer, ", ".join(orders[0]), _same(orders))


def _levels(film: Film) -> tuple[float, float, float]:
    """Shares at which someone may notice a thing; the order must not depend on them."""
    return (film.low * film.high) ** 0.5, film.low, film.high


def _ranked(film: Film, question: Question, names: list[str], least: float) -> list[str]:
    """Names in order of appearance; empty if two come at once."""
    first = {name: film.first(name, question.frames, least) for name in names}
    places = set(first.values())
    if len(places) < len(names):
        return []
    return sorted(names, key=lambda name: first[name])


def _same(orders: list[list[str]]) -> bool:
    return bool(orders[0]) and all(order == orders[0] for order in orders)
