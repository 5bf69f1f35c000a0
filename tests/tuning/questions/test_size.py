"""Sizes: which side is asked for, how it is rounded, and which things are too much alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.frames import rotation_matrix
from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.size import (
    object_height,
    object_shortest_side,
    object_size_comparison,
    object_size_estimation,
)
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.scene import Scene, SceneObject
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

Rotation = tuple[float, float, float]


def subject(sides: Mapping[str, Sequence[float]], rotation: Rotation = (0.0, 0.0, 0.0)) -> Subject:
    """Objects by their lengths along x, y and z; an id's category is what stands before its `-`."""
    axes = rotation_matrix(rotation).T
    things = tuple(
        SceneObject(name, name.split("-")[0], Box(np.zeros(3), axes, np.array(lengths, float)))
        for name, lengths in sides.items()
    )
    return Subject(Trajectory("all", Scene("home", "test", things)))


def drafts(ask: Callable[..., Draft], asked: Subject, count: int = 40) -> list[Draft]:
    return [ask(asked, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize(
    ("ask", "name", "answer"),
    [
        (
            object_size_estimation,
            "length of the longest dimension (length, width, or height)",
            "185",
        ),
        (object_shortest_side, "length of the shortest dimension (length, width, or height)", "40"),
        (object_height, "height", "75"),
    ],
)
@pytest.mark.parametrize("yaw", [0.0, 33.0])
def test_the_asked_side_is_rounded_to_five(
    ask: Callable[..., Draft], name: str, answer: str, yaw: float
) -> None:
    asked = subject({"bed": (1.84, 0.76, 0.41)}, (0.0, yaw, 0.0))
    for draft in drafts(ask, asked, 5):
        assert draft.question == f"What is the {name} of the bed, measured in centimeters?"
        assert draft.answer == answer
        assert draft.provenance["object"] == "bed"


def test_height_is_vertical_and_the_longest_side_is_the_boxs_own() -> None:
    lying = subject({"ladder": (0.4, 2.0, 0.3)}, (90.0, 0.0, 0.0))
    assert {draft.answer for draft in drafts(object_height, lying, 3)} == {"30"}
    assert {draft.answer for draft in drafts(object_size_estimation, lying, 3)} == {"200"}


def test_only_the_single_things_of_a_category_are_asked() -> None:
    asked = subject({"bed": (2, 1, 1), "chair-1": (1, 1, 1), "chair-2": (1, 2, 1)})
    for ask in (object_size_estimation, object_shortest_side, object_height):
        assert {draft.key for draft in drafts(ask, asked)} == {("bed",)}


def test_sides_too_short_to_round_are_left_out() -> None:
    asked = subject({"mug": (0.09, 0.08, 0.07), "tray": (0.5, 0.04, 0.3), "box": (0.3, 0.1, 0.2)})
    names = {draft.key[0] for draft in drafts(object_size_estimation, asked)}
    assert names == {"tray", "box"}
    for ask in (object_shortest_side, object_height):
        assert {draft.key[0] for draft in drafts(ask, asked)} == {"box"}
    with pytest.raises(Unsuitable, match="too few"):
        object_height(subject({"mug": (1, 0.09, 1)}), np.random.default_rng(0))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 5), st.integers(0, 2**32 - 1))
def test_wrong_sizes_are_as_round_as_the_right_one(side: float, seed: int) -> None:
    draft = object_size_estimation(
        subject({"bed": (side, side, side)}), np.random.default_rng(seed)
    )
    answer, wrong = int(draft.answer), [int(text) for text in draft.wrong]
    assert abs(answer - 100 * side) <= 2.5 + 1e-9
    assert all(value > 0 and value % 5 == 0 for value in (answer, *wrong))
    values = [answer, *wrong]
    for place, value in enumerate(values):
        assert all(abs(value - other) >= 0.2 * answer - 1e-9 for other in values[:place])


def test_comparison_tells_taller_from_longer() -> None:
    asked = subject({"fridge": (0.7, 1.8, 0.7), "bed": (2.4, 0.6, 1.5)})
    found = {draft.key[0]: draft for draft in drafts(object_size_comparison, asked)}
    assert found["taller"].answer == "fridge" and found["taller"].wrong == ("bed",)
    assert found["longer"].answer == "bed" and found["longer"].wrong == ("fridge",)
    assert found["taller"].provenance["metres"] == [1.8, 0.6]
    assert found["longer"].provenance["metres"] == [2.4, 1.8]


def test_both_orders_of_the_two_are_asked() -> None:
    asked = subject({"fridge": (0.7, 1.8, 0.7), "bed": (2.4, 0.6, 1.5)})
    texts = {draft.question for draft in drafts(object_size_comparison, asked)}
    assert (
        "Which object is taller, from its own bottom to its own top: the bed or the fridge?"
        in texts
    )
    assert (
        "Which object is taller, from its own bottom to its own top: the fridge or the bed?"
        in texts
    )
    assert len(texts) == 4


@pytest.mark.parametrize(("height", "asked_at_all"), [(1.14, False), (1.16, True), (0.85, True)])
def test_things_about_as_large_are_not_compared(height: float, asked_at_all: bool) -> None:
    asked = subject({"desk": (1, 1, 1), "table": (height, height, height)})
    if asked_at_all:
        (taller,) = {draft.answer for draft in drafts(object_size_comparison, asked)}
        assert taller == ("table" if height > 1 else "desk")
    else:
        with pytest.raises(Unsuitable, match="too few"):
            object_size_comparison(asked, np.random.default_rng(0))


def test_every_clear_pair_comes_up() -> None:
    sides = {"a": (1, 1, 1), "b": (2, 2, 2), "c": (2.1, 2, 2), "d-1": (9, 9, 9), "d-2": (9, 9, 9)}
    asked = subject(sides)
    pairs = {draft.key[1:] for draft in drafts(object_size_comparison, asked)}
    assert pairs == {("a", "b"), ("a", "c")}
