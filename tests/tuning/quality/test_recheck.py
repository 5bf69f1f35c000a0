"""Answers are computed a second time; true ones are agreed with, tampered ones are denied."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.errors import SpatuneError
from spatune.tuning.generation.config import GenerateConfig
from spatune.tuning.generation.generate import generate_data
from spatune.tuning.quality.question_files import QuestionFiles
from spatune.tuning.quality.recheck.check import check_data, compared, evenly
from spatune.tuning.quality.recheck.config import CheckConfig
from spatune.tuning.quality.recheck.film import Film
from spatune.tuning.quality.recheck.finding import Finding
from spatune.tuning.quality.recheck.house_witness import HouseWitness
from spatune.tuning.quality.recheck.report import CheckReport
from spatune.tuning.quality.recheck.scene_check import Checked, check_question
from spatune.tuning.quality.recheck.table import CHECKS
from spatune.tuning.questions.question import LETTERS, Question
from spatune.tuning.questions.registry import all_skills
from spatune.tuning.scenes.pinhole import Pinhole

HOUSES = ("val-a0a44ac3d997", "val-f457b22d8820", "val-fb953b49f16f")
"""Walks through these have questions of all tasks but the rare ones."""

MOST_TAMPERED = 3


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions of every task but the rare ones, on one walk through each house."""
    out = tmp_path_factory.mktemp("recheck") / "data"
    return generate_data(
        GenerateConfig(
            out,
            split="val",
            scenes=HOUSES,
            trajectories=1,
            frames=16,
            per_skill=3,
            workers=1,
            reasoning=False,
            seed=1,
        )  # fmt: skip
    )


@pytest.fixture(scope="module")
def films(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Question], Film]:
    """The film of a question: of the data, or of those questions that are written here."""
    houses: dict[str, HouseWitness] = {}
    films: dict[tuple[str, str], Film] = {}
    written = tmp_path_factory.mktemp("written")

    def film(question: Question) -> Film:
        name = question.scene
        if name not in houses:
            houses[name] = HouseWitness(name)
        if (name, question.trajectory) not in films:
            folder = data / "trajectories" / name / question.trajectory
            if question.trajectory == "written":
                folder = _write_frames(written / question.task, POSES[question.task])
                return Film(houses[name], folder, 0.02, 0.002)
            films[name, question.trajectory] = Film(houses[name], folder, 0.02, 0.002)
        return films[name, question.trajectory]

    return film


@pytest.fixture(scope="module")
def report(data: Path, films: Callable[[Question], Film]) -> CheckReport:
    """What is said of every question; rays are cast once for all tests."""
    checked = (
        Checked(q.id, q.task, q.answer, check_question(films(q), q)) for q in QuestionFiles(data)
    )
    return CheckReport(tuple(sorted(checked, key=lambda one: (one.task, one.id))))


POSES = {
    "hidden_object": ((4.55, 3.35, 180.0), (2.15, 2.15, 90.0)),
    "unseen_side": ((4.95, 5.7, 0.0), (8.35, 7.5, 270.0)),
    "shown_side": ((8.75, 6.7, 270.0), (4.35, 7.1, 90.0)),
    "on_top_of": ((3.95, 2.15, 90.0),),
}
"""East, north and yaw of frames for tasks that few walks have questions of."""


def _rare(task: str, scene: str, text: str, answer: str, options: Sequence[str], marks=()):
    letter = LETTERS[list(options).index(answer)]
    return Question(
        f"{scene}/written/{task}/0", task, "MR", "views", "choice", "procthor", scene, "written",
        tuple(range(len(POSES[task]))), text, answer, tuple(options), letter, marks,
    )  # fmt: skip


