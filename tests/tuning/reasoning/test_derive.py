"""Whoever reads a derivation and computes with its numbers alone gets the question's answer."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.frames import rotation_matrix
from spatune.tuning.questions.ask import AskSettings, ask_all
from spatune.tuning.questions.question import Question
from spatune.tuning.questions.registry import chosen_skills
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.reasoning.bev import BirdsEyeView
from spatune.tuning.reasoning.derive import derive
from spatune.tuning.scenes.box import Box, box_gap
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Frame, Sighting, Trajectory

TASKS = (
    "object_abs_distance",
    "object_rel_distance",
    "camera_obj_distance",
    "object_rel_direction_easy",
    "object_rel_direction_medium",
    "object_rel_direction_hard",
    "object_counting",
    "object_size_estimation",
    "room_size_estimation",
    "obj_appearance_order",
)
NAMES = ("chair", "sofa", "coffee table", "lamp", "plant", "bed", "stove", "clock", "book")


def frame(index: int, position: tuple[float, float, float], yaw: float, seen: list[str]) -> Frame:
    """A frame in which some objects are clearly seen."""
    camera = Pinhole.looking(position, (10.0, yaw, 0.0), 60.0, 100, 100)
    sightings = {name: Sighting(500, 0.05, 1.0) for name in seen}
    return Frame(index, index / 10, camera, sightings, position)


def random_subject(seed: int) -> Subject:
    """Turned boxes in a room, seen one after the other by a camera that walks and turns."""
    rng = np.random.default_rng(seed)
    size = float(rng.choice([2.0, 6.0, 15.0]))
    names = [*NAMES, *rng.choice(NAMES[:3], 3)]
    things = tuple(
        SceneObject(
            f"{name}|{number}",
            str(name),
            Box(
                rng.uniform([0, 0, 0], [size, 2, size]),
                rotation_matrix((0.0, float(rng.choice([0, 90, rng.uniform(0, 360)])), 0.0)).T,
                rng.uniform(0.1, 0.15 * size, 3),
            ),
        )
        for number, name in enumerate(names)
    )
    half = size / 2
    floors = [((0, 0), (half, 0), (half, size), (0, size)), ((half, 0), (size, 0), (size, size))]
    rooms = tuple(
        SceneRoom(f"room|{number}", kind, float(rng.uniform(4, 40)), floor)
        for number, (kind, floor) in enumerate(zip(("Kitchen", "LivingRoom"), floors, strict=True))
    )
    order = [things[place].id for place in rng.permutation(len(things))]
    spots = [(half * 0.5, 1.5, half), (half * 1.9, 1.5, half * 0.5)]
    spots += [tuple(rng.uniform([0, 1, 0], [size, 2, size])) for _ in range(6)]
    frames = tuple(
        frame(3 * place, spot, float(rng.uniform(0, 360)), order[2 * place : 2 * place + 2])
        for place, spot in enumerate(spots)
    )
    return Subject(Trajectory("walk", Scene("flat", "test", things, rooms), frames))


def derived(subject: Subject, question: Question) -> str | None:
    """The derivation, or None where rounding does not allow one."""
    try:
        return derive(subject, question)
    except Unsuitable as reason:
        assert "rounding" in str(reason)
        return None


def numbers(text: str) -> list[float]:
    """All numbers of a text."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def tuples(text: str) -> list[list[float]]:
    """All number tuples of a text, `(1.0, -2.0)`."""
    return [numbers(part) for part in re.findall(r"\((-?\d[-\d., ]*)\)", text)]


def read_distance(text: str) -> str:
    """Answer from the two nearest points."""
    first, second, offset = tuples(text)
    assert np.allclose(np.subtract(second, first), offset, atol=1e-6)
    written = numbers(text.split("= ")[-1])[0]
    assert abs(math.dist(first, second) - written) <= 0.00501
    return f"{written:.1f}"


