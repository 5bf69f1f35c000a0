"""`SceneQuestions`: the drawn questions of one scene, compared one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...generation.jobs import trajectory_folder
from ...questions.question import LETTERS, Question
from .film import Film
from .finding import Doubt, Finding, Unread
from .house_witness import HouseWitness
from .table import CHECKS


@dataclass(frozen=True)
class SceneQuestions:
    """Work on one scene.

    Attributes:
        data: The data folder.
        scene: Name of the house.
        questions: What is checked.
        salient: As the data were generated with.
        faint: As the data were generated with.
    """

    data: Path
    scene: str
    questions: tuple[Question, ...]
    salient: float
    faint: float


@dataclass(frozen=True)
class Checked:
    """A question and what the second method says of it.

    Attributes:
        id: The question's.
        task: The question's.
        answer: The question's.
        finding: The comparison.
    """

    id: str
    task: str
    answer: str
    finding: Finding


def check_scene(job: SceneQuestions) -> Iterator[Checked]:
    """Compare the questions of a scene, trajectory after trajectory."""
    house = HouseWitness(job.scene)
    films: dict[str, Film] = {}
    for question in sorted(job.questions, key=lambda question: question.trajectory):
        name = question.trajectory
        if name not in films:
            folder = trajectory_folder(job.data, job.scene, name)
            films = {name: Film(house, folder, job.salient, job.faint)}
        finding = check_question(films[name], question)
        yield Checked(question.id, question.task, question.answer, finding)


def check_question(film: Film, question: Question) -> Finding:
    """Compute the answer of one question again and compare."""
    check = CHECKS.get(question.task)
    if check is None:
        return Finding("not covered", "no second method")
    if question.options:
        place = LETTERS.find(question.letter)
        if not question.letter or question.options[place : place + 1] != (question.answer,):
            return Finding("disagree", f"option {question.letter} is not the answer")
        if len(set(question.options)) < len(question.options):
            return Finding("disagree", "an option comes twice")
    try:
        return check.run(film, question)
    except Doubt as doubt:
        return Finding("disagree", str(doubt))
    except Unread as reason:
        return Finding("not covered", str(reason))