_SIDE = (
    "The same box is marked X in all images. Its front is the side that faces the camera in image "
    "1; left and right are as seen there. Which of its other sides {}?"
)
_SIDES = ("right side", "left side", "back")
RARE = {
    "on_top_of": _rare(
        "on_top_of",
        "val-3307cbae65b0",
        "In this image, on top of which object is the bowl?",
        "counter top",
        ("fridge", "sofa", "counter top", "toilet"),
    ),
    "hidden_object": _rare(
        "hidden_object",
        "val-3307cbae65b0",
        "Which of these objects is hidden behind the counter top in the first image? The second "
        "image shows the same place from elsewhere.",
        "trash can",
        ("trash can", "safe", "cup"),
    ),
    "unseen_side": _rare(
        "unseen_side",
        "val-fb953b49f16f",
        _SIDE.format("does none of the images show"),
        "left side",
        _SIDES,
        ((("X", 0.9219, 0.5915),), (("X", 0.7433, 0.6317),)),
    ),
    "shown_side": _rare(
        "shown_side",
        "val-fb953b49f16f",
        _SIDE.format("do the other images show"),
        "left side",
        _SIDES,
        ((("X", 0.9531, 0.5781),), (("X", 0.0737, 0.6808),)),
    ),
}


def _write_frames(folder: Path, poses: Sequence[tuple[float, float, float]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, (x, z, yaw) in enumerate(poses):
        camera = Pinhole.looking((x, 1.576, z), (15.0, yaw, 0.0), 59.0, 224, 224)
        entry = {
            "position": camera.position.tolist(),
            "axes": camera.axes.tolist(),
            "fov": 59.0,
            "width": 224,
            "height": 224,
        }
        lines.append(json.dumps({"idx": index, "camera": entry}) + "\n")
    (folder / "frames.jsonl").write_text("".join(lines))
    return folder


def test_no_answer_of_generated_questions_is_denied(report: CheckReport) -> None:
    verdicts = [one.finding.verdict for one in report.checked]
    assert len(verdicts) > 200
    assert not report.disagreements
    assert not report.uncovered
    assert verdicts.count("in band") < 0.05 * len(verdicts)


def test_every_task_has_a_second_method() -> None:
    assert set(CHECKS) == set(all_skills())


def test_the_data_have_every_task_but_the_rare_ones(report: CheckReport) -> None:
    assert {one.task for one in report.checked} >= set(CHECKS) - set(RARE)


@pytest.mark.parametrize("task", RARE)
def test_rare_questions_are_agreed_with(task: str, films: Callable[[Question], Film]) -> None:
    assert check_question(films(RARE[task]), RARE[task]).verdict == "agree"


@pytest.mark.parametrize("task", CHECKS)
def test_a_tampered_answer_is_denied(
    task: str, data: Path, report: CheckReport, films: Callable[[Question], Film]
) -> None:
    agreed = {one.id for one in report.checked if one.finding.verdict == "agree"}
    found = [q for q in QuestionFiles(data) if q.task == task and q.id in agreed]
    questions = [RARE[task]] if task in RARE else found[:MOST_TAMPERED]
    assert questions
    for question in questions:
        for tampered in _tampered(question):
            finding = check_question(films(question), tampered)
            assert finding.verdict == "disagree", (tampered.answer, tampered.marks, finding)


def _tampered(question: Question) -> list[Question]:
    """Versions of a question whose answers are wrong."""
    changed = [
        replace(question, answer=option, letter=LETTERS[place])
        for place, option in enumerate(question.options)
        if option != question.answer
    ]
    if question.options:
        changed.append(replace(question, letter=LETTERS[len(question.options)]))
    if question.form == "number":
        more = _more(question.answer, 0.35 if "distance" in question.task else 0.12)
        changed.append(replace(question, answer=more, options=(), letter=""))
    special = _SPECIAL.get(question.task)
    return changed + (special(question) if special else [])


def _more(text: str, part: float) -> str:
    digits = len(text.partition(".")[2])
    steps = max(2.0, np.ceil(part * float(text) * 10**digits))
    return f"{float(text) + steps / 10**digits + (5 if digits == 0 else 0.1):.{digits}f}"


def _swapped_marks(question: Question) -> list[Question]:
    """The point that is the answer, and another one, with each other's numbers."""
    marks = list(question.marks[-1])
    number = question.answer.removeprefix("point ")
    place = next(n for n, mark in enumerate(marks) if mark[0] == number)
    other = (place + 1) % len(marks)
    (one, *here), (two, *there) = marks[place], marks[other]
    marks[place], marks[other] = (one, there[0], there[1]), (two, here[0], here[1])
    return [replace(question, marks=(*question.marks[:-1], tuple(marks)))]


def _shifted_box(question: Question) -> list[Question]:
    changed = []
    for place, much in ((0, 0.2), (2, -0.3), (4, 0.15), (7, 0.1)):
        numbers = re.search(r"\[(-?\d[^\]]*)\]", question.answer)
        assert numbers is not None
        values = [float(value) for value in numbers[1].split(",")]
        values[place] += much
        text = question.answer.replace(numbers[1], ", ".join(map(str, values)))
        changed.append(replace(question, answer=text))
    fewer = question.answer.replace('"label": "', '"label": "other ')
    return [*changed, replace(question, answer=fewer)]


def _far_point(question: Question) -> list[Question]:
    left, top, right, bottom = question.provenance["extents"]
    x = left - 0.05 if left > 0.1 else right + 0.05
    y = top - 0.05 if top > 0.1 else bottom + 0.05
    return [replace(question, answer=f"({x:.2f}, {(top + bottom) / 2:.2f})")] * (0 < x < 1) + [
        replace(question, answer=f"({(left + right) / 2:.2f}, {y:.2f})")
    ] * (0 < y < 1)


def _false_captions(question: Question) -> list[Question]:
    def far(match: re.Match[str]) -> str:
        return f"about {float(match[1]) + 0.7:.1f} meters"

    text = question.answer
    versions = [
        re.sub(r"about ([\d.]+) meters", far, text, count=1),
        re.sub(r"about (\d+) degrees", lambda match: f"about {int(match[1]) + 15} degrees", text),
        text.replace(" on the left ", " on the right ", 1),
        text.replace("turns left", "turns right"),
        text.replace("closest to", "farthest from"),
        text.replace("The image shows a", "The image shows nine", 1),
        re.sub(r"images show the ", "images show the window and the ", text),
    ]
    return [replace(question, answer=version) for version in versions if version != text]


_SPECIAL = {
    "point_correspondence": _swapped_marks,
    "object_correspondence": _swapped_marks,
    "depth_comparison_points": _swapped_marks,
    "object_box_3d": _shifted_box,
    "point_at_object": _far_point,
    "scene_caption": _false_captions,
    "views_caption": _false_captions,
}


def test_neither_boxes_nor_pictures_are_read(
    data: Path, report: CheckReport, tmp_path: Path
) -> None:
    shutil.copytree(data / "questions" / HOUSES[0], tmp_path / "questions" / HOUSES[0])
    shutil.copy(data / "config.json", tmp_path)
    for file in (data / "trajectories" / HOUSES[0]).rglob("frames.jsonl"):
        kept = tmp_path / file.relative_to(data)
        kept.parent.mkdir(parents=True)
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        kept.write_text(
            "".join(json.dumps({k: e[k] for k in ("idx", "camera")}) + "\n" for e in lines)
        )
    again = compared(CheckConfig(tmp_path, workers=1))
    assert list(again.checked) == [o for o in report.checked if o.id.startswith(HOUSES[0])]


def test_a_changed_file_ends_in_one_line_that_names_the_question(
    data: Path, tmp_path: Path
) -> None:
    folder = _copy_with(data, tmp_path, "room_count", lambda q: replace(
        q, answer="9", options=(), letter=""
    ))  # fmt: skip
    with pytest.raises(SpatuneError, match=r"1 of 3 answers are denied: \S+/room_count/0: '9'"):
        check_data(CheckConfig(folder, tasks=("room_count",), workers=1))
    result = json.loads((folder / "check.json").read_text())
    assert result["disagree"] == 1
    assert result["tasks"]["room_count"]["agree"] == 2
    assert result["not_agreed"][0]["id"].endswith("/room_count/0")


def test_a_question_that_is_not_understood_is_no_agreement(data: Path, tmp_path: Path) -> None:
    folder = _copy_with(data, tmp_path, "point_at_object", lambda q: replace(q, question="Where?"))
    with pytest.raises(SpatuneError, match="not understood: .*unknown wording: Where"):
        check_data(CheckConfig(folder, tasks=("point_at_object",), workers=1))


def test_a_task_without_a_second_method_is_listed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _copy_with(data, tmp_path, "room_count", lambda q: replace(q, task="new_task"))
    report = check_data(CheckConfig(folder, tasks=("new_task",), workers=1))
    assert report.uncovered == {"new_task": "no second method"}
    assert "not covered: new_task" in capsys.readouterr().out


def _copy_with(data: Path, out: Path, task: str, change: Callable[[Question], Question]) -> Path:
    """The data with the first question of a task changed."""
    shutil.copytree(data, out / "data")
    for file in sorted((out / "data" / "questions").rglob("*.jsonl")):
        questions = [Question.from_line(line) for line in file.read_text().splitlines()]
        places = [place for place, question in enumerate(questions) if question.task == task]
        if places:
            questions[places[0]] = change(questions[places[0]])
            file.write_text("".join(question.to_line() for question in questions))
            break
    return out / "data"


def test_wrong_settings_end_in_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="use at least 1"):
        check_data(CheckConfig(data, questions=0))
    with pytest.raises(SpatuneError, match="there is no task 'walk'; tasks are: above_below"):
        check_data(CheckConfig(data, tasks=("walk",)))
    question = replace(next(iter(QuestionFiles(data))), source="libero")
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "one.jsonl").write_text(json.dumps(asdict(question)) + "\n")
    with pytest.raises(SpatuneError, match=r"config\.json cannot be read"):
        check_data(CheckConfig(tmp_path))
    shutil.copy(data / "config.json", tmp_path)
    with pytest.raises(SpatuneError, match="is of source 'libero'"):
        check_data(CheckConfig(tmp_path))


