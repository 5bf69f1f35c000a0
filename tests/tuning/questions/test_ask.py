"""From skills to finished questions."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.tuning.questions.ask import AskSettings, ask_all
from spatune.tuning.questions.question import Draft, Question
from spatune.tuning.questions.registry import SETS, all_skills, chosen_skills
from spatune.tuning.questions.skill import Skill, Unsuitable
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.scene import Scene, SceneObject
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory


def subject(name: str = "a") -> Subject:
    box = Box.from_bounds((0, 0, 0), (1, 1, 1))
    things = tuple(SceneObject(f"{c}|1", c, box) for c in ("bed", "chair", "sofa", "table"))
    return Subject(Trajectory("t", Scene(name, "test", things)))


def draw_number(subject: Subject, rng: np.random.Generator) -> Draft:
    value = int(rng.integers(6))
    if value == 5:
        raise Unsuitable("a five")
    wrong = tuple(str(value + gap) for gap in (10, 20, 30))
    return Draft("Which?", str(value), (str(value),), {"value": value}, wrong)


SKILL = Skill("numbers", "MM", "counting", "video", "choice", draw_number)


def test_each_combination_is_asked_once_and_refusals_are_counted() -> None:
    questions, refusals = ask_all(subject(), [SKILL], AskSettings(per_skill=20, tries=50))
    answers = [question.answer for question in questions]
    assert sorted(answers) == ["0", "1", "2", "3", "4"]
    assert refusals["numbers", "a five"] > 0
    assert refusals["numbers", "asked already"] > 0


def test_the_letter_names_the_answer() -> None:
    letters = set()
    for name in "abcdefgh":
        for question in ask_all(subject(name), [SKILL], AskSettings())[0]:
            assert question.options["ABCD".index(question.letter)] == question.answer
            assert set(question.options) == {
                str(int(question.answer) + gap) for gap in (0, 10, 20, 30)
            }
            letters.add(question.letter)
    assert letters == set("ABCD")


def test_questions_follow_from_seed_scene_and_skill_alone() -> None:
    other = Skill("others", "MM", "counting", "video", "choice", draw_number)
    alone = ask_all(subject(), [SKILL], AskSettings())[0]
    second = [
        q for q in ask_all(subject(), [other, SKILL], AskSettings())[0] if q.task == "numbers"
    ]
    assert alone == second
    assert alone != ask_all(subject(), [SKILL], AskSettings(seed=1))[0]
    scenes = {
        tuple(q.answer for q in ask_all(subject(name), [SKILL], AskSettings())[0])
        for name in "abcdef"
    }
    assert len(scenes) > 3


def test_a_line_reads_back() -> None:
    for question in ask_all(subject(), [SKILL], AskSettings())[0]:
        assert Question.from_line(question.to_line()) == question
    with pytest.raises(ValueError, match="not a question"):
        Question.from_line('{"id": "x"}')


def test_an_option_that_comes_twice_is_a_fault_of_the_skill() -> None:
    def draw(subject: Subject, rng: np.random.Generator) -> Draft:
        return Draft("Which?", "a", ("a",), {}, ("a", "b"))

    with pytest.raises(ValueError, match="twice"):
        ask_all(subject(), [Skill("bad", "MM", "x", "video", "choice", draw)], AskSettings())


def test_skills_that_need_pixels_are_counted_where_there_are_none() -> None:
    skill = Skill("pixels", "MM", "x", "image", "choice", draw_number, needs_labels=True)
    questions, refusals = ask_all(subject(), [skill], AskSettings())
    assert not questions
    assert refusals == {("pixels", "no depth and object images"): 1}


def test_sets_name_skills_that_exist() -> None:
    for name, members in SETS.items():
        assert [skill.name for skill in chosen_skills([name])] == [
            skill for skill in all_skills() if skill in members
        ]
        assert len(chosen_skills([name])) == len(members)


def test_capabilities_and_groups_choose_skills() -> None:
    assert {skill.capability for skill in chosen_skills(["MR"])} == {"MR"}
    assert {skill.group for skill in chosen_skills(["camera motion"])} == {"camera motion"}
    assert len(chosen_skills([])) == len(all_skills())
    with pytest.raises(SpatuneError, match="unknown skill 'nothing'"):
        chosen_skills(["nothing"])
