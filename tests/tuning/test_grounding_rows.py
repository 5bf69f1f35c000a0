"""`spatune data grounding`: questions about demonstrations as rows that tuning reads."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.experts.demos import write_demos
from spatune.envs.experts.demos_config import DemosLiberoConfig
from spatune.errors import SpatuneError
from spatune.policies.frames_dataset import FramesConfig, build_frames
from spatune.tuning import DemoScenes
from spatune.tuning.grounding_rows import GroundingConfig, make_grounding_rows
from spatune.tuning.samples.pictures import ArrayFrame, decode
from spatune.tuning.samples.read import read_rows

SUBJECTS = {"object": (0, 0), "place": (0, 1), "hand": (1, 0)}
"""Camera and subject that each part of an answer to an instruction points at."""


def text(out: Path) -> str:
    return (out / "train.jsonl").read_text()


def points(answer: str) -> dict[str, tuple[float, float]]:
    """Column and row, as fractions, of each part of an answer to an instruction."""
    found = re.findall(r"(object|place|hand) <loc(\d+)><loc(\d+)>", answer)
    return {name: ((int(x) + 0.5) / 128, (int(y) + 0.5) / 128) for name, x, y in found}


def test_rows_show_both_cameras_of_their_frame(demos: Path, tmp_path: Path) -> None:
    out = make_grounding_rows(GroundingConfig(demos, tmp_path / "rows", held_out=0, per_frame=3))
    scenes, rows = DemoScenes.load(demos), read_rows([out])
    assert len(rows) == 3 * len(scenes) and len({row.id for row in rows}) == len(rows)
    shown = []
    for row in rows:
        first, second = row.pictures
        assert isinstance(first, ArrayFrame) and isinstance(second, ArrayFrame)
        assert first.place == second.place and first.file != second.file
        assert row.parts[:2] == (None, None)
        shown.append(first.place)
        if row.task == "act":
            expected = scenes.goal_pixels[first.place]
            for name, seen in points(row.answer).items():
                np.testing.assert_allclose(seen, expected[*SUBJECTS[name], :2], atol=1 / 128)
    assert sorted(shown) == sorted([*range(len(scenes))] * 3) != shown
    np.testing.assert_array_equal(decode(rows[0].pictures[1]), np.load(scenes.files[1])[shown[0]])
    summary = json.loads((out / "summary.json").read_text())
    assert summary["questions"] == sum(summary["skills"].values()) == len(rows)
    assert "act" in summary["skills"] and summary["held_out_episodes"] == []


def test_naming_rows_have_no_place(demos: Path, tmp_path: Path) -> None:
    config = GroundingConfig(demos, tmp_path / "rows", theme="naming", per_frame=5)
    rows = read_rows([make_grounding_rows(config)])
    assert not any("<loc" in row.prompt + row.answer for row in rows)
    assert {row.task for row in rows} == {"act_names", "goal", "list", "present"}


def test_held_out_episodes_are_not_asked_about(demos: Path, tmp_path: Path) -> None:
    out = make_grounding_rows(GroundingConfig(demos, tmp_path / "rows", held_out=0.5))
    (held,) = json.loads((out / "summary.json").read_text())["held_out_episodes"]
    scenes = DemoScenes.load(demos)
    shown = {row.pictures[0].place for row in read_rows([out])}  # pyright: ignore
    assert shown == set(np.flatnonzero(scenes.episodes != held))


def test_equal_seeds_give_equal_files(demos: Path, tmp_path: Path) -> None:
    config = GroundingConfig(demos, tmp_path / "a", per_frame=2)
    first = make_grounding_rows(config)
    # What a killed run left does not get in.
    (tmp_path / "b.work").mkdir()
    (tmp_path / "b.work" / "left").write_text("over")
    again = make_grounding_rows(replace(config, out=tmp_path / "b"))
    other = make_grounding_rows(replace(config, out=tmp_path / "c", seed=1))
    assert text(first) == text(again) != text(other)
    assert {file.name for file in again.iterdir()} == {"summary.json", "train.jsonl"}


def test_bad_input_is_one_line(demos: Path, tmp_path: Path) -> None:
    config = GroundingConfig(demos, tmp_path / "rows")
    for changed, line in (
        (replace(config, out=tmp_path), "exists already"),
        (replace(config, per_frame=0), "--per-frame is 1 or more"),
        (replace(config, held_out=1.0), "--held-out a share from 0 to below 1"),
        (replace(config, dataset=tmp_path), "holds no frames of demonstrations"),
    ):
        with pytest.raises(SpatuneError, match=line):
            make_grounding_rows(changed)


@pytest.mark.slow
def test_of_two_goals_the_one_that_comes_next_is_pointed_at(tmp_path: Path) -> None:
    config = DemosLiberoConfig(
        out=tmp_path / "demos", suites=("libero_10",), tasks=(0,), episodes=1, render_every=10,
        image_size=64, workers=1,
    )  # fmt: skip
    frames = build_frames(FramesConfig(write_demos(config), tmp_path / "frames"))
    scenes = DemoScenes.load(frames)
    index = scenes.goal_index
    assert len(scenes.goals[0]) == 2 and set(index) == {0, 1}
    assert (np.diff(index) >= 0).all()
    rows = {}
    for theme in ("spatial", "naming"):
        out = GroundingConfig(frames, tmp_path / theme, theme, per_frame=4, held_out=0)
        rows[theme] = read_rows([make_grounding_rows(out)])
    pointed = {0: 0, 1: 0}
    for row in rows["spatial"]:
        frame = row.pictures[0].place  # pyright: ignore[reportAttributeAccessIssue]
        if row.task == "act" and "object" in points(row.answer):
            thing = scenes.object_names[0].index(scenes.goal_names(frame)[0])
            seen = scenes.object_pixels[frame, 0, thing, :2]
            np.testing.assert_allclose(points(row.answer)["object"], seen, atol=1 / 128)
            pointed[int(index[frame])] += 1
    assert min(pointed.values()) > 0
    for row in rows["naming"]:
        frame = row.pictures[0].place  # pyright: ignore[reportAttributeAccessIssue]
        if row.task in ("act_names", "goal"):
            assert row.answer == "object {} place {}".format(*scenes.goal_names(frame))
