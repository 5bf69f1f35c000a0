"""Distances: what is measured, which pairs are left out, and that answers follow from boxes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.frames import rotation_matrix
from spatune.tuning.questions.distance import (
    MIN_GAP,
    SKILLS,
    camera_obj_distance,
    object_abs_distance,
    object_rel_distance,
)
from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Frame, Sighting, Trajectory

SEVERAL = "\nIf there are multiple instances of an object category, measure to the closest."


def cube(x: float, z: float = 0.0, *, side: float = 1.0, yaw: float = 0.0) -> Box:
    """A cube on the floor with its near side in x at `x` (before it is turned)."""
    center = np.array([x + side / 2, side / 2, z])
    return Box(center, rotation_matrix((0, yaw, 0)).T, np.full(3, side))


def subject(boxes: dict[str, Box], *cameras: tuple[float, float, float]) -> Subject:
    """A scene of boxes; an id's category is what stands before its `-`. All see all objects."""
    things = tuple(SceneObject(name, name.split("-")[0], box) for name, box in boxes.items())
    sightings = {thing.id: Sighting(1000, 0.1, 1.0) for thing in things}
    frames = tuple(
        Frame(7 * place, 0.7 * place, Pinhole.looking(at, (0, 0, 0), 60, 100, 100), sightings, at)
        for place, at in enumerate(cameras)
    )
    return Subject(Trajectory("walk", Scene("home", "test", things), frames))


def drafts(ask: Callable[..., Draft], asked: Subject, count: int = 30) -> list[Draft]:
    found = []
    for seed in range(count):
        try:
            found.append(ask(asked, np.random.default_rng(seed)))
        except Unsuitable:
            continue
    return found


def reasons(ask: Callable[..., Draft], asked: Subject) -> set[str]:
    said = set()
    for seed in range(30):
        try:
            ask(asked, np.random.default_rng(seed))
        except Unsuitable as reason:
            said.add(str(reason))
    return said


# Between two categories.


def test_distance_is_between_the_closest_points() -> None:
    # 3 m apart along x and, with the sofa 1 m deep about z = 4.5, 4 m apart along z.
    asked = subject({"bed": cube(0), "sofa": cube(4, z=5)})
    for draft in drafts(object_abs_distance, asked):
        assert draft.answer == "5.0"
        assert draft.key == ("bed", "sofa")
        assert draft.provenance["gap"] == draft.provenance["solid_gap"] == 5
        first, second = draft.provenance["categories"]
        assert draft.question == (
            "Measuring from the closest point of each object, what is the distance between the "
            f"{first} and the {second} (in meters)?"
        )


def test_both_orders_of_the_two_are_asked() -> None:
    asked = subject({"bed": cube(0), "sofa": cube(4)})
    firsts = {d.provenance["categories"][0] for d in drafts(object_abs_distance, asked)}
    assert firsts == {"bed", "sofa"}


def test_of_several_instances_the_nearest_pair_counts_and_the_question_says_so() -> None:
    boxes = {"chair-1": cube(10), "chair-2": cube(3), "table-1": cube(20), "table-2": cube(0)}
    for draft in drafts(object_abs_distance, subject(boxes)):
        assert draft.answer == "2.0"
        assert set(draft.provenance["objects"]) == {"chair-2", "table-2"}
        assert draft.question.endswith(f"(in meters)?{SEVERAL}")


@pytest.mark.parametrize(("gap", "asked_at_all"), [(0.14, False), (0.16, True)])
def test_things_that_almost_touch_are_left_out(gap: float, asked_at_all: bool) -> None:
    asked = subject({"bed": cube(0), "sofa": cube(1 + gap)})
    assert bool(drafts(object_abs_distance, asked)) == asked_at_all
    assert reasons(object_abs_distance, asked) == (
        set() if asked_at_all else {"too close together"}
    )


