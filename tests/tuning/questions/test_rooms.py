"""Rooms: areas and numbers of a whole house, asked only where every room is shown."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.tuning.questions.rooms import (
    SKILLS,
    house_size,
    largest_room,
    room_count,
    room_size_estimation,
)
from spatune.tuning.questions.skill import Skill, Unsuitable
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Frame, Trajectory

RNG = np.random.default_rng


def room(kind: str, low: float, high: float) -> SceneRoom:
    """A room 4 m deep between two x."""
    floor = ((low, 10.0), (low, 14.0), (high, 14.0), (high, 10.0))
    return SceneRoom(f"room-{kind}-{low:g}", kind, 4 * (high - low), floor)


def subject(rooms: tuple[SceneRoom, ...], *spots: float) -> Subject:
    """A house, with a frame from each x of `spots`, in the middle of the depth."""
    frames = tuple(
        Frame(
            number,
            float(number),
            Pinhole.looking((x, 1.5, 12.0), (0, 0, 0), 60, 100, 100),
            {},
            (x, 0.9, 12.0),
        )
        for number, x in enumerate(spots)
    )
    return Subject(Trajectory("walk", Scene("home", "test", (), rooms), frames))


KITCHEN, BATH, LIVING = room("Kitchen", 0, 3), room("Bathroom", 3, 5.1), room("LivingRoom", 6, 11)
HOUSE = (KITCHEN, BATH, LIVING)


def test_room_size_is_the_sum_of_floors() -> None:
    draft = room_size_estimation(subject(HOUSE, 1, 4, 7), RNG(0))
    assert draft.question == (
        "What is the size of this room (in square meters)? \n"
        "If multiple rooms are shown, estimate the size of the combined space."
    )
    assert draft.answer == "40.4"
    assert draft.provenance["areas"] == pytest.approx([12, 8.4, 20])
    assert len({draft.answer, *draft.wrong}) == 4


def test_house_size_is_the_same_sum_and_needs_several_rooms() -> None:
    assert house_size(subject(HOUSE, 1, 4, 7), RNG(0)).answer == "40.4"
    with pytest.raises(Unsuitable, match="one room only"):
        house_size(subject((KITCHEN,), 1), RNG(0))
    assert room_size_estimation(subject((KITCHEN,), 1), RNG(0)).answer == "12.0"


def test_rooms_are_counted_and_wrong_counts_lie_within_three() -> None:
    for seed in range(20):
        draft = room_count(subject(HOUSE, 1, 4, 7), RNG(seed))
        wrong = [int(text) for text in draft.wrong]
        assert draft.answer == "3"
        assert len(set(wrong)) == 3 and 3 not in wrong and 1 <= min(wrong) <= max(wrong) <= 6


def test_a_room_known_by_its_area_alone_is_not_counted() -> None:
    annotated = subject((SceneRoom("room", "", 17.46),))
    assert room_size_estimation(annotated, RNG(0)).answer == "17.5"
    with pytest.raises(Unsuitable, match="no floor plan"):
        room_count(annotated, RNG(0))


def test_largest_room_is_named_in_words_among_all_rooms() -> None:
    orders = set()
    for seed in range(20):
        draft = largest_room(subject(HOUSE, 1, 4, 7), RNG(seed))
        assert draft.answer == "living room"
        assert set(draft.wrong) == {"kitchen", "bathroom"}
        orders.add(draft.question)
    assert len(orders) > 3
    assert (
        "Which kind of room (kitchen, bathroom, living room) is the room with the largest floor "
        "area in this house?"
    ) in orders


@pytest.mark.parametrize(
    ("rooms", "reason"),
    [
        ((KITCHEN, room("Kitchen", 20, 29)), "no two kinds of rooms"),
        ((KITCHEN, LIVING, room("", 20, 21)), "no two kinds of rooms"),
        ((BATH, KITCHEN, room("Bathroom", 20, 23.4)), "two rooms are about as large"),
        ((KITCHEN, room("Bedroom", 20, 23.4)), "two rooms are about as large"),
        ((KITCHEN,), "one room only"),
    ],
)
def test_no_largest_room_without_a_clear_kind(rooms: tuple[SceneRoom, ...], reason: str) -> None:
    with pytest.raises(Unsuitable, match=reason):
        largest_room(subject(rooms), RNG(0))


def test_a_clear_difference_is_enough() -> None:
    rooms = (KITCHEN, room("Bedroom", 20, 23.5))
    assert largest_room(subject(rooms), RNG(0)).answer == "bedroom"


def test_rooms_of_the_largest_ones_kind_may_be_as_large() -> None:
    rooms = (room("Bedroom", 0, 5), room("Bedroom", 5, 9.9), KITCHEN)
    draft = largest_room(subject(rooms), RNG(0))
    assert (draft.answer, draft.wrong) == ("bedroom", ("kitchen",))


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_nothing_is_asked_of_a_house_that_is_not_shown_whole(skill: Skill) -> None:
    assert skill.ask(subject(HOUSE, 1, 4, 7), RNG(0)).answer
    with pytest.raises(Unsuitable, match="a room is not shown"):
        skill.ask(subject(HOUSE, 1, 7, 8), RNG(0))
    with pytest.raises(Unsuitable, match="no rooms"):
        skill.ask(subject((), 1), RNG(0))


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_a_trajectory_gives_one_such_question(skill: Skill) -> None:
    asked = subject(HOUSE, 1, 4, 7)
    assert skill.ask(asked, RNG(0)) == skill.ask(asked, RNG(0))
    assert {skill.ask(asked, RNG(seed)).key for seed in range(5)} == {("rooms",)}
