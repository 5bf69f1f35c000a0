"""VSI-Bench's annotations: frames, axes, errors; and the answers of 36 real scenes."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.tuning.questions.counting import object_counting
from spatune.tuning.questions.distance import object_abs_distance, object_rel_distance
from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.rooms import room_size_estimation
from spatune.tuning.questions.size import object_shortest_side, object_size_estimation
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.scene import Scene
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory
from spatune.tuning.scenes.vsi_meta_info import read_meta_info

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "vsi_meta_info"
REAL = [DATA / f"{name}_sample.json" for name in ("arkitscenes", "scannet", "scannetpp")]

# A desk of 2 x 1 x 0.8 m, its long side 30 degrees from x in the file's frame (z up), and two cups.
COS, SIN = np.cos(np.pi / 6), np.sin(np.pi / 6)
DESK = {
    "centroid": [1.0, 2.0, 0.4],
    "axesLengths": [2.0, 0.8, 1.0],
    "normalizedAxes": [COS, SIN, 0, 0, 0, -1, -SIN, COS, 0],
    "min": [1 - COS - SIN / 2, 2 - SIN - COS / 2, 0.0],
    "max": [1 + COS + SIN / 2, 2 + SIN + COS / 2, 0.8],
}


def cup(x: float) -> dict[str, Any]:
    return {
        "centroid": [x, 0.0, 0.05],
        "axesLengths": [0.1, 0.1, 0.1],
        "normalizedAxes": [1, 0, 0, 0, 1, 0, 0, 0, 1],
        "min": [x - 0.05, -0.05, 0.0],
        "max": [x + 0.05, 0.05, 0.1],
    }


SCENES = {
    "office_7": {
        "dataset": "scannet",
        "room_size": 17.5,
        "room_center": [0.0, 0.0, 0.0],
        "object_counts": {"desk": 1, "cup": 2},
        "object_bbox": {"desk": [DESK], "cup": [cup(3.0), cup(4.0)]},
    }
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        path = tmp_path / "meta.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def changed(path: str, change: Callable[[Any, str | int], None]) -> dict[str, Any]:
    """The scenes with a change of the member at a dotted path of the scene."""
    scenes = copy.deepcopy(SCENES)
    at: Any = scenes["office_7"]
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in parents:
        at = at[key]
    change(at, last)
    return scenes


def set_to(value: Any) -> Callable[[Any, str | int], None]:
    def change(parent: Any, key: str | int) -> None:
        parent[key] = value

    return change


def remove(parent: Any, key: str | int) -> None:
    del parent[key]


def test_a_scene_is_read_into_the_left_handed_frame_with_y_up(written) -> None:
    (scene,) = read_meta_info(written(SCENES))
    assert (scene.name, scene.source, scene.area) == ("office_7", "scannet", 17.5)
    assert [thing.category for thing in scene.objects] == ["cup", "cup", "desk"]
    assert len(scene.by_id) == 3
    desk = scene.objects[2].box
    assert desk.center == pytest.approx([1.0, 0.4, 2.0])
    assert desk.low == pytest.approx(np.array(DESK["min"])[[0, 2, 1]], abs=1e-5)
    assert desk.high == pytest.approx(np.array(DESK["max"])[[0, 2, 1]], abs=1e-5)


def test_the_vertical_axis_becomes_the_boxs_own_y(written) -> None:
    (scene,) = read_meta_info(written(SCENES))
    desk = scene.objects[2].box
    assert desk.axes[1] == pytest.approx([0, 1, 0])
    assert desk.lengths[1] == pytest.approx(0.8)
    for thing in scene.objects:
        assert np.linalg.det(thing.box.axes) == pytest.approx(1, abs=1e-4), "not mirrored"
    long_side = desk.axes[int(desk.lengths.argmax())]
    assert abs(long_side @ [COS, 0, SIN]) == pytest.approx(1, abs=1e-5)


def test_the_same_box_twice_is_one_object(written) -> None:
    scenes = changed("object_bbox.desk", set_to([DESK, copy.deepcopy(DESK)]))
    (scene,) = read_meta_info(written(scenes))
    assert [thing.category for thing in scene.objects] == ["cup", "cup", "desk"]


@pytest.mark.parametrize(
    "path",
    ["dataset", "room_size", "object_counts", "object_bbox", "object_counts.cup", "object_bbox.cup"]
    + [f"object_bbox.cup.1.{key}" for key in DESK],
)
def test_a_missing_field_is_named_with_its_scene(written, path: str) -> None:
    with pytest.raises(SpatuneError) as error:
        read_meta_info(written(changed(path, remove)))
    assert f"office_7.{path.replace('.1.', '[1].')}: missing" in str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("room_size", "large", "office_7.room_size: expected a number, got 'large'"),
        ("room_size", -1, "office_7.room_size: expected a number at least 0"),
        ("object_counts", [], "office_7.object_counts: expected an object"),
        ("object_counts.cup", 3, "office_7.object_counts.cup: says 3, but object_bbox has 2"),
        ("object_bbox.cup", {}, "office_7.object_bbox.cup: expected a list"),
        ("object_bbox.cup.0.centroid", [1, 2], "cup[0].centroid: expected a list of 3"),
        ("object_bbox.cup.0.axesLengths", [1, 2, -3], "axesLengths[2]: expected a number at least"),
        ("object_bbox.cup.0.normalizedAxes", [1, 0, 0], "normalizedAxes: expected a list of 9"),
        ("object_bbox.cup.0.normalizedAxes", [1] * 9, "normalizedAxes: expected perpendicular"),
        ("object_bbox.cup.0.min", [0, None, 0], "cup[0].min[1]: expected a number, got null"),
        ("object_bbox.cup.0.max", [3.05, 0.05, 0.3], "cup[0].max: 0.20 m away from"),
        ("object_bbox.cup.0.max", [3.05, 0.05, float("nan")], "max[2]: expected a finite number"),
    ],
)
def test_a_wrong_field_is_named_with_its_scene(written, path: str, value: Any, said: str) -> None:
    with pytest.raises(SpatuneError, match=re.escape(said)) as error:
        read_meta_info(written(changed(path, set_to(value))))
    assert "office_7" in str(error.value) and "\n" not in str(error.value)


def test_axes_written_as_columns_are_refused(written) -> None:
    columns = np.array(DESK["normalizedAxes"]).reshape(3, 3).T.ravel().tolist()
    with pytest.raises(SpatuneError, match="m away from what centroid, axesLengths and normalized"):
        read_meta_info(written(changed("object_bbox.desk.0.normalizedAxes", set_to(columns))))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(SCENES)[:200], "not JSON, or cut off"),
        ("", "not JSON, or cut off"),
        ("[]", "expected a JSON object from names of scenes"),
        ("{}", "expected a JSON object from names of scenes"),
        ('{"office_7": 3}', "office_7: expected an object"),
    ],
)
def test_a_file_that_holds_no_scenes_is_said_so(written, content: str, said: str) -> None:
    path = written(content)
    with pytest.raises(SpatuneError, match=re.escape(f"{path}: {said}")):
        read_meta_info(path)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match=r"none\.json: no such file"):
        read_meta_info(tmp_path / "none.json")
    with pytest.raises(SpatuneError, match="cannot be read"):
        read_meta_info(tmp_path)


# What follows compares with the real annotations by formulas of its own.


@pytest.fixture(params=REAL, ids=lambda path: path.stem)
def real(request: pytest.FixtureRequest) -> list[tuple[dict[str, Any], Scene]]:
    if not request.param.is_file():
        pytest.skip("no ../shared/data/vsi_meta_info")
    raw = json.loads(request.param.read_text())
    scenes = read_meta_info(request.param)
    assert [scene.name for scene in scenes] == list(raw)
    return [(raw[scene.name], scene) for scene in scenes]


def drafts(ask: Callable[..., Draft], scene: Scene) -> list[Draft]:
    subject, found = Subject(Trajectory("all", scene)), []
    for seed in range(15):
        try:
            found.append(ask(subject, np.random.default_rng(seed)))
        except Unsuitable:
            continue
    return found


def between(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Metres between the axis-aligned bounds of two annotated boxes."""
    gaps = [
        max(one["min"][i] - other["max"][i], other["min"][i] - one["max"][i], 0) for i in range(3)
    ]
    return sum(gap**2 for gap in gaps) ** 0.5


