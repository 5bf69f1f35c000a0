"""Bad arguments of `eval nav` end in one clear line before any work, and plans are identities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spatune.bench_nav import plan as plan_module
from spatune.bench_nav.config import EvalNavConfig
from spatune.bench_nav.environment import parse_suite, suite_name
from spatune.bench_nav.plan import make_plan
from spatune.bench_nav.runner import run_eval
from spatune.envs.houses.library import house_names, house_sha256_of
from spatune.envs.navigation.library import stored_episodes
from spatune.errors import SpatuneError

RANDOM = EvalNavConfig(policy="random", backend="embedded", houses="0,2", episodes=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"houses": "1,10"}, "there is no house 10; there are houses 0 to 9"),
        ({"houses": "one"}, "cannot read 'one'"),
        ({"houses": "3-1"}, "runs backwards"),
        ({"episodes": 11}, r"episodes = 11: house 0 \(test-\w+\) has stored pointnav .* 1 to 10"),
        ({"episodes": 0}, "episodes = 0"),
        ({"split": "train"}, "no stored episodes of pointnav-train; there are: objectnav-test"),
        ({"workers": 0}, "workers and max_batch must be at least 1"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"image_size": 0}, "image_size is 0"),
        ({"image_size": -5}, "image_size is -5"),
        ({"backend": "godot"}, "no backend 'godot'; choose one of: auto, embedded, unity"),
        ({"policy": "nowhere"}, "policy 'nowhere' is neither"),
        ({"control": "blind"}, "--control blind is for policies that see; random does not"),
        ({"policy": "oracle", "control": "blind"}, "oracle does not"),
        ({"reason_every": 1}, "policy random cannot be asked before it acts"),
        (
            {"policy": "embedded-nav", "reason_every": 1},
            "trained without reasoning, and --reason-every 1",
        ),
    ],
)
def test_one_clear_line(changes: dict, message: str, tmp_path: Path) -> None:
    config = replace(RANDOM, out=tmp_path / "run", **changes)
    with pytest.raises(SpatuneError, match=message) as error:
        run_eval(config)
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_policy_of_another_world_is_refused(untrained_policy: Path, tmp_path: Path) -> None:
    config = replace(RANDOM, policy=str(untrained_policy), out=tmp_path / "run")
    with pytest.raises(SpatuneError) as error:
        run_eval(config)
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_the_plan_names_what_decides_the_results() -> None:
    plan = make_plan(RANDOM)
    names = house_names("test")
    assert plan.identity["houses"] == {n: house_sha256_of(n) for n in (names[0], names[2])}
    assert plan.identity["backend"] == "embedded" and plan.identity["policy_sha256"] is None
    assert (plan.device, plan.options.mode) == ("cpu", "exact")
    same = make_plan(replace(RANDOM, workers=5, videos=1, maps=2, out=Path("x")))
    assert same.identity == plan.identity and same.keys == plan.keys
    changes = (
        {"seed": 1},
        {"task": "objectnav"},
        {"policy": "oracle"},
        {"split": "val"},
        {"image_size": 64},
        {"max_steps": 100},
        {"houses": "0"},
        {"episodes": 2},
    )
    for change in changes:
        assert make_plan(replace(RANDOM, **change)).identity != plan.identity


def test_other_stored_episodes_are_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_plan(RANDOM).identity
    changed = {
        house: tuple(replace(episode, yaw=episode.yaw + 30) for episode in episodes)
        for house, episodes in stored_episodes("pointnav", "test").items()
    }
    monkeypatch.setattr(plan_module, "stored_episodes", lambda task, split: changed)
    after = make_plan(RANDOM).identity
    different = {name for name in before if before[name] != after[name]}
    assert different == {"episodes_sha256"}


def test_keys_are_houses_times_episodes() -> None:
    keys = make_plan(RANDOM).keys
    assert [(key.task_id, key.init_index) for key in keys] == [
        (house, index) for house in (0, 2) for index in range(3)
    ]
    assert {(key.benchmark, key.suite) for key in keys} == {("nav", "pointnav-test")}


def test_the_first_episodes_of_each_house_are_filmed() -> None:
    videos = make_plan(replace(RANDOM, videos=2, out=Path("run"))).videos()
    assert {(key.task_id, key.init_index) for key in videos} == {(0, 0), (0, 1), (2, 0), (2, 1)}
    assert len({request.path for request in videos.values()}) == 4
    assert make_plan(RANDOM).videos() == {}


def test_default_directories_do_not_mix_runs() -> None:
    configs = [
        RANDOM,
        replace(RANDOM, policy="oracle"),
        replace(RANDOM, task="objectnav"),
        replace(RANDOM, split="val"),
        replace(RANDOM, seed=1),
    ]
    assert len({make_plan(config).directory for config in configs}) == len(configs)


def test_the_title_says_that_houses_are_embedded() -> None:
    assert make_plan(RANDOM).title == "random on pointnav, test split, embedded houses"


def test_suites_are_tasks_and_splits() -> None:
    for task in ("objectnav", "pointnav", "roomvisit"):
        for split in ("train", "val", "test"):
            assert parse_suite(suite_name(task, split)) == (task, split)
    with pytest.raises(SpatuneError, match="unknown suite 'pointnav-dev'"):
        parse_suite("pointnav-dev")
