"""Kept answers: computed once, and freed with what they are about."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from spatune.tuning.questions.keeping import kept
from spatune.tuning.questions.registry import all_skills
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.scene import SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

from .view_scenes import FURNITURE, HALF, in_room, walk


class Thing:
    """Something that can be asked about."""


def test_the_function_is_called_once_for_each_thing() -> None:
    asked: list[Thing] = []

    @kept
    def places(thing: Thing) -> Sequence[int]:
        """How often it was asked before."""
        asked.append(thing)
        return [len(asked)]

    one, other = Thing(), Thing()
    assert places(one) is places(one)
    assert [*places(one), *places(other), *places(one)] == [1, 2, 1]
    assert asked == [one, other]
    assert (places.__name__, places.__doc__) == ("places", "How often it was asked before.")


def test_what_is_raised_is_not_kept() -> None:
    reasons = [Unsuitable("first"), Unsuitable("second")]

    @kept
    def refused(thing: Thing) -> int:
        if reasons:
            raise reasons.pop(0)
        return 7

    one = Thing()
    for reason in ("first", "second"):
        with pytest.raises(Unsuitable, match=reason):
            refused(one)
    assert refused(one) == 7


def test_an_answer_is_freed_with_its_thing() -> None:
    class Answer:
        pass

    @kept
    def answer(thing: Thing) -> Answer:
        return Answer()

    one = Thing()
    about, said = weakref.ref(one), weakref.ref(answer(one))
    gc.collect()
    assert said() is not None
    del one
    gc.collect()
    assert (about(), said()) == (None, None)


def subject() -> Subject:
    """A walk through a room with furniture, a floor plan and walkable points."""
    corners = ((-HALF, -HALF), (-HALF, HALF), (HALF, HALF), (HALF, -HALF))
    asked = in_room(FURNITURE, walk()[::2], (SceneRoom("room", "Bedroom", 4 * HALF**2, corners),))
    grid = [(x / 4, z / 4) for x in range(-16, 17) for z in range(-16, 17)]
    free = [
        min(thing.box.distance_to(np.array([x, 0.5, z])) for thing in FURNITURE) for x, z in grid
    ]
    walkable = tuple(spot for spot, metres in zip(grid, free, strict=True) if metres > 0.2)
    scene = replace(asked.scene, walkable=walkable)
    return Subject(Trajectory("walk", scene, asked.frames))


def test_nothing_that_questions_keep_outlives_its_subject() -> None:
    """Every skill is asked; then neither the subject nor its frames or scene are held."""
    asked = subject()
    answered = set()
    for skill in all_skills().values():
        for seed in range(2):
            try:
                skill.ask(asked, np.random.default_rng(seed))
                answered.add(skill.name)
            except Unsuitable:
                continue
    assert len(answered) > 40 and answered >= {"route_planning", "shown_side", "camera_turn"}
    held = [weakref.ref(it) for it in (asked, asked.scene, asked.trajectory, *asked.frames)]
    del asked
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)
