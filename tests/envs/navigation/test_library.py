"""The stored episodes fit their houses, and are what the simulator says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from spatune.envs.houses.library import house_names, house_sha256_of
from spatune.envs.navigation import library
from spatune.envs.navigation.guide import NavGuide
from spatune.envs.navigation.library import stored_episodes
from spatune.envs.navigation.task import NAV_TASKS, SHORTEST_METRES, STEP_METRES
from spatune.errors import SpatuneError

STORED = [(task, split) for task in NAV_TASKS for split in ("val", "test")]


@pytest.mark.parametrize(("task", "split"), STORED)
def test_every_house_has_ten_episodes_of_each_task(task, split) -> None:
    by_house = stored_episodes(task, split)
    assert tuple(by_house) == house_names(split)
    for house, episodes in by_house.items():
        assert len(episodes) == 10 and len(set(episodes)) == 10
        for episode in episodes:
            assert (episode.task, episode.house) == (task, house)
            assert episode.house_sha256 == house_sha256_of(house)
            assert (episode.target != "") == (task == "objectnav")
            assert (episode.goal is not None) == (task == "pointnav")


@pytest.mark.parametrize(("task", "split"), STORED)
def test_the_expert_solved_them_in_a_sensible_number_of_steps(task, split) -> None:
    for episodes in stored_episodes(task, split).values():
        for episode in episodes:
            assert episode.optimal_steps is not None and 1 <= episode.optimal_steps <= 500
            if task != "roomvisit":
                assert episode.start_distance is not None
                assert episode.start_distance >= SHORTEST_METRES
                # The last quarter metre or so need not be walked.
                moves = (episode.start_distance - 0.6) / STEP_METRES
                assert episode.optimal_steps >= moves


@pytest.mark.parametrize("task", NAV_TASKS)
def test_stored_distances_are_those_of_the_simulator(controller, task) -> None:
    guide = NavGuide(controller)
    for episode in stored_episodes(task, "test")[controller.scene][:4]:
        assert guide.distance(episode, episode.start) == pytest.approx(episode.start_distance)
        x, z = episode.start
        position = {"x": x, "y": 0.9, "z": z}
        assert controller.step("Teleport", position=position, rotation=episode.yaw)
        if task == "objectnav":
            assert episode.target in guide.object_types()
            assert not guide.sees(episode.target)


def test_episodes_that_are_not_stored_name_those_that_are() -> None:
    with pytest.raises(SpatuneError, match="no stored episodes of objectnav-train.*pointnav-val"):
        stored_episodes("objectnav", "train")


def test_files_hold_the_hash_of_their_episodes(tmp_path: Path, monkeypatch) -> None:
    text = (library._FOLDER / "pointnav-val.json").read_text()
    (tmp_path / "pointnav-val.json").write_text(text.replace('"yaw": 30.0', '"yaw": 60.0', 1))
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    stored_episodes.cache_clear()
    try:
        with pytest.raises(SpatuneError, match="was changed"):
            stored_episodes("pointnav", "val")
    finally:
        stored_episodes.cache_clear()
