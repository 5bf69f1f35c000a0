"""Labels of demonstrations as the questions read them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.libero_suites import libero_task
from spatune.errors import SpatuneError
from spatune.tuning import DemoScenes
from spatune.tuning.demo_scenes import in_words


def test_every_frame_has_its_labels(demos: Path) -> None:
    scenes = DemoScenes.load(demos)
    frames = len(scenes)
    assert frames > 8 and set(scenes.episodes) == {0, 1}
    assert set(scenes.instructions) == {libero_task("libero_object", 3).instruction}
    assert [np.load(file, mmap_mode="r").shape for file in scenes.files] == [
        (frames, 32, 32, 3)
    ] * 2
    assert (scenes.goal_index == 0).all()
    # The goal's object is one of the movable ones, and the expert's hand comes to it.
    (goal,) = json.loads((demos / "meta" / "spatune_episodes.json").read_text())[0]["goals"]
    thing, _ = scenes.goal_names(0)
    assert thing == in_words(goal[1])
    place = scenes.object_names[0].index(thing)
    np.testing.assert_array_equal(scenes.goal_pixels[:, :, 0], scenes.object_pixels[:, :, place])
    distances = np.linalg.norm(scenes.gripper - scenes.goal_positions[:, 0], axis=1)
    for episode in (0, 1):
        mine = distances[scenes.episodes == episode]
        assert mine.min() < 0.1 < mine[0]


def test_the_goal_that_comes_next_is_named(demos: Path) -> None:
    scenes = DemoScenes.load(demos)
    index = (np.arange(len(scenes)) % 2).astype(np.int64)
    two = replace(scenes, goals=((("mug", "plate"), ("book", "shelf")),) * 2, goal_index=index)
    assert [two.goal_names(frame) for frame in (0, 1)] == [("mug", "plate"), ("book", "shelf")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("akita_black_bowl_1", "akita black bowl"),
        ("plate", "plate"),
        ("chefmate_8_frypan_12", "chefmate frypan"),
    ],
)
def test_names_become_words(name: str, words: str) -> None:
    assert in_words(name) == words


def test_other_folders_are_refused(tmp_path: Path, demos: Path) -> None:
    with pytest.raises(SpatuneError, match="holds no frames of demonstrations; make them with"):
        DemoScenes.load(tmp_path)
    with pytest.raises(SpatuneError, match="holds no frames of demonstrations"):
        DemoScenes.load(demos / "columns")
