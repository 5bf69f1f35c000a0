"""How the camera moves and turns between two pictures, and in a short clip.

Directions are those of the camera that took the first picture, along the floor; a turn is about the
vertical. Pictures of a pair overlap, so that the motion can be told from what both show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..scenes.subject import Subject
from .draws import numeric_distractors, pick
from .frame_pairs import FramePairs, pairs_of
from .question import Draft
from .skill import Skill, Unsuitable
from .turns import shorter_way

LEAST_OVERLAP = 0.2
"""Share of each picture that the other one shows too."""

LEAST_TIE = 0.1
"""The same where the size of a turn is asked for: more would leave small turns alone."""

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

LARGEST_SIZE = 165.0
"""Degrees; the largest turn whose size is asked for."""

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
    "backward": "It moves backward without turning",
}
_REVERSED = {"left": "right", "right": "left", "forward": "backward", "backward": "forward"}
"""What a clip shows that is played backwards."""


def camera_translation(subject: Subject, rng: np.random.Generator) -> Draft:
    """The main direction of the camera's move between two pictures; all four are as likely."""
    pairs = pairs_of(subject)
    level = (pairs.floor >= LEAST_MOVE) & (pairs.floor >= LEVEL_PART * pairs.distance)
    masks = {}
    for name, middle in _DIRECTIONS.items():
        off = shorter_way(pairs.heading - middle)
        masks[name] = level & (off <= 45.0 - DIRECTION_MARGIN)
    name, first, second, share = _drawn(subject, masks, rng)
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
    clear = _between(pairs, LEAST_TURN, LARGEST_TURN)
    masks = {"left": clear & (pairs.turn < 0), "right": clear & (pairs.turn > 0)}
    name, first, second, share = _drawn(subject, masks, rng)
    return Draft(
        question=f"{_MOVE} Does it turn to its left or to its right, the shorter way?",
        answer=name,
        wrong=("right" if name == "left" else "left",),
        key=(str(first), str(second)),
        frames=(first, second),
        provenance=_facts(subject, pairs, first, second, share),
    )


def camera_turn_degrees(subject: Subject, rng: np.random.Generator) -> Draft:
    """By how many degrees the camera turned, rounded to 5; all sizes that come are as likely.

    A trajectory is asked for each size once: walks turn by few sizes, and nearly always by the
    smallest one between pictures that overlap.
    """
    pairs = pairs_of(subject)
    sizes = 5 * np.rint(np.abs(pairs.turn) / 5).astype(int)
    clear = _between(pairs, LEAST_TURN, LARGEST_SIZE)
    masks = {str(size): clear & (sizes == size) for size in np.unique(sizes[clear])}
    answer, first, second, share = _drawn(subject, masks, rng, LEAST_TIE)
    others = [int(answer) + TURN_STEP * k for k in range(-6, 7) if k]
    wrong = pick([value for value in others if 0 < value <= 180], 3, rng)
    return Draft(
        question=f"{_MOVE} By how many degrees does it turn about the vertical axis?",
        answer=answer,
        wrong=tuple(str(value) for value in wrong),
        key=(f"{answer} degrees",),
        frames=(first, second),
        provenance=_facts(subject, pairs, first, second, share),
    )


def camera_distance_moved(subject: Subject, rng: np.random.Generator) -> Draft:
    """Metres in a straight line between the places of two pictures."""
    pairs = pairs_of(subject)
    _, first, second, share = _drawn(subject, {"": pairs.distance >= LEAST_MOVE}, rng)
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
    """What the camera does in a clip of consecutive shown frames with one kind of motion.

    Half of the clips are played backwards: nobody walks backwards, and who looks around a room
    turns to one side only.
    """
    pairs = pairs_of(subject)
    clips = _clips(pairs)
    found = [name for name in _CLIPS if clips[name] or clips[_REVERSED[name]]]
    if not found:
        raise Unsuitable("no such motion")
    kind = found[int(rng.integers(len(found)))]
    ways = [(start, end) for start, end in clips[kind]]
    ways += [(end, start) for start, end in clips[_REVERSED[kind]]]
    start, end = ways[int(rng.integers(len(ways)))]
    step = 1 if end > start else -1
    places = range(start, end + step, step)
    turns = [float(pairs.turn[place, place + step]) for place in places[:-1]]
    return Draft(
        question="What does the camera do in this video?",
        answer=_CLIPS[kind],
        wrong=tuple(text for name, text in _CLIPS.items() if name != kind),
        key=(str(start), str(end)),
        frames=tuple(places),
        provenance={
            "frames": [subject.frames[place].index for place in places],
            "turn": round(sum(turns), 2),
            "distance": round(float(pairs.distance[start, end]), 3),
        },
    )


def _between(pairs: FramePairs, low: float, high: float) -> np.ndarray:
    """Ordered pairs (N, N) whose turn is of a size between two, degrees."""
    sizes = np.abs(pairs.turn)
    return (sizes >= low) & (sizes <= high)


def _drawn(
    subject: Subject,
    masks: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    least: float = LEAST_OVERLAP,
) -> tuple[str, int, int, float]:
    """A pair whose pictures overlap; its answer is drawn first, alike often among those that have
    such pairs.

    Args:
        subject: What is asked about.
        masks: Ordered pairs (N, N) by answer.
        rng: Source of the draw.
        least: Smallest overlap.

    Returns:
        The answer, the places of the two frames, and their overlap.
    """
    pairs = pairs_of(subject)
    names, found = list(masks), False
    for number in rng.permutation(len(names)):
        places = np.argwhere(masks[names[number]] & (pairs.common > 0))
        found |= len(places) > 0
        for first, second in rng.permutation(places).tolist():
            share = pairs.overlap(first, second)
            if share >= least:
                return names[number], first, second, share
    raise Unsuitable("no two views that overlap" if found else "no such motion")


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