def test_a_turned_box_that_leaves_the_distance_open_is_left_out() -> None:
    # Corner to corner: bounds are 0.8 m apart, the turned cubes themselves far more.
    beside = {"bed": cube(0, yaw=45), "sofa": cube(2, z=2, yaw=45)}
    assert reasons(object_abs_distance, subject(beside)) == {"turned boxes leave the distance open"}
    assert not drafts(object_abs_distance, subject(beside))
    # Corners that point at one another touch the bounds, so the same boxes in a row are asked.
    ahead = {"bed": cube(0, yaw=45), "sofa": cube(3, yaw=45)}
    assert {d.answer for d in drafts(object_abs_distance, subject(ahead))} == {"1.6"}


def test_a_turned_box_far_away_differs_too_little_to_matter() -> None:
    boxes = {"bed": cube(0, yaw=45), "sofa": cube(20, z=3, yaw=45)}
    (draft, *_) = drafts(object_abs_distance, subject(boxes))
    assert 0.1 < draft.provenance["solid_gap"] - draft.provenance["gap"] < 2


def test_one_category_alone_has_no_distance() -> None:
    asked = subject({"chair-1": cube(0), "chair-2": cube(4)})
    assert reasons(object_abs_distance, asked) == {"too few objects"}


# The nearest of four.

ROW = {name: cube(x) for name, x in zip("abcde", (0, 2, 4.5, 8, 12), strict=True)}


def test_nearest_of_four_is_that_of_the_least_gap() -> None:
    asked = subject(ROW)
    answers = {draft.key[0]: draft.answer for draft in drafts(object_rel_distance, asked, 60)}
    assert answers == {"a": "b", "b": "a", "c": "b", "d": "c", "e": "d"}


def test_the_question_names_the_four_in_random_order_and_the_reference() -> None:
    places = set()
    for draft in drafts(object_rel_distance, subject(ROW), 60):
        head, tail = draft.question.split(" (")
        names, tail = tail.split(") ")
        assert head == "Measuring from the closest point of each object, which of these objects"
        assert tail == f"is the closest to the {draft.key[0]}?"
        assert sorted(names.split(", ")) == sorted([draft.answer, *draft.wrong])
        assert draft.key[0] not in (draft.answer, *draft.wrong)
        places.add(names.split(", ").index(draft.answer))
    assert places == {0, 1, 2, 3}


def test_the_nearest_instance_of_a_category_counts() -> None:
    boxes = {
        "a": cube(0),
        "b-1": cube(30),
        "b-2": cube(3),
        "c": cube(5),
        "d": cube(8),
        "e": cube(9),
    }
    found = [d for d in drafts(object_rel_distance, subject(boxes), 80) if d.key[0] == "a"]
    named = [d for d in found if "b" in d.key]
    assert named and {d.answer for d in named} == {"b"}
    assert all(d.provenance["objects"]["b"] == "b-2" for d in named)
    assert all(d.question.endswith(f"?{SEVERAL}") for d in named)


def test_the_reference_is_the_only_one_of_its_category() -> None:
    boxes = ROW | {"e-2": cube(16)}
    keys = {draft.key[0] for draft in drafts(object_rel_distance, subject(boxes), 60)}
    assert keys == {"a", "b", "c", "d"}


def around(near: float, next_: float) -> Subject:
    """Four categories with instances so that only `a` can be the reference; two gaps in x."""
    far = {"d-1": cube(20), "d-2": cube(22), "e-1": cube(24), "e-2": cube(26)}
    pair = {"b-1": cube(1 + near), "b-2": cube(28), "c-1": cube(-1 - next_), "c-2": cube(30)}
    return subject({"a": cube(0)} | pair | far)


@pytest.mark.parametrize(
    ("near", "next_", "asked_at_all"),
    [
        (1.0, 1.14, False),
        (1.0, 1.17, True),
        (0.0, 0.14, False),
        (5.0, 5.5, False),
        (5.0, 5.6, True),
    ],
)
def test_two_about_as_near_are_left_out(near: float, next_: float, asked_at_all: bool) -> None:
    asked = around(near, next_)
    found = drafts(object_rel_distance, asked)
    assert {draft.answer for draft in found} == ({"b"} if asked_at_all else set())
    said = reasons(object_rel_distance, asked)
    assert said == (set() if asked_at_all else {"two are about as near"})


