"""Counting: only clearly seen objects of categories without doubt."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from spatune.tuning.questions.counting import object_counting
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Frame, Sighting, Trajectory

CAMERA = Pinhole.looking((0, 1.5, 0), (0, 0, 0), 60, 100, 100)


def subject(shares: list[dict[str, float]]) -> Subject:
    """Frames that show these shares of objects; an id's category is what stands before its `-`."""
    names = sorted({name for frame in shares for name in frame})
    box = Box.from_bounds((0, 0, 0), (1, 1, 1))
    scene = Scene(
        "home", "test", tuple(SceneObject(name, name.split("-")[0], box) for name in names)
    )
    frames = tuple(
        Frame(
            number,
            float(number),
            CAMERA,
            {name: Sighting(int(1e4 * s), s, 2.0) for name, s in frame.items() if s > 0},
            (0.0, 0.9, 0.0),
        )
        for number, frame in enumerate(shares)
    )
    return Subject(Trajectory("walk", scene, frames))


def answers(asked: Subject) -> dict[str, str]:
    drafts = [object_counting(asked, np.random.default_rng(seed)) for seed in range(40)]
    return {draft.provenance["category"]: draft.answer for draft in drafts}


def test_instances_seen_in_different_frames_are_added() -> None:
    shares = [{"chair-1": 0.1, "chair-2": 0.0, "lamp-1": 0.03}, {"chair-1": 0.2, "chair-2": 0.05}]
    assert answers(subject(shares)) == {"chair": "2", "lamp": "1"}


def test_an_unseen_instance_does_not_count() -> None:
    shares = [{"chair-1": 0.1, "chair-2": 0.0, "chair-3": 0.0019}]
    assert answers(subject(shares)) == {"chair": "1"}


def test_a_category_with_a_doubtful_instance_is_not_asked() -> None:
    shares = [{"chair-1": 0.1, "chair-2": 0.01, "lamp-1": 0.03}]
    assert answers(subject(shares)) == {"lamp": "1"}


def test_numbers_are_as_likely_and_one_single_object_is_asked_about() -> None:
    several = ["chair-1", "chair-2", "cup-1", "cup-2", "cup-3"]
    names = [f"single{n}-1" for n in range(9)] + several
    asked = subject([dict.fromkeys(names, 0.1)])
    drafts = [object_counting(asked, np.random.default_rng(seed)) for seed in range(150)]
    counts = Counter(draft.answer for draft in drafts)
    assert counts.keys() == {"1", "2", "3"} and min(counts.values()) > 30
    assert len({draft.key for draft in drafts}) == 3


def test_nothing_seen_is_unsuitable() -> None:
    with pytest.raises(Unsuitable):
        object_counting(subject([{"chair-1": 0.0}]), np.random.default_rng(0))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_wrong_counts_differ_and_lie_within_three(count: int) -> None:
    asked = subject([{f"chair-{number}": 0.1 for number in range(count)}])
    for seed in range(20):
        draft = object_counting(asked, np.random.default_rng(seed))
        wrong = [int(text) for text in draft.wrong]
        assert draft.answer == str(count)
        assert len(set(wrong)) == 3 and count not in wrong and min(wrong) >= 1
        assert all(abs(value - count) <= 3 for value in wrong)


def test_the_question_is_vsi_benchs() -> None:
    draft = object_counting(subject([{"chair-1": 0.1}]), np.random.default_rng(0))
    assert draft.question == "How many chair(s) are in this room?"
    assert draft.provenance["objects"] == ["chair-1"]
