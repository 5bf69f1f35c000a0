"""Camera motion: answers against the cameras' own poses, margins, and mirrored worlds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.tuning.questions.camera_motion import (
    DIRECTION_MARGIN,
    LEAST_MOVE,
    LEAST_OVERLAP,
    LEAST_TIE,
    LEAST_TURN,
    SKILLS,
)
from spatune.tuning.questions.question import Draft
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

from .image_scenes import camera, drafts, reasons, thing
from .view_scenes import FURNITURE, in_room, mirrored, places_of, walk

SKILL = {skill.name: skill for skill in SKILLS}
PAIRS = [name for name in SKILL if name != "video_camera_motion"]
SWAP = {"left": "right", "right": "left", "forward": "forward", "backward": "backward"}


@pytest.fixture(scope="module")
def room() -> Subject:
    return in_room(FURNITURE, walk())


def poses(asked: Subject, draft: Draft) -> tuple[Pinhole, Pinhole]:
    first, second = (asked.frames[place].camera for place in places_of(draft))
    return first, second


def turn(first: Pinhole, second: Pinhole) -> float:
    """Degrees to the right, -180 to 180."""
    return (second.yaw - first.yaw + 180) % 360 - 180


def shift(first: Pinhole, second: Pinhole) -> complex:
    """The move on the floor: real part to the first camera's right, imaginary part forward."""
    x, _, z = second.position - first.position
    return complex(x, z) * np.exp(1j * np.radians(first.yaw))


def test_the_direction_of_a_move_is_that_of_the_first_camera(room):
    """Its main component has the answer's sign, and is well above the other one."""
    found = drafts(SKILL["camera_translation"], room, 60)
    assert {draft.answer for draft in found} == set(SWAP)
    for draft in found:
        move = shift(*poses(room, draft))
        parts = {"right": move.real, "left": -move.real, "forward": move.imag}
        parts["backward"] = -move.imag
        first, second = sorted(parts, key=lambda name: -parts[name])[:2]
        assert draft.answer == first
        assert abs(move) >= LEAST_MOVE
        assert parts[second] <= np.tan(np.radians(45 - DIRECTION_MARGIN)) * parts[first] + 1e-6
        assert set(draft.wrong) == set(SWAP) - {draft.answer}


def test_turns_have_the_sign_and_size_of_the_yaw(room):
    sides = drafts(SKILL["camera_turn"], room)
    assert {draft.answer for draft in sides} == {"left", "right"}
    for draft in sides:
        degrees = turn(*poses(room, draft))
        assert draft.answer == ("right" if degrees > 0 else "left")
        assert abs(degrees) >= LEAST_TURN
    sizes = drafts(SKILL["camera_turn_degrees"], room)
    for draft in sizes:
        assert abs(int(draft.answer) - abs(turn(*poses(room, draft)))) <= 2.5
        values = sorted(int(text) for text in (draft.answer, *draft.wrong))
        assert len(values) == 4 and min(np.diff(values)) >= 20 and 0 < values[0] < values[-1] <= 180


def test_every_size_of_a_turn_is_as_likely_and_asked_for_once(room):
    """Most pairs that overlap are 30 degrees apart."""
    sizes = drafts(SKILL["camera_turn_degrees"], room, 120)
    counts = Counter(draft.answer for draft in sizes)
    assert len(counts) > 3
    assert max(counts.values()) < 2.5 * min(counts.values())
    assert {draft.key for draft in sizes} == {(f"{answer} degrees",) for answer in counts}


def test_the_distance_is_that_between_the_cameras():
    """Height counts as well."""
    asked = in_room(FURNITURE, [camera((0, 1.0, 0), 0, 10), camera((0.8, 1.6, 0), 0, 10)])
    for draft in drafts(SKILL["camera_distance_moved"], asked, 5):
        assert draft.answer == "1.0"