def test_a_turned_box_that_would_change_the_nearest_is_left_out() -> None:
    # By bounds `b` is nearer, by the turned boxes `c` is.
    far = {"d-1": cube(20), "d-2": cube(22), "e-1": cube(24), "e-2": cube(26)}
    b = {"b-1": cube(1.3, z=1.3, yaw=45), "b-2": cube(28)}
    c = {"c-1": cube(-1.55), "c-2": cube(30)}
    asked = subject({"a": cube(0, yaw=45)} | b | c | far)
    assert not drafts(object_rel_distance, asked)
    assert reasons(object_rel_distance, asked) == {"turned boxes leave the nearest open"}


def test_a_nearest_that_is_clear_by_bounds_alone_is_left_out() -> None:
    # `b` is nearer either way, but the turned cube is 0.5 m farther than its bounds say.
    far = {"d-1": cube(20), "d-2": cube(22), "e-1": cube(24), "e-2": cube(26)}
    b = {"b-1": cube(1.5, z=1.5, yaw=45), "b-2": cube(28)}
    clear, close = ({"c-1": cube(-1 - gap), "c-2": cube(30)} for gap in (1.3, 1.0))
    clear, close = (subject({"a": cube(0)} | b | c | far) for c in (clear, close))
    (draft, *_) = drafts(object_rel_distance, clear)
    assert draft.provenance["gaps"]["b"] == pytest.approx(0.4142, abs=1e-3)
    assert draft.provenance["solid_gaps"]["b"] == pytest.approx(0.9142, abs=1e-3)
    assert not drafts(object_rel_distance, close)


# From the camera.


def test_the_camera_is_that_of_the_last_shown_frame() -> None:
    asked = subject({"bed": cube(3)}, (100.0, 0.5, 0.0), (1.0, 0.5, 0.0))
    for draft in drafts(camera_obj_distance, asked):
        assert draft.answer == "2.0" and draft.provenance["frame"] == 7
        assert draft.question == (
            "Measuring from the closest point, what is the distance between the camera at the end "
            "of the video and the bed (in meters)?"
        )


def test_height_of_the_camera_counts() -> None:
    asked = subject({"bed": cube(3)}, (0.0, 5.0, 0.0))
    assert {draft.answer for draft in drafts(camera_obj_distance, asked)} == {"5.0"}


def test_the_distance_to_a_turned_box_is_that_of_the_box_itself() -> None:
    # The camera looks at a side of the turned cube: its centre is 3 m away, its side 2.5 m.
    at = np.array([0.5, 0.5, 0.0]) - 3 * np.array([np.sqrt(0.5), 0, np.sqrt(0.5)])
    asked = subject({"bed": cube(0, yaw=45)}, (at[0], at[1], at[2]))
    assert {draft.answer for draft in drafts(camera_obj_distance, asked)} == {"2.5"}


def test_the_camera_is_asked_only_of_unique_things() -> None:
    boxes = {"bed": cube(3), "chair-1": cube(5), "chair-2": cube(7)}
    found = drafts(camera_obj_distance, subject(boxes, (0.0, 1.0, 0.0)))
    assert {draft.key for draft in found} == {("bed",)}


def test_without_frames_or_at_the_thing_there_is_no_ego_distance() -> None:
    assert reasons(camera_obj_distance, subject({"bed": cube(3)})) == {"no frames"}
    inside = subject({"bed": cube(3)}, (3.5, 0.5, 0.0))
    assert reasons(camera_obj_distance, inside) == {"too close to the camera"}


# Any scene.

boxes = st.builds(
    lambda x, z, side, yaw: cube(x, z, side=side, yaw=yaw),
    st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 2), st.floats(0, 360),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=6, max_size=6), st.integers(0, 2**32 - 1))
def test_options_differ_and_the_same_draw_gives_the_same_question(
    placed: list[Box], seed: int
) -> None:
    asked = subject(dict(zip("abcdef", placed, strict=True)), (0.0, 1.5, 0.0))
    for skill in SKILLS:
        try:
            draft = skill.ask(asked, np.random.default_rng(seed))
        except Unsuitable:
            continue
        assert draft == skill.ask(asked, np.random.default_rng(seed))
        assert len({draft.answer, *draft.wrong}) == 4
        if skill.form == "number":
            assert float(draft.answer) >= round(MIN_GAP, 1)