def read_nearest(text: str) -> str:
    """Answer from the offsets; the label's number is not part of the category."""
    lines = re.findall(r"^- (.+?)(?: \d+)?: (\(.*?\)), .* = (.*) m$", text, flags=re.MULTILINE)
    assert len(lines) == 4
    lengths = {name: math.hypot(*tuples(offset)[0]) for name, offset, _ in lines}
    for name, _, length in lines:
        assert abs(lengths[name] - float(length)) <= 0.00501
    return min(lengths, key=lambda name: lengths[name])


def read_turn(text: str) -> float:
    """Degrees clockwise from the positions of the three objects."""
    stand, face, along, query, there = tuples(text)
    ahead, way = np.subtract(face, stand), np.subtract(query, stand)
    assert np.allclose(ahead, along, atol=1e-6) and np.allclose(way, there, atol=1e-6)
    turn = math.atan2(ahead[0], ahead[1]) - math.atan2(way[0], way[1])
    degrees = (-math.degrees(turn) + 180) % 360 - 180
    products = dict(re.findall(r"^(Ahead|To the right): .* = (.*)\.$", text, flags=re.MULTILINE))
    scale = math.hypot(*ahead) * math.hypot(*way)
    assert float(products["Ahead"]) == pytest.approx(scale * math.cos(math.radians(degrees)))
    assert float(products["To the right"]) == pytest.approx(scale * math.sin(math.radians(degrees)))
    return degrees


def side(degrees: float) -> str:
    """Left or right."""
    return "right" if degrees > 0 else "left"


def read_medium(text: str) -> str:
    """Left, right or back."""
    degrees = read_turn(text)
    written = numbers(text.split("turn of")[1])[0]
    assert abs(abs(degrees) - written) <= 0.501
    return "back" if abs(degrees) > 135 else side(degrees)


def read_hard(text: str) -> str:
    """The quadrant."""
    degrees = read_turn(text)
    return f"{'front' if abs(degrees) < 90 else 'back'}-{side(degrees)}"


def read_size(text: str) -> str:
    """The longest side to the nearest 5 cm."""
    return str(5 * round(max(numbers(text.splitlines()[0])) / 5))


def read_area(text: str) -> str:
    """The sum of the areas."""
    sum_ = text.split("Area: ")[1].split(" m2")[0]
    areas = numbers(sum_.split(" = ")[0])
    assert sum(areas) == pytest.approx(numbers(sum_)[-1])
    return f"{sum(areas):.1f}"


def read_order(text: str) -> str:
    """Categories by their frames."""
    pairs = re.findall(r"(?:: |, )(.+?) in frame (\d+)", text.splitlines()[0])
    return ", ".join(name for name, _ in sorted(pairs, key=lambda pair: int(pair[1])))


READERS: dict[str, Callable[[str], str]] = {
    "object_abs_distance": read_distance,
    "object_rel_distance": read_nearest,
    "camera_obj_distance": read_distance,
    "object_rel_direction_easy": lambda text: side(read_turn(text)),
    "object_rel_direction_medium": read_medium,
    "object_rel_direction_hard": read_hard,
    "object_counting": lambda text: str(text.splitlines()[0].count(" at (")),
    "object_size_estimation": read_size,
    "room_size_estimation": read_area,
    "obj_appearance_order": read_order,
}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_the_numbers_as_written_lead_to_the_answer(seed: int) -> None:
    subject = random_subject(seed)
    questions, _ = ask_all(subject, chosen_skills(TASKS), AskSettings(seed=seed, per_skill=3))
    for question in questions:
        text = derived(subject, question)
        if text is not None:
            assert READERS[question.task](text) == question.answer, text
            # The last step states it.
            assert re.search(rf"{re.escape(question.answer)}\b", text.splitlines()[-1]), text


