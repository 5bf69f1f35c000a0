"""Pictures of metric questions at one focal length, on real walks through a house."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from spatune.envs.houses.library import house_entries
from spatune.errors import SpatuneError
from spatune.tuning.fov import unify_camera
from spatune.tuning.generation.config import GenerateConfig
from spatune.tuning.generation.generate import generate_data
from spatune.tuning.mixes.config import MixConfig
from spatune.tuning.mixes.metric_views import METRIC_TASKS
from spatune.tuning.mixes.mix import make_mix
from spatune.tuning.quality.question_files import QuestionFiles
from spatune.tuning.questions.question import Question
from spatune.tuning.questions.registry import all_skills
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.simsv import read_trajectory

HOUSE = next(e.name for e in house_entries() if e.split == "train" and e.rooms == 1)
FOCAL = 300.0


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A walk of six frames with its segmentation; pictures are wider than they are high."""
    return generate_data(
        GenerateConfig(
            tmp_path_factory.mktemp("walk") / "data", scenes=(HOUSE,), trajectories=1, frames=6,
            width=160, height=112, segmentation=True, workers=1,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def mix(walk: Path) -> Path:
    """All its questions, with metric ones at a focal length of 300 pixels."""
    config = MixConfig(walk, walk.parent / "mix", mix="all", unify_fov=FOCAL, copy_images=True)
    return make_mix(config)


def records(mix: Path) -> dict[str, dict]:
    lines = (mix / "train.jsonl").read_text().splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


def stated_camera(prompt: str) -> tuple[int, int, float, float]:
    """Width, height, fx and fy that the prompt names, pixels."""
    found = re.search(
        r"image width (\d+) px, height (\d+) px, focal length fx ([\d.]+) px, fy ([\d.]+) px",
        prompt,
    )
    assert found, prompt
    width, height, fx, fy = found.groups()
    return int(width), int(height), float(fx), float(fy)


def corners(numbers: list[float]) -> np.ndarray:
    """Corners (8, 3) in camera coordinates, metres, of a box as its question defines it."""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    turn = Rotation.from_euler("xyz", np.array(numbers[6:]) * 180, degrees=True)
    return turn.apply(signs * numbers[3:6] / 2) + numbers[:3]


def test_metric_tasks_are_all_single_images_answered_in_metres() -> None:
    skills = all_skills().values()
    assert METRIC_TASKS == {
        skill.name
        for skill in skills
        if skill.media == "image" and skill.capability == "MM"
        and (skill.form in ("number", "boxes3d")) and skill.group != "counting"
    }  # fmt: skip


def test_metric_pictures_have_the_stated_size_and_the_unified_focal_length(mix: Path) -> None:
    kinds = {True: 0, False: 0}
    for question in QuestionFiles(mix):
        record = records(mix)[question.id]
        prompt = record["conversations"][0]["value"]
        metric = question.task in METRIC_TASKS
        assert ("Camera: " in prompt) == metric
        kinds[metric] += 1
        for name in record["image"]:
            with Image.open(mix / name) as image:
                if not metric:
                    assert image.size == (160, 112)
                    continue
                width, height, fx, fy = stated_camera(prompt)
                assert image.size == (width, height)
                assert width % 28 == height % 28 == 0
                assert fx == pytest.approx(FOCAL, rel=28 / width / 2 + 1e-3)
                assert fy == pytest.approx(FOCAL, rel=28 / height / 2 + 1e-3)
        if metric:
            before, after = prompt.index("Camera: "), prompt.index(question.question[:40])
            assert before < after
    assert min(kinds.values()) >= 10


def test_a_box_lands_on_its_object_in_the_rescaled_picture(walk: Path, mix: Path) -> None:
    """With nothing but the prompt's camera the answer's corners frame the object's pixels."""
    folder = walk / "trajectories" / HOUSE / "walk-0000"
    names = json.loads((folder / "segmentation.json").read_text())
    checked = 0
    for question in QuestionFiles(mix):
        if question.task != "object_box_3d":
            continue
        human, gpt = records(mix)[question.id]["conversations"]
        width, height, fx, fy = stated_camera(human["value"])
        owners = np.asarray(
            Image.open(folder / f"segmentation/{question.frames[0]:06d}.png").resize(
                (width, height), Image.Resampling.NEAREST
            )
        )
        boxes = json.loads(gpt["value"].strip("`").removeprefix("json"))
        for entry, thing in zip(boxes, question.provenance["objects"], strict=True):
            x, y, z = corners(entry["bbox_3d"]).T
            columns, rows = fx * x / z + width / 2, fy * y / z + height / 2
            seen_rows, seen_columns = np.nonzero(owners == names.index(thing))
            # Answers are rounded to centimetres and thousandths of a half turn.
            slack = 3.0 + 0.012 * FOCAL / z.min()
            assert columns.min() - slack <= seen_columns.min()
            assert seen_columns.max() <= columns.max() + slack
            assert rows.min() - slack <= seen_rows.min() and seen_rows.max() <= rows.max() + slack
            filled = np.ptp(seen_columns) * np.ptp(seen_rows) / (np.ptp(columns) * np.ptp(rows))
            assert filled > 0.1, "the outline is not much larger than what it is around"
            checked += 1
    assert checked >= 3


def test_marks_are_at_their_place_in_the_rescaled_picture(walk: Path, mix: Path) -> None:
    marked = [q for q in QuestionFiles(mix) if q.task == "point_depth"]
    assert marked
    for question in marked:
        (name,) = records(mix)[question.id]["image"]
        ((_, column, row),) = question.marks[0]
        with Image.open(mix / name) as image:
            drawn = np.asarray(image.convert("RGB"), float)
            size = image.size
        source = walk / f"trajectories/{HOUSE}/walk-0000/frames/{question.frames[0]:06d}.jpg"
        with Image.open(source) as image:
            plain = np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS), float)
        rows, columns = np.nonzero(np.abs(drawn - plain).max(axis=2) > 90)
        gaps = np.hypot(columns + 0.5 - column * size[0], rows + 0.5 - row * size[1])
        assert np.sort(gaps)[: len(gaps) // 4].max() < 12.0, "the ring is around the point"


def test_parquet_holds_the_rescaled_pictures(walk: Path, tmp_path: Path) -> None:
    from io import BytesIO

    import pyarrow.parquet as parquet

    out = make_mix(
        MixConfig(
            walk, tmp_path / "out", mix="all", unify_fov=FOCAL, patch=32, formats=("parquet",),
            image_paths=True,
        )
    )  # fmt: skip
    (file,) = out.glob("*.parquet")
    metric = 0
    for row in parquet.read_table(file).to_pylist():
        if row["task"] in METRIC_TASKS:
            width, height, *_ = stated_camera(row["prompt"][0]["content"][-1]["text"])
            with Image.open(BytesIO(row["images"][0]["bytes"])) as image:
                assert image.size == (width, height)
            assert width % 32 == height % 32 == 0
            metric += 1
        elif row["task"] == "scene_caption":
            assert row["images"][0]["bytes"] is None
    assert metric >= 10


def test_without_the_option_nothing_tells_of_it(walk: Path, tmp_path: Path) -> None:
    out = make_mix(MixConfig(walk, tmp_path / "out", mix="all"))
    assert not {"unify_fov", "patch"} & set(json.loads((out / "config.json").read_text()))
    assert "Camera: image width" not in (out / "train.jsonl").read_text()
    assert not (out / "images" / "rescaled").exists()


def test_impossible_focal_lengths_are_refused(walk: Path, tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="--unify-fov 0"):
        make_mix(MixConfig(walk, tmp_path / "out", unify_fov=0.0))
    assert not (tmp_path / "out").exists()


def test_a_picture_of_another_size_than_its_camera_s_is_one_clear_error(
    walk: Path, tmp_path: Path
) -> None:
    import shutil

    data = tmp_path / "data"
    shutil.copytree(walk, data)
    for file in data.rglob("*.jpg"):
        Image.new("RGB", (80, 56)).save(file)
    with pytest.raises(SpatuneError, match="the image is 80 x 56, its camera makes 160 x 112"):
        make_mix(MixConfig(data, tmp_path / "out", mix="all", unify_fov=FOCAL))


def test_the_camera_is_that_of_the_frame(walk: Path, mix: Path) -> None:
    trajectory = read_trajectory(walk / "trajectories" / HOUSE / "walk-0000")
    cameras = {frame.index: frame.camera for frame in trajectory.frames}
    for question in QuestionFiles(mix):
        if question.task in METRIC_TASKS:
            assert (
                _text(cameras, question) in records(mix)[question.id]["conversations"][0]["value"]
            )


def _text(cameras: dict[int, Pinhole], question: Question) -> str:
    return unify_camera(cameras[question.frames[0]], multiple=28, target=FOCAL).text
