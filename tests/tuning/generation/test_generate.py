"""`spatune data generate` from end to end on real houses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.houses.library import house_entries, load_house
from spatune.errors import SpatuneError
from spatune.tuning.generation.config import GenerateConfig
from spatune.tuning.generation.generate import _scenes, generate_data
from spatune.tuning.generation.jobs import SceneJob, run_scene
from spatune.tuning.questions.ask import AskSettings, ask_all
from spatune.tuning.questions.question import Question
from spatune.tuning.questions.registry import chosen_skills
from spatune.tuning.scenes.simsv import read_trajectory
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.trajectories.house_trajectory import HouseWalker, WalkCamera
from spatune.tuning.trajectories.thor_walker import ThorWalker

HOUSES = tuple(e.name for e in house_entries() if e.split == "train" and e.rooms in (1, 2))[-2:]


def config(out: Path, **changes: object) -> GenerateConfig:
    base = GenerateConfig(
        out, scenes=HOUSES, trajectories=2, frames=8, width=64, height=64, per_skill=2, workers=1
    )
    return replace(base, **changes)  # pyright: ignore[reportArgumentType]


def digest(folder: Path) -> dict[str, str]:
    """sha256 of every file of a data folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_data(config(tmp_path_factory.mktemp("data") / "one"))


def questions_of(folder: Path) -> list[Question]:
    return [
        Question.from_line(line)
        for file in sorted(folder.glob("questions/*/*.jsonl"))
        for line in file.read_text().splitlines()
    ]


def test_frames_of_questions_are_on_disk(data: Path) -> None:
    questions = questions_of(data)
    assert len({question.id for question in questions}) == len(questions) > 40
    for question in questions:
        folder = data / "trajectories" / question.scene / question.trajectory
        for frame in question.frames:
            assert (folder / f"frames/{frame:06d}.jpg").is_file()


def test_trajectories_read_back(data: Path) -> None:
    folders = sorted((data / "trajectories").glob("*/*/"))
    assert len(folders) == 4
    for folder in folders:
        trajectory = read_trajectory(folder)
        assert len(trajectory.frames) == 8
        assert any(frame.sightings for frame in trajectory.frames)


def test_summary_adds_up(data: Path) -> None:
    summary = json.loads((data / "summary.json").read_text())
    questions = questions_of(data)
    assert summary["questions"] == len(questions) == sum(summary["tasks"].values())
    assert summary["trajectories"] == 4
    assert summary["frames"] == 32
    for task, count in summary["tasks"].items():
        assert count == sum(question.task == task for question in questions)
        assert count or summary["refused_draws"][task], f"{task} has neither questions nor reasons"


def test_two_workers_write_the_same_bytes(data: Path, tmp_path: Path) -> None:
    other = generate_data(config(tmp_path / "two", workers=2, scenes=HOUSES[::-1]))
    assert digest(other) == digest(data)