@settings(max_examples=25, deadline=None)
@given(st.integers(-179, 180), st.floats(0.35, 1.2))
def test_moves_near_a_diagonal_are_not_asked_about(degrees, metres):
    x, z = metres * np.sin(np.radians(degrees)), metres * np.cos(np.radians(degrees))
    asked = in_room(FURNITURE, [camera((0, 1.4, -2), 0, 12), camera((x, 1.4, z - 2), 0, 12)])
    # The pair may be asked the other way around, too.
    found = {
        places_of(draft): draft.answer for draft in drafts(SKILL["camera_translation"], asked, 6)
    }
    off = abs((degrees + 45) % 90 - 45)
    if abs(off - (45 - DIRECTION_MARGIN)) < 0.01:
        return
    assert bool(found) == (off < 45 - DIRECTION_MARGIN)
    names = ("forward", "right", "backward", "left")
    for frames, answer in found.items():
        quarter = round(degrees / 90) + (2 if frames == (1, 0) else 0)
        assert answer == names[quarter % 4]


@settings(max_examples=10, deadline=None)
@given(st.floats(-60, 60), st.floats(-0.8, 0.8), st.floats(-0.8, 0.8))
def test_a_mirrored_world_swaps_left_and_right(yaw, x, z):
    views = [((0.0, 1.4, -1.0), 20.0), ((x, 1.4, z - 1.0), 20.0 + yaw)]
    straight = in_room(FURNITURE, [camera(place, angle, 12) for place, angle in views])
    other = in_room(
        [mirrored(item) for item in FURNITURE],
        [camera((-place[0], *place[1:]), -angle, 12) for place, angle in views],
    )
    for name in ("camera_translation", "camera_turn"):
        answers = [
            {places_of(draft): draft.answer for draft in drafts(SKILL[name], asked, 8)}
            for asked in (straight, other)
        ]
        for frames in set(answers[0]) & set(answers[1]):
            assert answers[1][frames] == SWAP[answers[0][frames]]


def test_a_clip_shows_one_kind_of_motion(room):
    found = drafts(SKILL["video_camera_motion"], room, 60)
    counts = Counter(draft.answer for draft in found)
    assert len(counts) == 4 and min(counts.values()) >= 5
    for draft in found:
        step = 1 if places_of(draft)[-1] > places_of(draft)[0] else -1
        assert set(np.diff(places_of(draft))) == {step}
        cameras = [room.frames[place].camera for place in places_of(draft)]
        turns = [turn(a, b) for a, b in zip(cameras, cameras[1:], strict=False)]
        moves = [shift(a, b) for a, b in zip(cameras, cameras[1:], strict=False)]
        if "forward" in draft.answer:
            assert max(map(abs, turns)) < 1e-6 and min(move.imag for move in moves) > 0.1
        elif "backward" in draft.answer:
            assert max(map(abs, turns)) < 1e-6 and max(move.imag for move in moves) < -0.1
        else:
            assert max(map(abs, moves)) < 1e-6
            assert {degrees > 0 for degrees in turns} == {"right" in draft.answer}


def test_pairs_overlap_and_say_where_they_are_from(room):
    for name in PAIRS:
        for draft in drafts(SKILL[name], room, 10):
            least = LEAST_TIE if name == "camera_turn_degrees" else LEAST_OVERLAP
            assert draft.provenance["overlap"] >= least
            assert draft.provenance["frames"] == [room.frames[k].index for k in places_of(draft)]


def test_seeing_one_object_from_both_sides_is_no_overlap():
    """Both pictures show little but a high cupboard, one its front, the other its back."""
    cupboard = thing("cupboard", (0, 1.5, 0), (4, 3, 1.0))
    asked = in_room(
        [cupboard], [camera((x, 1.4, z), yaw) for x, z, yaw in ((0, -2, 0), (1, 2, 190))]
    )
    skill = SKILL["camera_distance_moved"]
    assert reasons(skill, asked) == {"no two views that overlap"}


def test_no_question_without_motion_or_overlap(room):
    still = in_room(FURNITURE, [camera((0, 1.3, 0), 0, 10)] * 3)
    apart = in_room(FURNITURE, [camera((0, 1.3, 0), yaw, 10) for yaw in (0, 120, 240)])
    none = Subject(Trajectory("none", room.scene))
    for skill in SKILLS:
        assert reasons(skill, still) <= {"no such motion", "no two views that overlap"} != set()
        assert not drafts(skill, apart, 5)
        assert reasons(skill, none) == {"no frames"}
