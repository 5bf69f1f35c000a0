"""Questions about demonstrations are answered from the simulator's labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.agent.answers import point_text
from spatune.tuning import DemoScenes, GroundingSampler
from spatune.tuning.grounding import SHARES, inside


@pytest.fixture(scope="module")
def scenes(demos: Path) -> DemoScenes:
    return DemoScenes.load(demos)


def test_positions_and_distances_are_the_labels(scenes: DemoScenes) -> None:
    sampler, rng = GroundingSampler(scenes), np.random.default_rng(0)
    for frame in range(len(scenes)):
        target = scenes.goal_positions[frame, 0]
        answer = sampler.ask(frame, "position", rng).answer
        values = [float(part) for part in answer.strip("()").split(", ")]
        np.testing.assert_allclose(values, target, atol=0.006)
        metres = float(sampler.ask(frame, "distance", rng).answer.removesuffix(" m"))
        distance = np.linalg.norm(scenes.gripper[frame] - target)
        assert metres == pytest.approx(float(distance), abs=0.006)


def test_acting_points_at_object_and_place_of_the_next_goal(scenes: DemoScenes) -> None:
    sampler, rng = GroundingSampler(scenes), np.random.default_rng(0)
    for frame in range(len(scenes)):
        asked = sampler.ask(frame, "act", rng)
        assert asked.question == scenes.instructions[frame]
        pixels = scenes.goal_pixels[frame]
        subjects = (("object", 0, 0), ("place", 0, 1), ("hand", 1, 0))
        expected = [
            f"{label} " + (point_text(*p[:2]) if inside(p := pixels[camera, subject]) else "hidden")
            for label, camera, subject in subjects
        ]
        assert asked.answer == " ".join(expected)
    answers = [sampler.ask(frame, "act", rng).answer for frame in range(len(scenes))]
    assert len(set(answers)) > len(answers) // 2 and any("hidden" not in a for a in answers)


def test_what_is_asked_for_by_name_is_found_where_it_is(scenes: DemoScenes) -> None:
    sampler, rng = GroundingSampler(scenes), np.random.default_rng(0)
    for frame in range(len(scenes)):
        found = sampler.ask(frame, "find", rng)
        name = found.question.removeprefix("Where is the ").removesuffix("?")
        place = scenes.object_names[scenes.episodes[frame]].index(name)
        assert found.answer == point_text(*scenes.object_pixels[frame, 0, place, :2])
        back = sampler.ask(frame, "name", rng)
        assert back.answer in scenes.object_names[scenes.episodes[frame]]


def test_names_twice_there_are_not_asked_for(scenes: DemoScenes) -> None:
    names = tuple(("bowl", "bowl", *rest[2:]) for rest in scenes.object_names)
    sampler, rng = GroundingSampler(replace(scenes, object_names=names)), np.random.default_rng(0)
    asked = [sampler.ask(0, "find", rng).question for _ in range(40)]
    assert not any("bowl" in question for question in asked)


def test_a_goal_out_of_sight_is_asked_about_otherwise(scenes: DemoScenes) -> None:
    unseen = np.full_like(scenes.goal_pixels, -0.5)
    sampler = GroundingSampler(replace(scenes, goal_pixels=unseen))
    asked = sampler.ask(0, "point", np.random.default_rng(0))
    assert (asked.skill, asked.answer) == ("act", "object hidden place hidden hand hidden")


def test_naming_says_what_is_there_and_never_where(scenes: DemoScenes) -> None:
    sampler, rng = GroundingSampler(scenes, "naming"), np.random.default_rng(0)
    asked = sampler.draw(list(range(len(scenes))) * 20, rng)
    assert {item.skill for item in asked} == set(SHARES["naming"])
    thing, place = scenes.goal_names(0)
    for item in asked:
        assert "<loc" not in item.question + item.answer
        names = scenes.object_names[scenes.episodes[item.frame]]
        if item.skill in ("act_names", "goal"):
            assert item.answer == f"object {thing} place {place}"
            assert scenes.instructions[item.frame] in item.question
        elif item.skill == "list":
            assert item.answer.split(", ") == sorted(set(names))
        else:
            name = item.question.split("a ", 1)[1].split(" on the table")[0]
            assert item.answer == ("yes" if name in names else "no")


def test_absence_is_asked_about_as_often_as_presence(scenes: DemoScenes) -> None:
    names = (("mug", "plate"), ("mug", "bowl"))
    sampler = GroundingSampler(replace(scenes, object_names=names), "naming")
    rng = np.random.default_rng(0)
    answers = [sampler.ask(0, "present", rng).answer for _ in range(200)]
    assert 70 < answers.count("yes") < 130


def test_skills_are_drawn_in_their_shares(scenes: DemoScenes) -> None:
    for theme, shares in SHARES.items():
        assert sum(shares.values()) == pytest.approx(1)
        asked = GroundingSampler(scenes, theme).draw([0] * 3000, np.random.default_rng(0))
        for skill, share in shares.items():
            drawn = sum(item.skill == skill for item in asked) / len(asked)
            assert drawn == pytest.approx(share, abs=0.04)


@given(
    column=st.floats(-1, 2),
    row=st.floats(-1, 2),
    depth=st.one_of(st.floats(-1, 1), st.just(float("nan"))),
)
def test_only_what_lies_in_the_picture_is_inside(column: float, row: float, depth: float) -> None:
    wanted = 0 < column < 1 and 0 < row < 1 and depth > 0
    assert inside(np.array([column, row, depth])) == wanted
