"""Navigation episodes as data: written, read, and refused when something is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.envs.navigation.episode import NavEpisode, episodes_json, read_episodes
from spatune.envs.navigation.task import NAV_TASKS
from spatune.errors import SpatuneError

numbers = st.floats(-100, 100)
points = st.tuples(numbers, numbers)
EPISODE = NavEpisode("pointnav", "test-1", "ab" * 32, (1.0, 2.5), 30.0, 0.0, goal=(3.0, 4.0))


@st.composite
def episodes(draw: st.DrawFn) -> NavEpisode:
    task = draw(st.sampled_from(NAV_TASKS))
    return NavEpisode(
        task=task,
        house=draw(st.text(max_size=8)),
        house_sha256=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        start=draw(points),
        yaw=draw(numbers),
        horizon=draw(numbers),
        target="Apple" if task == "objectnav" else "",
        goal=draw(points) if task == "pointnav" else None,
        start_distance=draw(st.none() | st.floats(0, 50)),
        optimal_steps=draw(st.none() | st.integers(1, 500)),
    )


@given(episodes())
def test_json_gives_an_episode_back(episode: NavEpisode) -> None:
    assert NavEpisode.from_json(json.loads(json.dumps(episode.to_json()))) == episode


@given(st.lists(episodes(), max_size=5))
def test_a_file_gives_its_episodes_back(tmp_path_factory, found: list[NavEpisode]) -> None:
    path = tmp_path_factory.mktemp("episodes") / "episodes.json"
    path.write_text(episodes_json(found))
    assert read_episodes(path) == tuple(found)


@pytest.mark.parametrize(
    ("task", "target", "words"),
    [
        ("objectnav", "Apple", "find an apple"),
        ("objectnav", "GarbageCan", "find a garbage can"),
        ("objectnav", "AlarmClock", "find an alarm clock"),
        ("pointnav", "", "go to the goal"),
        ("roomvisit", "", "visit every room"),
    ],
)
def test_the_task_in_words(task, target: str, words: str) -> None:
    assert replace(EPISODE, task=task, target=target).instruction == words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "fly"}, "unknown task 'fly'.*objectnav, pointnav, roomvisit"),
        ({"task": "objectnav"}, "needs a target"),
        ({"goal": None}, "needs a goal"),
        ({"start": [1.0]}, "not a navigation episode"),
        ({"start": "here"}, "not a navigation episode"),
        ({"goal": [1.0, 2.0, 3.0]}, "not a navigation episode"),
        ({"yaw": "north"}, "not a navigation episode.*north"),
        ({"horizon": None}, "not a navigation episode"),
        ({"colour": "red"}, "not a navigation episode.*colour"),
    ],
)
def test_a_wrong_field_is_refused(changes, said: str) -> None:
    with pytest.raises(SpatuneError, match=said) as caught:
        NavEpisode.from_json({**EPISODE.to_json(), **changes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["task", "house", "house_sha256", "start", "yaw", "horizon"])
def test_a_missing_field_is_named(name: str) -> None:
    data = EPISODE.to_json()
    del data[name]
    with pytest.raises(SpatuneError, match=name):
        NavEpisode.from_json(data)


def test_a_file_that_is_changed_or_damaged_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "episodes.json"
    with pytest.raises(SpatuneError, match="no file of episodes"):
        read_episodes(path)
    good = episodes_json([EPISODE])
    path.write_text(good.replace("2.5", "2.6"))
    with pytest.raises(SpatuneError, match="was changed"):
        read_episodes(path)
    for bad in (good[:-4], "[]", "{}", "7"):
        path.write_text(bad)
        with pytest.raises(SpatuneError, match="not a file of navigation episodes"):
            read_episodes(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpatuneError, match="not a file of navigation episodes"):
        read_episodes(path)