def test_a_stopped_run_ends_with_the_same_bytes(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    generate_data(config(out, trajectories=1, scenes=HOUSES[:1]))
    half = next((data / "trajectories" / HOUSES[1]).glob("*/"))
    torn = out / half.relative_to(data)
    torn.mkdir(parents=True)
    (torn / "frames.jsonl").write_text('{"idx": 0, "ti')
    generate_data(config(out))
    assert digest(out) == digest(data)


def test_questions_come_from_annotations_as_well(data: Path, tmp_path: Path) -> None:
    """What needs no pixels is asked of trajectories that were annotated elsewhere."""
    again = generate_data(
        config(
            tmp_path / "again", source="annotations", data=data / "trajectories", scenes=(),
            skills=("vsi",),
        )
    )  # fmt: skip
    first = {q.id: q for q in questions_of(data)}
    read = questions_of(again)
    assert len(read) > 20
    for question in read:
        assert first[question.id].answer == question.answer
        assert first[question.id].question == question.question


def test_depth_segmentation_and_video_are_kept_when_asked_for(tmp_path: Path) -> None:
    from PIL import Image

    out = generate_data(
        config(
            tmp_path / "full", scenes=HOUSES[:1], trajectories=1, depth=True, segmentation=True,
            video=True, every_frame=True, skills=("3q", "room_size_estimation"),
        )
    )  # fmt: skip
    (folder,) = (out / "trajectories").glob("*/*/")
    names = json.loads((folder / "segmentation.json").read_text())
    trajectory = read_trajectory(folder)
    kept = [frame for frame in trajectory.frames if frame.file]
    assert len(kept) == 8 < len(trajectory.frames)
    for frame in kept:
        ids = np.asarray(Image.open(folder / f"segmentation/{frame.index:06d}.png"))
        depth = np.asarray(Image.open(folder / f"depth/{frame.index:06d}.png"))
        assert 100 < np.median(depth) < 20_000
        for name, sighting in frame.sightings.items():
            assert np.count_nonzero(ids == names.index(name)) == sighting.pixels
    import imageio.v2 as imageio

    with imageio.get_reader(folder / "video.mp4") as video:
        count = video.count_frames()  # pyright: ignore[reportAttributeAccessIssue]
        assert count == len(trajectory.frames)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenes": ("nowhere",)}, "unknown house of split 'train' 'nowhere'"),
        ({"skills": ("nothing",)}, "unknown skill 'nothing'"),
        ({"source": "annotations"}, "--data is missing"),
        ({"source": "annotations", "data": Path("/nowhere")}, "does not exist"),
        ({"source": "meta-info", "data": Path("/nowhere.json")}, "does not exist"),
        ({"video": True}, "--video needs --every-frame"),
        ({"frames": 0}, "frames is 0"),
        ({"faint": 0.5}, "use 0 < faint <= salient"),
        ({"seed": -1}, "seed is -1"),
        ({"motion": "expert"}, "use --source libero"),
        ({"backend": "unity", "source": "libero"}, "use --source houses"),
    ],
)
def test_bad_settings_are_one_clear_line(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        generate_data(config(tmp_path / "bad", **changes))


def test_another_configuration_is_refused(data: Path) -> None:
    with pytest.raises(SpatuneError, match="another configuration"):
        generate_data(config(data, frames=9))


def test_a_scene_without_questions_says_why(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="no question could be asked"):
        generate_data(config(tmp_path / "none", frames=1, salient=1.0, faint=1e-9, skills=("3q",)))


def test_a_house_that_cannot_be_walked_is_counted(tmp_path: Path, monkeypatch) -> None:
    from spatune.tuning.trajectories import walkthrough

    monkeypatch.setattr(walkthrough, "MAX_STEPS", 3)
    job = SceneJob(config(tmp_path), HOUSES[0])
    results = list(run_scene(job))
    assert len(results) == 2
    assert all("a walk of" in result.problem for result in results)
    assert not list(tmp_path.rglob("*.json")), "the next run tries again"


def test_unity_is_one_clear_line_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SpatuneError, match="Unity build cannot run: ") as caught:
        generate_data(config(tmp_path / "unity", backend="unity"))
    assert "\n" not in str(caught.value) and "backend=embedded" in str(caught.value)
    assert not (tmp_path / "unity").exists()


def test_auto_draws_with_what_the_machine_has(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Unity its bytes are those of the embedded backend, and the folder says so."""
    monkeypatch.setenv("HOME", str(tmp_path))
    other = generate_data(config(tmp_path / "auto", backend="auto"))
    assert digest(other) == digest(data)


def test_the_controller_s_way_asks_the_same_questions(tmp_path: Path) -> None:
    """Unity's way of making walks, with the embedded simulator behind the controller."""
    camera = WalkCamera(96, 96)
    texts = []
    for walker in (
        HouseWalker(load_house(HOUSES[0]), HOUSES[0], camera),
        ThorWalker(load_house(HOUSES[0]), HOUSES[0], camera, "embedded"),
    ):
        with walker:
            subject = Subject(walker.walk(0, 0, 8))
        questions, _ = ask_all(subject, chosen_skills(()), AskSettings(0, 2, 10))
        texts.append([(q.id, q.question, q.answer, q.letter, q.frames) for q in questions])
    assert len(texts[0]) > 30
    assert texts[0] == texts[1]


def test_every_task_of_a_suite_is_a_scene(tmp_path: Path) -> None:
    """Suites differ in size."""
    for suite, count in (("libero_spatial", 10), ("libero_90", 90)):
        scenes = _scenes(config(tmp_path, source="libero", scenes=(suite,)))
        assert scenes == [f"{suite}-{task}" for task in range(count)]


def test_expert_motions_are_a_kind_of_trajectory_of_libero(tmp_path: Path) -> None:
    job = SceneJob(
        config(tmp_path, source="libero", motion="expert", trajectories=1, frames=3),
        "libero_spatial-4",
    )
    (result,) = run_scene(job)
    assert (result.name, result.frames, result.problem) == ("reach-0000", 3, "")
    assert result.questions["object_box_3d"] > 0
    (folder,) = (tmp_path / "trajectories").glob("*/*/")
    trajectory = read_trajectory(folder)
    names = {name for frame in trajectory.frames for name in frame.sightings}
    assert names <= {thing.id for thing in trajectory.scene.objects}
    assert all((folder / frame.file).is_file() for frame in trajectory.frames)


@pytest.mark.slow
def test_ray_writes_the_same_bytes(data: Path, tmp_path: Path) -> None:
    other = generate_data(config(tmp_path / "ray", ray="local", workers=2))
    assert digest(other) == digest(data)