def least(boxes: dict[str, Any], first: str, second: str) -> float:
    return min(between(a, b) for a, b in product(boxes[first], boxes[second]))


def test_real_boxes_are_those_of_the_annotation(real) -> None:
    assert len(real) == 12
    for raw, scene in real:
        assert scene.area == pytest.approx(raw["room_size"], abs=1e-5)
        for category, records in raw["object_bbox"].items():
            ours = [thing.box for thing in scene.objects if thing.category == category]
            assert len(ours) == raw["object_counts"][category]
            for record in records:
                low = np.array(record["min"])[[0, 2, 1]]
                near = min(ours, key=lambda box: float(np.abs(box.low - low).max()))
                assert near.low == pytest.approx(low, abs=1e-5)
                assert sorted(near.lengths) == pytest.approx(
                    sorted(record["axesLengths"]), abs=1e-5
                )


def test_real_counts_are_asked_right(real) -> None:
    asked = 0
    for raw, scene in real:
        for draft in drafts(object_counting, scene):
            asked += 1
            assert int(draft.answer) == raw["object_counts"][draft.provenance["category"]]
    assert asked == 12 * 15


@pytest.mark.parametrize(
    ("ask", "side"), [(object_size_estimation, max), (object_shortest_side, min)]
)
def test_real_sizes_are_asked_right(real, ask: Callable[..., Draft], side: Callable) -> None:
    asked = 0
    for raw, scene in real:
        for draft in drafts(ask, scene):
            asked += 1
            assert raw["object_counts"][draft.key[0]] == 1
            record = raw["object_bbox"][draft.key[0]][0]
            assert abs(int(draft.answer) - 100 * side(record["axesLengths"])) <= 2.5 + 1e-3
            assert int(draft.answer) % 5 == 0
    assert asked > 100


def test_real_distances_are_asked_right(real) -> None:
    asked = 0
    for raw, scene in real:
        for draft in drafts(object_abs_distance, scene):
            asked += 1
            truth = least(raw["object_bbox"], *draft.key)
            assert truth > 0.15 - 1e-5
            assert float(draft.answer) == pytest.approx(truth, abs=0.05 + 1e-5)
    assert asked > 40


def test_real_nearest_categories_are_asked_right(real) -> None:
    asked = 0
    for raw, scene in real:
        for draft in drafts(object_rel_distance, scene):
            asked += 1
            reference = draft.key[0]
            options = [draft.answer, *draft.wrong]
            assert raw["object_counts"][reference] == 1 and len(set(options)) == 4
            gaps = [least(raw["object_bbox"], reference, name) for name in options]
            assert gaps[0] + 0.15 - 1e-5 < min(gaps[1:])
    assert asked > 10


def test_real_rooms_are_asked_right(real) -> None:
    for raw, scene in real:
        for draft in drafts(room_size_estimation, scene):
            assert float(draft.answer) == pytest.approx(raw["room_size"], abs=0.05 + 1e-5)
