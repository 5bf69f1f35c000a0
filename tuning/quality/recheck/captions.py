"""Captions, sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...questions.question import Question
from .film import Film
from .finding import Finding, Unread, together
from .layout import carrier_of, zone_of
from .look import NAMED, TRACE, TWIN, Look
from .motions import main_way, turned, way_metres
from .points import extreme, nearest_metres
from .reading import read

MIDDLE = 0.3
"""Share of the width at either side that is not in the middle."""

TURN_BAND, MOVE_BAND = 0.5, 0.003

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ZONES = {" on the left of the image,": "left", " on the right of the image,": "right",
          " in the middle of the image,": "middle", "": ""}  # fmt: skip


def image_caption(film: Film, question: Question) -> Finding:
    """What each sentence says of a picture."""
    return together(_image_facts(film.look(question.frames[0]), question.answer))


def views_caption(film: Film, question: Question) -> Finding:
    """What each sentence says of views and of the way from one to the next."""
    return together(_views_facts(film.looks(question.frames), question.answer))


def _image_facts(look: Look, text: str) -> Iterator[Finding]:
    placed: list[str] = []
    for sentence in _sentences(text):
        if found := re.fullmatch(r"The image shows (.+)\.", sentence):
            for item in _items(found[1]):
                yield _counted(look, item)
        elif found := re.fullmatch(r"The camera stands in an? (.+)\.", sentence):
            kind = look.house.room_kinds.get(look.house.room_at(look.eye), "no room")
            yield Finding.of_choice(found[1], kind, True)
        elif found := re.fullmatch(r"It is on top of the (.+)\.", sentence):
            carrier, clear = carrier_of(look.house, look.only(placed[-1]))
            said = carrier.category if carrier else "nothing"
            yield Finding.of_choice(found[1], said, clear, f"carries the {placed[-1]}")
        elif found := re.fullmatch(
            r"Of these, the (.+) is (closest to|farthest from) the camera\.", sentence
        ):
            metres = {name: look.seen[look.only(name).id].nearest for name in placed}
            yield extreme(found[1], metres, found[2])
        else:
            name, side, metres = read(
                r"The (.+?) is((?: on the left| on the right| in the middle)(?: of the image,)|) "
                r"about ([\d.]+) meters from the camera\.",
                sentence,
            )
            placed.append(name)
            zone, clear = zone_of(look, look.only(name), MIDDLE)
            yield Finding.of_choice(_ZONES[side], zone, clear, f"the {name}")
            yield nearest_metres(look, name, metres)


def _views_facts(looks: list[Look], text: str) -> Iterator[Finding]:
    for sentence in _sentences(text):
        if found := re.fullmatch(r"(?:Both|All \d) images show (.+)\.", sentence):
            for name in _items(found[1]):
                things = {look.only(_the(name)).id for look in looks}
                yield Finding("agree" if len(things) == 1 else "disagree", name)
        elif found := re.fullmatch(r"(New|No longer) in image (\d): (.+)\.", sentence):
            place = int(found[2]) - 1
            before, after = looks[place - 1], looks[place]
            here, missing = (after, before) if found[1] == "New" else (before, after)
            for name in _items(found[3]):
                here.only(_the(name))
                yield _missing(missing, _the(name))
        else:
            first, second, motion = read(
                r"From image (\d) to image (\d) the camera (.+)\.", sentence
            )
            if int(second) != int(first) + 1:
                raise Unread("images are skipped")
            yield from _motion(looks[int(first) - 1], looks[int(second) - 1], motion)


def _motion(before: Look, after: Look, text: str) -> Iterator[Finding]:
    degrees, metres = turned(before, after), way_metres(before, after)
    if found := re.search(r"turns (left|right) by about (\d+) degrees", text):
        yield Finding.of_choice(found[1], "right" if degrees > 0 else "left", abs(degrees) > 5)
        yield Finding.of_number(found[2], abs(degrees), TURN_BAND, step=5)
    elif "does not turn" in text:
        yield Finding("agree" if abs(degrees) < 5 else "disagree", f"{degrees:.0f} degrees")
    else:
        raise Unread(f"unknown motion: {text}")
    if found := re.match(r"moves (forward|backward|to the left|to the right),.* by about "
                         r"([\d.]+) meters", text):  # fmt: skip
        way, clear = main_way(before, after)
        yield Finding.of_choice(found[1].removeprefix("to the "), way, clear)
        yield Finding.of_number(found[2], metres, MOVE_BAND)
    elif text.endswith("stays where it is"):
        yield Finding("agree" if metres < 0.1 else "disagree", f"{metres:.2f} m")
    else:
        raise Unread(f"unknown motion: {text}")


def _counted(look: Look, item: str) -> Finding:
    """Compare `a chair` or `two chairs` with the things that rays hit."""
    word, _, noun = item.partition(" ")
    if word in ("a", "an"):
        number, fits = 1, _exactly(noun)
    else:
        number = _NUMBERS.index(word) if word in _NUMBERS else int(word)
        fits = _plural_of(noun)
    categories = [name for name in look.house.categories if fits(name)]
    if not categories:
        return Finding("disagree", f"no {noun} in the house")
    shares = [look.share(thing) for name in categories for thing in look.house.categories[name]]
    clear = not any(TRACE < share < NAMED for share in shares)
    shown = sum(share >= TWIN for share in shares)
    return Finding.of_choice(str(number), str(shown), clear, noun)


def _missing(look: Look, category: str) -> Finding:
    things = look.house.categories.get(category, ())
    share = max((look.share(thing) for thing in things), default=0.0)
    if share < TRACE:
        return Finding("agree", category)
    return Finding("in band" if share < TWIN else "disagree", f"{category} has {share:.4f}")


def _exactly(noun: str) -> Callable[[str], bool]:
    return lambda name: name == noun


def _plural_of(noun: str) -> Callable[[str], bool]:
    return lambda name: noun in (
        name, f"{name}s", f"{name}es", f"{name[:-1]}ies", f"{name[:-2]}ves", f"{name[:-1]}ves"
    )  # fmt: skip


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[^\d]\.) ", text)


def _items(text: str) -> list[str]:
    return re.split(r", | and ", text)


def _the(text: str) -> str:
    (name,) = read("the (.+)", text)
    return name
