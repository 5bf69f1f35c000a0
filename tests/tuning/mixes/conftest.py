"""A small data folder, as `spatune data generate` leaves it, with skewed answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from spatune.tuning.questions.question import LETTERS, Question

SCENES, PER_SCENE, FRAMES = 6, 20, (0, 3, 6)
THINGS = ("bed", "chair", "desk", "lamp", "sofa", "stool", "table", "television")
Ask = Callable[[random.Random], dict[str, Any]]


def easy(draw: random.Random) -> dict[str, Any]:
    """Left is right in three of four, and always comes first."""
    first, second = draw.sample(THINGS, 2)
    answer = "left" if draw.random() < 0.75 else "right"
    question = f"If I face the {first}, is the {second} to the left or the right?"
    reasoning = f"The {second} lies to the {answer}."
    return {"question": question, "answer": answer, "options": ("left", "right")} | {
        "reasoning": reasoning
    }


def order(draw: random.Random) -> dict[str, Any]:
    """Orders of four things."""
    things = draw.sample(THINGS, 4)
    options = [things[i:] + things[:i] for i in range(4)]
    texts = tuple(", ".join(option) for option in options)
    question = f"In which order do the {', the '.join(sorted(things))} appear?"
    return {"question": question, "answer": texts[0], "options": texts}


def nearest(draw: random.Random) -> dict[str, Any]:
    """The chair is right more often than chance wherever it is an option."""
    things = draw.sample(THINGS, 5)
    weights = [6 if thing == "chair" else 1 for thing in things[1:]]
    answer = draw.choices(things[1:], weights)[0]
    question = f"Which of these is the closest to the {things[0]}?"
    return {"question": question, "answer": answer, "options": tuple(things[1:])}


def distance(draw: random.Random) -> dict[str, Any]:
    """Numbers with two digits, which have options that nobody should be shown."""
    first, second = draw.sample(THINGS, 2)
    answer = f"{draw.uniform(0.3, 6):.1f}"
    question = f"How far are the {first} and the {second} apart, in meters?"
    options = (answer, "7.7", "8.8", "9.9")
    return {"question": question, "answer": answer, "options": options, "form": "number"} | {
        "capability": "MM"
    }


def marked(draw: random.Random) -> dict[str, Any]:
    """One image with a mark."""
    answer = draw.choice(THINGS)
    marks = ((("X", 0.5, 0.5),),)
    return {"question": "What is at the point X?", "answer": answer, "form": "text"} | {
        "media": "image",
        "frames": (3,),
        "marks": marks,
    }


TASKS: dict[str, Ask] = {
    "object_rel_direction_easy": easy,
    "obj_appearance_order": order,
    "object_rel_distance": nearest,
    "object_abs_distance": distance,
    "object_at_point": marked,
}


def asked(task: str, scene: str, number: int, facts: dict[str, Any]) -> Question:
    """A question with defaults; the letter follows from options and answer."""
    filled: dict[str, Any] = {
        "capability": "SR",
        "media": "video",
        "form": "choice",
        "frames": FRAMES,
        "options": (),
        **facts,
    }
    if filled["options"]:
        filled["letter"] = LETTERS[filled["options"].index(filled["answer"])]
    return Question(
        id=f"{scene}/walk/{task}/{number}",
        task=task,
        source="procthor",
        scene=scene,
        trajectory="walk",
        provenance={"key": [str(number)]},
        **filled,
    )


def write_data(folder: Path) -> Path:
    """Questions and tiny images of some scenes."""
    for place in range(SCENES):
        scene = f"scene-{place}"
        frames = folder / "trajectories" / scene / "walk" / "frames"
        frames.mkdir(parents=True)
        for index in FRAMES:
            Image.new("RGB", (48, 32), (40 * place, 20 * index, 90)).save(
                frames / f"{index:06d}.jpg"
            )
        draw = random.Random(place)
        lines = [
            asked(task, scene, number, ask(draw)).to_line()
            for task, ask in TASKS.items()
            for number in range(PER_SCENE)
        ]
        file = folder / "questions" / scene / "walk.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(lines))
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder: six scenes, five tasks, twenty questions of each in a scene. Do not write."""
    return write_data(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture
def own_data(tmp_path: Path) -> Path:
    """A copy of `data` that a test may damage."""
    return write_data(tmp_path / "own")


@pytest.fixture(scope="session")
def make_question() -> Callable[..., Question]:
    """`asked`: a question of a task, a scene and a number."""
    return asked
