"""Turns of a walk from thing to thing, and whether anything is in its way."""

from __future__ import annotations

import re

import numpy as np

from ...questions.question import Question
from .bearings import BAND_DEGREES
from .film import Film
from .finding import Finding, Unread, together
from .plan import past, turn
from .reading import read

HEIGHTS = (0.4, 0.9, 1.5)
"""Metres above the floor at which nothing may be in the way."""

_FILL = "[please fill in]"


def route(film: Film, question: Question) -> Finding:
    """Turns between the middles of meshes; rays along the walk must be free."""
    start, facing, goal, actions = read(
        r"You are a robot beginning at the (.+) facing the (.+)\. You want to navigate to the "
        r"(.+)\. You will perform .*\): (.+)\. You have reached the final destination\.",
        question.question,
    )
    steps = re.split(r" ?\d+\. ", actions)[1:]
    here = film.only(start, question.frames).spot
    heading = film.only(facing, question.frames).spot - here
    turns, fill, last = [], False, start
    for step in steps:
        if step == _FILL:
            fill = True
            continue
        (last,) = read("Go forward until the (.+)", step)
        there = film.only(last, question.frames).spot
        degrees = turn(heading, there - here)
        if fill:
            turns.append(degrees)
        elif abs(degrees) > 1e-6:
            raise Unread("a way without a turn that leads elsewhere")
        here, heading, fill = there, there - here, False
    if last != goal:
        return Finding("disagree", f"the walk ends at the {last}")
    second = ", ".join(_name(degrees) for degrees in turns)
    clear = all(past(degrees, 45, 135) >= BAND_DEGREES for degrees in turns)
    why = ", ".join(f"{degrees:.0f}" for degrees in turns)
    return together((Finding.of_choice(question.answer, second, clear, why), _way(film, question)))


def _name(degrees: float) -> str:
    if abs(degrees) >= 135:
        return "Turn Back"
    if abs(degrees) < 45:
        return "straight on"
    return "Turn Right" if degrees > 0 else "Turn Left"


def _way(film: Film, question: Question) -> Finding:
    """Whether rays from each stop to the next are free."""
    stops = np.array(question.provenance["places"], float)
    for before, after in zip(stops, stops[1:], strict=False):
        for height in HEIGHTS:
            way = np.array([[*(after - before), 0.0]])
            hits = film.house.cast(np.array([*before, height]), way)
            if hits.metres[0] < np.linalg.norm(way) - 0.05:
                name = film.house.names[hits.owners[0]]
                return Finding("disagree", f"{name} is in the way at {height} m")
    return Finding("agree", "the way is free")
