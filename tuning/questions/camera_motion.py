"""How the camera moves and turns between two pictures, and in a short clip.

Directions are those of the camera that took the first picture, along the floor; a turn is about the
vertical. Pictures of a pair overlap, so that the motion can be told from what both show.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..scenes.subject import Subject
from .draws import numeric_distractors, pick
from .frame_pairs import FramePairs, pairs_of
from .question import Draft
from .skill import Skill, Unsuitable

LEAST_OVERLAP = 0.2
"""Share of each picture that the other one shows too."""

LEAST_MOVE = 0.3
"""Metres; a shorter move has no direction to be asked for."""

LEVEL_PART = 0.9
"""Share of a move that is along the floor, at least, for its direction to be asked for."""

DIRECTION_MARGIN = 15.0
"""Degrees by which a move's direction keeps away from the diagonals between two answers."""

LEAST_TURN = 15.0
"""Degrees; a smaller turn is not asked for."""

LARGEST_TURN = 135.0
"""Degrees; nearer to half a turn, left and right mean about the same."""

TURN_STEP = 30
"""Degrees between two neighbouring options for the size of a turn."""

STILL = 0.05
"""Metres; a camera that stays within them turns in place."""

STRAIGHT = 5.0
"""Degrees; a camera that turns by no more goes straight on."""

COURSE = 30.0
"""Degrees by which a clip's forward steps may leave the view's direction."""

CLIP_TURN = 45.0
"""Degrees that a clip's camera turns at least in place."""

CLIP_MOVE = 0.6
"""Metres that a clip's camera goes at least straight on."""

CLIP_STEP = 75.0
"""Degrees of the largest turn between two frames of a clip: they still overlap."""

CLIP_STEPS = 10
"""Most steps between frames of a clip."""

_MOVE = "A camera goes from the pose of the first image to the pose of the second image."

_DIRECTIONS = {"forward": 0.0, "right": 90.0, "backward": 180.0, "left": -90.0}

_CLIPS = {
    "left": "It stays in place and turns to the left",
    "right": "It stays in place and turns to the right",
    "forward": "It moves forward without turning",
}


def camera_translation(subject: Subject, rng: np.random.Generator) -> Draft:
    """The main direction of the camera's move between two pictures; all four are as likely."""
    pairs = pairs_of(subject)
    masks = {}
    for name, middle in _DIRECTIONS.items():
        off = np.abs(180.0 - (180.0 - (pairs.heading - middle)) % 360.0)
        near = (off <= 45.0 - DIRECTION_MARGIN) & (pairs.floor >= LEAST_MOVE)
        near &= pairs.floor >= LEVEL_PART * pairs.distance
        if (near & (pairs.common > 0)).any():
            masks[name] = near
    name = _one(list(masks), rng)
    first, second, share = pairs.draw(masks[name], rng, LEAST_OVERLAP)
    return Draft(
        question=f"{_MOVE} In which direction does it mainly move, seen from its pose in the first "
        "image?",
        answer=name,
        wrong=tuple(other for other in _DIRECTIONS if other != name),
        key=(str(first), str(second)),
        frames=(first, second),
        provenance=_facts(subject, pairs, first, second, share),
    )


def camera_turn(subject: Subject, rng: np.random.Generator) -> Draft:
    """Whether the camera turned left or right between two pictures; both are as likely."""
    pairs = pairs_of(subject)
    clear = _clear_turns(pairs)
    masks = {"left": clear & (pairs.turn < 0), "right": clear & (pairs.turn > 0)}
    name = _one([name for name, mask in masks.items() if mask.any()], rng)
    first, second, share = pairs.draw(masks[name], rng, LEAST_OVERLAP)
    return Draft(
        question=f"{_MOVE} Does it turn to its left or to its right, the shorter way?",
        answer=name,
        wrong=("right" if name == "left" else "left",),
        key=(str(first), str(second)),
        frames=(first, second),
        provenance=_facts(subject, pairs, first, second, share),
    )


def camera_turn_degrees(subject: Subject, rng: np.random.Generator) -> Draft:
    """By how many degrees the camera turned, rounded to 5; all sizes that come are as likely."""
    pairs = pairs_of(subject)
    sizes = 5 * np.rint(np.abs(pairs.turn) / 5).astype(int)
    clear = _clear_turns(pairs)
    truth = int(_one([str(size) for size in np.unique(sizes[clear])], rng))
    first, second, share = pairs.draw(clear & (sizes == truth), rng, LEAST_OVERLAP)
    others = [truth + TURN_STEP * k for k in range(-6, 7) if k]
    wrong = pick([value for value in others if 0 < value <= 180], 3, rng)
    return Draft(
        question=f"{_MOVE} By how many degrees does it turn about the vertical axis?",
        answer=str(truth),
        wrong=tuple(str(value) for value in wrong),
        key=(str(first), str(second)),
        frames=(first, second),
        provenance=_facts(subject, pairs, first, second, share),
    )


