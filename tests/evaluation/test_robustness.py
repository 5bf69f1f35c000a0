"""Results per perturbation: counts, pairs with the plain episodes, table, picture, report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console

from spatune.errors import SpatuneError
from spatune.evaluation import (
    EnvFactory,
    EpisodeKey,
    EpisodeRecord,
    EpisodeStore,
    Lane,
    run_lanes,
    summarise,
)
from spatune.evaluation.robustness import Robustness
from spatune.evaluation.robustness_plot import draw_robustness
from spatune.evaluation.robustness_report import RobustnessReport
from spatune.evaluation.robustness_table import robustness_table
from spatune.evaluation.schedule import Schedule
from spatune.evaluation.workers import WorkItem

REACH = Path(__file__).with_name("reach_env.py")
NAMES = ("none", "camera:1", "pro:swap")
Outcomes = dict[str, list[bool | None]]


def records(outcomes: Outcomes, make: Callable[..., EpisodeRecord]) -> list[EpisodeRecord]:
    """Outcome of init state i, by perturbation; None for an error."""
    found = []
    for name, solved in outcomes.items():
        for init, success in enumerate(solved):
            record = make(0, init, 50 if success else None)
            record = replace(record, key=replace(record.key, perturbation=name))
            if success is None:
                record = replace(record, success=None, error="RuntimeError")
            found.append(record)
    return found


def keys(episodes: int) -> list[EpisodeKey]:
    return [
        EpisodeKey("libero", "libero_object", 0, init, perturbation=name)
        for init in range(episodes)
        for name in NAMES
    ]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_counts_and_differences_are_those_of_the_episodes(
    episode: Callable[..., EpisodeRecord], pairs: list[tuple[bool, bool]]
) -> None:
    plain, changed = map(list, zip(*pairs, strict=True))
    outcomes: Outcomes = {"none": plain, "camera:1": changed, "pro:swap": plain}
    found = Robustness.of(records(outcomes, episode), keys(len(pairs)), NAMES)
    assert [row.perturbation for row in found.rows] == list(NAMES)
    assert [row.total.successes for row in found.rows] == [sum(plain), sum(changed), sum(plain)]
    base, camera, swap = found.rows
    assert base.paired is None and camera.paired and swap.paired
    assert camera.paired.difference == (sum(changed) - sum(plain)) / len(pairs)
    assert camera.paired.second_only == sum(b and not a for a, b in pairs)
    assert swap.paired.difference == 0
    assert (camera.dimension, camera.magnitude) == ("camera", 1.0)
    assert (swap.dimension, swap.magnitude) == ("pro", None)


def test_errors_and_missing_episodes_are_said_and_not_counted(
    episode: Callable[..., EpisodeRecord],
) -> None:
    outcomes: Outcomes = {"none": [True, None, True], "camera:1": [False, True], "pro:swap": []}
    found = Robustness.of(records(outcomes, episode), keys(3), NAMES)
    base, camera, swap = found.rows
    assert (base.total.successes, base.total.episodes, base.total.errors) == (2, 2, 1)
    assert camera.paired and camera.paired.episodes == 1 and camera.paired.unpaired == 2
    assert swap.paired is None and swap.total.missing == 3
    console = Console(width=100, record=True, file=open("/dev/null", "w"))
    console.print(robustness_table(found, "title"))
    text = console.export_text()
    assert "camera:1: 1 missing, 2 without their counterpart, of 3 episodes" in text
    assert "none: 1 ended by an error, of 3 episodes" in text
    assert "2/2" in text and "0/0" in text and "-100.0" in text


def test_without_a_baseline_there_is_no_difference(episode: Callable[..., EpisodeRecord]) -> None:
    found = Robustness.of(records({"camera:1": [True]}, episode), keys(1)[1:2], ["camera:1"])
    assert found.baseline is None and found.rows[0].paired is None
    assert "McNemar" not in str(robustness_table(found, "title").caption)


def test_the_report_has_every_perturbation_and_the_picture_shows_it(
    tmp_path: Path, episode: Callable[..., EpisodeRecord]
) -> None:
    outcomes: Outcomes = {"none": [True] * 9, "camera:1": [True, False] * 4, "pro:swap": [False]}
    done = records(outcomes, episode)
    found = Robustness.of(done, keys(9), NAMES)
    plain = [key for key in keys(9) if key.perturbation == "none"]
    report = RobustnessReport(
        tmp_path, {}, summarise(done, plain), {}, robustness=found, title="who"
    )
    data = json.loads(report.write().read_text())
    assert data["total"]["successes"] == 9 == data["total"]["episodes"]
    rows = {row["perturbation"]: row for row in data["robustness"]}
    assert list(rows) == list(NAMES)
    assert rows["camera:1"]["total"]["wilson95"] == list(found.rows[1].total.wilson())
    assert rows["camera:1"]["paired"]["difference"] == -0.5
    assert len(rows["camera:1"]["paired"]["difference95"]) == 2
    assert rows["none"]["paired"] is None
    drawn = np.asarray(Image.open(tmp_path / "robustness.png").convert("RGB"))
    assert drawn.shape[0] > 150 and drawn.shape[1] > 600
    better = Robustness.of(records({**outcomes, "pro:swap": [True]}, episode), keys(9), NAMES)
    draw_robustness(better, tmp_path / "b.png", "who")
    assert not np.array_equal(drawn, np.asarray(Image.open(tmp_path / "b.png").convert("RGB")))


def test_a_perturbation_with_a_suite_of_its_own_has_its_own_environment() -> None:
    factory = EnvFactory("m:f", suffixes={"pro:swap": "_swap"})
    places = [factory.place(key) for key in keys(1)]
    assert places == [("libero_object", 0), ("libero_object", 0), ("libero_object_swap", 0)]
    items = [WorkItem(key, 0, factory.place(key)[0]) for key in keys(2)]
    schedule, place, taken = Schedule(items), None, []
    while (item := schedule.take(place, [])) is not None:
        place = item.place
        taken.append(item.key.perturbation)
    # The environment of the plain suite is built once, and then the other one.
    assert taken == ["camera:1", "none", "camera:1", "none", "pro:swap", "pro:swap"]


def test_a_worker_builds_the_suite_of_the_perturbation(reach: ModuleType, tmp_path: Path) -> None:
    key = EpisodeKey("reach", "no", 0, 0, perturbation="pro:ne")
    factory = EnvFactory(f"{REACH}:ReachEnv", suffixes={"pro:ne": "ne"})
    with EpisodeStore(tmp_path / "run", {}) as store:
        lane = Lane("none", reach.SeekPolicy(), store, (key,))
        # This environment refuses one suite by its name, which only the suffix can have made.
        with pytest.raises(SpatuneError, match="suite 'none' is unknown"):
            run_lanes([lane], factory)
