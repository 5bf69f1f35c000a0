"""How the camera moves, by the logarithm of its rotation and the parts of its way."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ...questions.question import Question
from .film import Film
from .finding import Finding
from .look import Look

METRE_BAND, DEGREE_BAND = 0.003, 0.5
CLEAR_RATIO = 1.3
"""The part of a way along its main direction is at least so many times the part across; generators:
1.73."""

CLEAR_TURN = 8.0


def translation(film: Film, question: Question) -> Finding:
    """The greatest part of the way along the axes of the first camera."""
    second, clear = main_way(*film.looks(question.frames))
    return Finding.of_choice(question.answer, second, clear)


def turn_side(film: Film, question: Question) -> Finding:
    """The sign of the rotation about the vertical."""
    degrees = turned(*film.looks(question.frames))
    clear = CLEAR_TURN <= abs(degrees) <= 180 - CLEAR_TURN
    side = "right" if degrees > 0 else "left"
    return Finding.of_choice(question.answer, side, clear, f"{degrees:.1f} degrees")


def turn_degrees(film: Film, question: Question) -> Finding:
    """The size of the rotation."""
    degrees = abs(turned(*film.looks(question.frames)))
    return Finding.of_number(question.answer, degrees, DEGREE_BAND, step=5)


def moved(film: Film, question: Question) -> Finding:
    """The length of the way."""
    first, second = film.looks(question.frames)
    return Finding.of_number(question.answer, way_metres(first, second), METRE_BAND)


def clip(film: Film, question: Question) -> Finding:
    """The one motion of all steps of a clip."""
    looks = film.looks(question.frames)
    steps = list(zip(looks, looks[1:], strict=False))
    turns = np.array([turned(*step) for step in steps])
    metres = max(way_metres(looks[0], look) for look in looks)
    ways = {main_way(*step)[0] for step in steps}
    if metres < 0.1 and (turns > CLEAR_TURN).all():
        second = "It stays in place and turns to the right"
    elif metres < 0.1 and (turns < -CLEAR_TURN).all():
        second = "It stays in place and turns to the left"
    elif metres > 0.5 and len(ways) == 1 and np.abs(turns).max() < CLEAR_TURN:
        second = f"It moves {ways.pop()} without turning"
    else:
        second = "none of these"
    return Finding.of_choice(question.answer, second, True)


def turned(first: Look, second: Look) -> float:
    """Degrees to the right about the vertical, from the logarithm of the rotation."""
    before, after = (np.stack([look.right, look.down, look.ahead], 1) for look in (first, second))
    return -float(np.degrees(Rotation.from_matrix(after @ before.T).as_rotvec()[2]))


def way_metres(first: Look, second: Look) -> float:
    """Metres from one eye to the other."""
    return float(np.linalg.norm(second.eye - first.eye))


def main_way(first: Look, second: Look) -> tuple[str, bool]:
    """`forward`, `backward`, `left` or `right` by the first camera; and whether that is clear."""
    way = second.eye - first.eye
    ahead = float(way[0] * first.heading.real + way[1] * first.heading.imag)
    aside = float(way @ first.right)
    clear = max(abs(ahead), abs(aside)) >= CLEAR_RATIO * min(abs(ahead), abs(aside))
    if abs(ahead) > abs(aside):
        return ("forward" if ahead > 0 else "backward"), clear
    return ("right" if aside > 0 else "left"), clear