def camera_distance_moved(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres in a straight line between the places of two pictures."""
    pairs = pairs_of(subject)
    first, second, share = pairs.draw(pairs.distance >= LEAST_MOVE, rng, LEAST_OVERLAP)
    metres = float(pairs.distance[first, second])
    return Draft(
        question=f"{_MOVE} How far, in meters, does it move in a straight line?",
        answer=f"{metres:.1f}",
        wrong=numeric_distractors(round(metres, 1), rng, decimals=1),
        key=(str(first), str(second)),
        frames=(first, second),
        provenance=_facts(subject, pairs, first, second, share),
    )


def video_camera_motion(subject: Subject, rng: np.random.Generator) -> Draft:
    """What the camera does in a clip of consecutive shown frames with one kind of motion."""
    pairs = pairs_of(subject)
    clips = _clips(pairs)
    kind = _one([name for name in _CLIPS if clips[name]], rng)
    start, end = clips[kind][int(rng.integers(len(clips[kind])))]
    places = range(start, end + 1)
    steps = [float(pairs.turn[place, place + 1]) for place in places[:-1]]
    return Draft(
        question="What does the camera do in this video?",
        answer=_CLIPS[kind],
        wrong=tuple(text for name, text in _CLIPS.items() if name != kind),
        key=(str(start), str(end)),
        frames=tuple(places),
        provenance={
            "frames": [subject.frames[place].index for place in places],
            "turn": round(sum(steps), 2),
            "distance": round(float(pairs.distance[start, end]), 3),
        },
    )


def _clear_turns(pairs: FramePairs) -> np.ndarray:
    sizes = np.abs(pairs.turn)
    return (sizes >= LEAST_TURN) & (sizes <= LARGEST_TURN) & (pairs.common > 0)


def _clips(pairs: FramePairs) -> dict[str, list[tuple[int, int]]]:
    """First and last places of the clips that show one kind of motion, by kind."""
    places = np.arange(len(pairs.turn) - 1)
    turn, distance = pairs.turn[places, places + 1], pairs.distance[places, places + 1]
    off = np.abs(pairs.heading[places, places + 1])
    tied = pairs.common[places, places + 1] > 0
    turning = tied & (distance <= STILL) & (np.abs(turn) <= CLIP_STEP)
    steps = {
        "left": turning & (turn < -STRAIGHT),
        "right": turning & (turn > STRAIGHT),
        "forward": tied & (np.abs(turn) <= STRAIGHT) & (distance > STILL) & (off <= COURSE),
    }
    clips: dict[str, list[tuple[int, int]]] = {name: [] for name in _CLIPS}
    for name, mask in steps.items():
        for start in range(len(mask)):
            for end in range(start + 2, min(start + CLIP_STEPS, len(mask)) + 1):
                if not mask[start:end].all():
                    break
                turned, moved = abs(turn[start:end].sum()), pairs.distance[start, end]
                straight = moved >= CLIP_MOVE and turned <= STRAIGHT
                if straight if name == "forward" else turned >= CLIP_TURN:
                    clips[name].append((start, end))
    return clips


def _one(names: list[str], rng: np.random.Generator) -> str:
    if not names:
        raise Unsuitable("no such motion")
    return names[int(rng.integers(len(names)))]


def _facts(
    subject: Subject, pairs: FramePairs, first: int, second: int, share: float
) -> dict[str, Any]:
    return {
        "frames": [subject.frames[first].index, subject.frames[second].index],
        "distance": round(float(pairs.distance[first, second]), 4),
        "heading": round(float(pairs.heading[first, second]), 2),
        "turn": round(float(pairs.turn[first, second]), 2),
        "overlap": round(share, 3),
    }


SKILLS = (
    *(
        Skill(ask.__name__, "PT", "camera motion", "pair", "choice", ask, needs_labels=True)
        for ask in (camera_translation, camera_turn)
    ),
    *(
        Skill(ask.__name__, "PT", "camera motion", "pair", "number", ask, needs_labels=True)
        for ask in (camera_turn_degrees, camera_distance_moved)
    ),
    Skill("video_camera_motion", "PT", "camera motion", "video", "choice", video_camera_motion),
)
