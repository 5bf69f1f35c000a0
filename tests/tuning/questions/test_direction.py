"""Relative directions: the answer is true, clear, and turns with the scene."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.tuning.questions.direction import (
    FARTHEST_GAP,
    LEAST_APART,
    MARGIN_DEGREES,
    SKILLS,
    object_rel_direction_easy,
    object_rel_direction_hard,
    object_rel_direction_medium,
)
from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.questions.turns import clockwise
from spatune.tuning.scenes.box import Box, box_gap
from spatune.tuning.scenes.scene import Scene, SceneObject
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

Ask = Callable[[Subject, np.random.Generator], Draft]
Roles = tuple[str, str, str]

ASKS = [skill.ask for skill in SKILLS]
BOUNDARIES: dict[Ask, tuple[int, ...]] = {
    object_rel_direction_easy: (0, 180),
    object_rel_direction_medium: (0, 135, 180),
    object_rel_direction_hard: (0, 90, 180),
}
SIDES = {"left": "right", "right": "left"}


def box(x: float, z: float, size: float = 0.2, yaw: float = 0.0) -> Box:
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    axes = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    return Box(np.array([x, 0.5, z]), axes, np.full(3, size))


def subject(boxes: dict[str, Box]) -> Subject:
    things = tuple(SceneObject(f"{name}|1", name, where) for name, where in boxes.items())
    return Subject(Trajectory("t", Scene("s", "test", things)))


def roles(draft: Draft) -> Roles:
    found = re.match(
        r"If I am standing by the (.+) and facing the (.+), is the (.+?) to", draft.question
    )
    assert found
    return found.group(1), found.group(2), found.group(3)


def answers(ask: Ask, boxes: dict[str, Box], draws: int = 24) -> dict[Roles, str]:
    """Answers by (standing, facing, query), of all questions that come up."""
    found = {}
    for seed in range(draws):
        try:
            draft = ask(subject(boxes), np.random.default_rng(seed))
        except Unsuitable:
            continue
        found[roles(draft)] = draft.answer
    return found


def true_angle(boxes: dict[str, Box], who: Roles) -> float:
    """Degrees to the right, by complex numbers: x is east, z is north."""
    stand, face, query = (complex(*boxes[name].ground) for name in who)
    return float(-np.degrees(np.angle((query - stand) / (face - stand))))


def true_answer(ask: Ask, angle: float) -> str:
    side = "right" if angle > 0 else "left"
    if ask is object_rel_direction_easy:
        return side
    if ask is object_rel_direction_medium:
        return "back" if abs(angle) >= 135 else side
    return f"{'front' if abs(angle) < 90 else 'back'}-{side}"


def mirrored(answer: str) -> str:
    return "-".join(SIDES.get(word, word) for word in answer.split("-"))


def at(angle: float, radius: float = 3.0) -> dict[str, Box]:
    """A lamp at the origin, a sofa to the north, a bed so many degrees to the right of it."""
    turn = np.radians(angle)
    bed = box(radius * np.sin(turn), radius * np.cos(turn))
    return {"lamp": box(0, 0), "sofa": box(0, 4), "bed": bed}


NAMES = ("lamp", "sofa", "bed")
LAYOUTS = st.lists(
    st.tuples(st.floats(-7, 7), st.floats(-7, 7), st.floats(0.05, 2.5), st.floats(0, 360)),
    min_size=3,
    max_size=6,
).map(lambda rows: {f"thing {n}": box(*row) for n, row in enumerate(rows)})


@pytest.mark.parametrize(
    ("angle", "easy", "medium", "hard"),
    [
        (30, "right", "right", "front-right"),
        (-30, "left", "left", "front-left"),
        (110, "right", "right", "back-right"),
        (-110, "left", "left", "back-left"),
        (160, "right", "back", "back-right"),
        (-160, "left", "back", "back-left"),
    ],
)
def test_answers_are_those_of_a_map(angle: float, easy: str, medium: str, hard: str) -> None:
    for ask, answer in zip(ASKS, (easy, medium, hard), strict=True):
        assert answers(ask, at(angle))[NAMES] == answer


@pytest.mark.parametrize("ask", ASKS)
def test_nothing_is_asked_near_a_boundary(ask: Ask) -> None:
    for boundary in BOUNDARIES[ask]:
        for sign in (-1, 1):
            for off in (-0.9, 0.9):
                angle = sign * boundary + off * MARGIN_DEGREES
                assert NAMES not in answers(ask, at(angle))
    # It is the boundaries of this type alone that count.
    others = {0, 90, 135, 180} - set(BOUNDARIES[ask])
    assert all(NAMES in answers(ask, at(angle)) for angle in others)


def test_the_wording_is_vsi_benchs() -> None:
    texts: dict[Ask, str] = {
        ask: next(
            draft.question
            for draft in (ask(subject(at(30)), np.random.default_rng(n)) for n in range(99))
            if roles(draft) == NAMES
        )
        for ask in ASKS
    }
    start = "If I am standing by the lamp and facing the sofa, is the bed to"
    assert texts[object_rel_direction_easy] == f"{start} the left or the right of the sofa?"
    assert texts[object_rel_direction_medium] == (
        f"{start} my left, right, or back?\nAn object is to my back if I would have to turn at "
        "least 135 degrees in order to face it."
    )
    assert texts[object_rel_direction_hard] == (
        f"{start} my front-left, front-right, back-left, or back-right?\nThe directions refer to "
        "the quadrants of a Cartesian plane (if I am standing at the origin and facing along the "
        "positive y-axis)."
    )


@pytest.mark.parametrize("ask", ASKS)
@settings(max_examples=30, deadline=None)
@given(layout=LAYOUTS, seed=st.integers(0, 2**32))
def test_every_question_is_true_and_clear(ask: Ask, layout: dict[str, Box], seed: int) -> None:
    try:
        draft = ask(subject(layout), np.random.default_rng(seed))
    except Unsuitable:
        return
    who = roles(draft)
    angle = true_angle(layout, who)
    assert draft.answer == true_answer(ask, angle)
    assert draft.provenance["degrees_clockwise"] == pytest.approx(angle, abs=1e-3)
    assert min(abs(abs(angle) - edge) for edge in BOUNDARIES[ask]) >= MARGIN_DEGREES - 1e-6
    assert [draft.provenance[role] for role in ("standing", "facing", "query")] == [
        f"{name}|1" for name in who
    ]
    boxes = [layout[name] for name in who]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert box_gap(one, other) <= FARTHEST_GAP
            assert np.linalg.norm(one.ground - other.ground) >= LEAST_APART
    # Whoever stands at a corner of the first object gives the same answer.
    for corner in boxes[0].corners:
        there = dict(layout) | {who[0]: box(corner[0], corner[2])}
        assert true_answer(ask, true_angle(there, who)) == draft.answer
    options = {draft.answer, *draft.wrong}
    assert len(options) == len(draft.wrong) + 1 == {0: 2, 1: 3, 2: 4}[ASKS.index(ask)]


@pytest.mark.parametrize("ask", ASKS)
@settings(max_examples=5, deadline=None)
@given(layout=LAYOUTS, yaw=st.floats(0, 360))
def test_answers_stay_when_the_scene_turns(ask: Ask, layout: dict[str, Box], yaw: float) -> None:
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    turn = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    moved = {
        name: Box(b.center @ turn + [5, 0, -3], b.axes @ turn, b.lengths)
        for name, b in layout.items()
    }
    before, after = answers(ask, layout), answers(ask, moved)
    assert all(after[who] == before[who] for who in before.keys() & after.keys())


@pytest.mark.parametrize("ask", ASKS)
@settings(max_examples=5, deadline=None)
@given(layout=LAYOUTS)
def test_left_and_right_swap_in_a_mirror_and_with_facing_and_query(
    ask: Ask, layout: dict[str, Box]
) -> None:
    flip = np.array([-1, 1, 1])
    mirror = {n: Box(b.center * flip, b.axes * flip, b.lengths) for n, b in layout.items()}
    before, after = answers(ask, layout), answers(ask, mirror)
    assert all(after[who] == mirrored(before[who]) for who in before.keys() & after.keys())
    for (stand, face, query), answer in before.items():
        assert before.get((stand, query, face), mirrored(answer)) == mirrored(answer)


def test_a_mirror_swaps_left_and_right_of_known_layouts() -> None:
    for ask in ASKS:
        for angle in (30, 110, 160):
            assert answers(ask, at(-angle))[NAMES] == mirrored(answers(ask, at(angle))[NAMES])


def test_someone_beside_a_long_object_is_not_asked_what_depends_on_the_end() -> None:
    layout = at(30)
    assert NAMES in answers(object_rel_direction_easy, layout)
    # From the eastern end of the lamp the bed is to the left.
    layout["lamp"] = box(0, 0, size=6.0)
    assert NAMES not in answers(object_rel_direction_easy, layout)


def test_a_wide_object_on_both_sides_of_the_line_is_not_asked_for() -> None:
    layout = at(20)
    assert NAMES in answers(object_rel_direction_easy, layout)
    layout["bed"] = box(*layout["bed"].ground, size=5.0)
    assert NAMES not in answers(object_rel_direction_easy, layout)


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize(
    ("layout", "reason"),
    [
        ({"lamp": box(0, 0), "sofa": box(3, 0)}, "too few objects"),
        ({"lamp": box(0, 0), "sofa": box(0, 3), "bed": box(11, 1)}, "no clear direction"),
        ({"lamp": box(0, 0), "sofa": box(0, 3), "bed": box(0.2, 0.1)}, "no clear direction"),
    ],
)
def test_unsuitable_scenes(ask: Ask, layout: dict[str, Box], reason: str) -> None:
    for seed in range(5):
        with pytest.raises(Unsuitable, match=f"^{reason}$"):
            ask(subject(layout), np.random.default_rng(seed))


@pytest.mark.parametrize("ask", ASKS)
def test_only_unique_objects_are_named(ask: Ask) -> None:
    layout = at(30)
    things = subject(layout | {"rug": box(2, -2)}).scene.objects
    double = SceneObject("bed|2", "bed", box(-3, -3))
    twice = Subject(Trajectory("t", Scene("s", "test", (*things, double))))
    for seed in range(20):
        assert "bed" not in roles(ask(twice, np.random.default_rng(seed)))


@pytest.mark.parametrize("ask", ASKS)
def test_answers_come_out_even_and_from_the_seed_alone(ask: Ask) -> None:
    rng = np.random.default_rng(0)
    layout = {f"thing {n}": box(*rng.uniform(-4, 4, 2)) for n in range(8)}
    drafts = [ask(subject(layout), np.random.default_rng(seed)) for seed in range(200)]
    again = [ask(subject(layout), np.random.default_rng(seed)) for seed in range(200)]
    assert drafts == again
    counts = Counter(draft.answer for draft in drafts)
    assert len(counts) == len(drafts[0].wrong) + 1
    assert min(counts.values()) > 0.5 * 200 / len(counts)


def test_the_key_does_not_know_the_roles() -> None:
    keys = {
        object_rel_direction_easy(subject(at(30)), np.random.default_rng(n)).key for n in range(9)
    }
    assert keys == {("bed", "lamp", "sofa")}


@given(angle=st.floats(-179.9, 179.9), heading=st.floats(0, 360), far=st.floats(0.1, 10))
def test_clockwise_is_the_turn_to_the_right(angle: float, heading: float, far: float) -> None:
    def direction(yaw: float) -> np.ndarray:
        return np.array([np.sin(np.radians(yaw)), np.cos(np.radians(yaw))])

    turn = clockwise(far * direction(heading), direction(heading + angle))
    assert float(turn) == pytest.approx(angle, abs=1e-6)


def test_straight_back_is_180_degrees() -> None:
    north, south = np.array([0.0, 1.0]), np.array([0.0, -1.0])
    assert clockwise(north, south) == clockwise(south, north) == 180