def test_most_questions_of_every_task_have_a_derivation() -> None:
    asked, explained = Counter[str](), Counter[str]()
    for seed in range(25):
        subject = random_subject(seed)
        questions, _ = ask_all(subject, chosen_skills(TASKS), AskSettings(seed=seed, per_skill=3))
        for question in questions:
            asked[question.task] += 1
            explained[question.task] += bool(derived(subject, question))
    assert set(asked) == set(TASKS)
    for task in TASKS:
        assert explained[task] >= 0.7 * asked[task], (task, explained[task], asked[task])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_the_plan_says_where_things_are_from_the_first_camera(seed: int) -> None:
    subject = random_subject(seed)
    plan = BirdsEyeView.of(subject)
    first = subject.frames[0].camera
    level = Pinhole.looking(first.position.tolist(), (0, first.yaw, 0), 60, 100, 100)
    text = plan.text()
    for thing in (thing for group in subject.categories.values() for thing in group):
        right, _, ahead = level.to_camera(thing.box.center)
        entry = plan.by_id[thing.id]
        step = 10.0**-plan.decimals
        assert abs(entry.x - right) <= step / 2 + 1e-9 and abs(entry.y - ahead) <= step / 2 + 1e-9
        (line,) = [line for line in text.splitlines() if line.startswith(f"- {entry.label}: ")]
        assert tuples(line)[0] == [entry.x, entry.y]
        sides = numbers(line.split("sides")[1])[:3]
        assert np.allclose(sorted(sides), sorted(thing.box.lengths), atol=0.00501)
        assert int(numbers(line)[-1]) == subject.first_frame[thing.id] + 1
    assert len(plan.objects) == len({thing.label for thing in plan.objects})
    frames = [thing.frame for thing in plan.objects]
    assert frames == sorted(frames)
    (end,) = [line for line in text.splitlines() if line.startswith("Camera at the end")]
    turn = numbers(end)[2] * (-1 if "left" in end else 1)
    assert abs((first.yaw + turn - subject.frames[-1].camera.yaw + 180) % 360 - 180) <= 0.51


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_distances_are_those_between_the_boxes(seed: int) -> None:
    subject = random_subject(seed)
    questions, _ = ask_all(subject, chosen_skills(("object_abs_distance",)), AskSettings(seed=seed))
    for question in questions:
        text = derived(subject, question)
        if text:
            one, other = (subject.scene.by_id[name].box for name in question.provenance["objects"])
            assert abs(math.dist(*tuples(text)[:2]) - box_gap(one, other)) < 0.02


def two_boxes(gap: float) -> Subject:
    """A chair and a sofa with a gap along x."""
    things = (
        SceneObject("chair|0", "chair", Box.from_bounds((0, 0, 0), (1, 1, 1))),
        SceneObject("sofa|1", "sofa", Box.from_bounds((1 + gap, 0, 0), (2 + gap, 1, 1))),
    )
    shown = frame(0, (0.0, 1.0, -2.0), 0.0, [thing.id for thing in things])
    return Subject(Trajectory("still", Scene("two", "test", things), (shown,)))


def distance_question(subject: Subject) -> Question:
    """The only distance that there is to ask for."""
    skills = chosen_skills(("object_abs_distance",))
    (question,) = ask_all(subject, skills, AskSettings(per_skill=1))[0]
    return question


def test_what_rounding_would_change_is_refused() -> None:
    clear, open_ = two_boxes(0.62), two_boxes(0.6501)
    question = distance_question(clear)
    assert "so 0.6 m." in derive(clear, question)
    with pytest.raises(Unsuitable, match="rounding changes the answer"):
        derive(clear, replace(question, answer="0.7"))
    assert distance_question(open_).answer == "0.7"
    with pytest.raises(Unsuitable, match="rounding leaves the answer open"):
        derive(open_, distance_question(open_))


def test_small_plans_are_finer_and_scenes_without_pictures_have_none() -> None:
    subject = two_boxes(0.62)
    assert BirdsEyeView.of(subject).decimals == 2
    assert BirdsEyeView.of(two_boxes(4.0)).decimals == 1
    still = Subject(replace(subject.trajectory, frames=()))
    with pytest.raises(Unsuitable, match="no frames"):
        BirdsEyeView.of(still)


def test_other_tasks_have_no_derivation() -> None:
    subject = two_boxes(0.62)
    assert derive(subject, replace(distance_question(subject), task="route_planning")) == ""