def test_the_draw_is_even_and_the_same_again(data: Path, tmp_path: Path) -> None:
    first = check_data(CheckConfig(data, tmp_path / "a.json", ("room_count", "camera_turn"), 4, 1))
    again = check_data(CheckConfig(data, tmp_path / "b.json", ("room_count", "camera_turn"), 4, 1))
    assert first == again
    assert [one.task for one in first.checked] == ["camera_turn"] * 2 + ["room_count"] * 2


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 40), min_size=1, max_size=8),
    st.integers(0, 200),
)
def test_evenly_takes_all_it_may_and_gives_no_task_more_than_one_beyond_a_starved_one(
    sizes: dict[str, int], total: int
) -> None:
    taken = evenly(sizes, total)
    assert sum(taken.values()) == min(total, sum(sizes.values()))
    assert all(0 <= taken[name] <= sizes[name] for name in sizes)
    open_ = [taken[name] for name in sizes if taken[name] < sizes[name]]
    if open_:
        assert max(taken.values()) <= min(open_) + 1


@given(st.integers(0, 999), st.floats(0, 10))
def test_a_number_agrees_exactly_where_rounding_gives_it(steps: int, second: float) -> None:
    off = abs(steps / 100 - second)
    verdict = Finding.of_number(f"{steps / 100:.2f}", second, 0.05).verdict
    if off < 0.00499:
        assert verdict == "agree"
    if 0.00501 < off < 0.0549:
        assert verdict == "in band"
    if off > 0.0551:
        assert verdict == "disagree"


def test_meshes_have_the_extents_of_their_objects() -> None:
    house = HouseWitness(HOUSES[0])
    bed = house.categories["bed"][0]
    assert 1.5 < bed.sides[2] < 2.6
    assert 0.3 < bed.height < 1.5
    assert bed.gap(bed) == 0.0
    assert bed.away(bed.middle + [0.0, 0.0, 5.0]) == pytest.approx(5.0 - bed.height / 2, abs=0.01)
    table = house.categories["dining table"][0]
    # From far above, the first thing that a ray straight down meets is on the table, or is it.
    hits = house.cast(table.middle + [0.0, 0.0, 1.0], np.array([[0.0, 0.0, -2.0]]))
    assert hits.metres[0] <= 1.0
    assert house.names[hits.owners[0]] in house.things
