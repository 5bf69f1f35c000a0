"""`eval libero --perturb`: the list, the plan and a real run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from spatune.bench_libero import EvalLiberoConfig
from spatune.bench_libero.environment import LiberoView, env_factory, make_env
from spatune.bench_libero.perturbations import parse_perturbations
from spatune.bench_libero.plan import make_plan, video_name
from spatune.bench_libero.protocol import PROTOCOLS
from spatune.cli import main
from spatune.envs.libero_suites import SUITES
from spatune.errors import SpatuneError
from spatune.evaluation import EpisodeKey

ZERO = EvalLiberoConfig(control="zero", tasks="0,2", episodes=3)


def test_a_list_is_read_in_its_order_and_in_canonical_names() -> None:
    words = "none, camera:1.0,pro:swap,light:.5"
    assert parse_perturbations(words, "libero_goal") == (
        "none",
        "camera:1",
        "pro:swap",
        "light:0.5",
    )


@pytest.mark.parametrize(
    ("suite", "words", "message"),
    [
        ("libero_object", "none,fog:1", "unknown perturbation 'fog:1'; use one of: none, camera"),
        ("libero_object", "camera:9", "'camera:9': give a magnitude above 0 and at most 2"),
        ("libero_object", "camera:1,camera:1.0", "--perturb names camera:1 twice"),
        ("libero_object", "none,", "unknown perturbation ''"),
        ("libero_90", "none,pro:swap", "'pro:swap': LIBERO-PRO has no variant of libero_90; it "),
    ],
)
def test_bad_lists_are_one_line_and_nothing_is_written(
    capsys, tmp_path: Path, suite: str, words: str, message: str
) -> None:
    out = tmp_path / "run"
    line = ["eval", "libero", "--control", "zero", "--suite", suite, "--episodes", "1"]
    assert main([*line, "--perturb", words, "--out", str(out)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and message in errors[0]
    assert not out.exists()


def test_every_perturbation_plays_the_same_episodes() -> None:
    plan = make_plan(replace(ZERO, perturb="none,start:1,pro:lan"))
    assert len(plan.keys) == len(set(plan.keys)) == 18
    by_name = {
        name: {replace(key, perturbation="none") for key in plan.keys if key.perturbation == name}
        for name in plan.perturbations
    }
    assert by_name["none"] == by_name["start:1"] == by_name["pro:lan"] == set(make_plan(ZERO).keys)
    assert plan.baseline == "none" and "with" not in plan.title
    assert make_plan(replace(ZERO, perturb="start:1")).baseline == "start:1"


def test_runs_without_perturbations_are_what_they_were() -> None:
    plain, perturbed = make_plan(ZERO), make_plan(replace(ZERO, perturb="none,start:1"))
    assert "perturb" not in plain.identity
    assert perturbed.identity == {**plain.identity, "perturb": ["none", "start:1"]}
    assert plain.directory != perturbed.directory
    assert video_name(EpisodeKey("libero", "libero_goal", 3, 0)) == "libero_goal-task03-init00"
    assert video_name(plain.keys[0]) not in map(video_name, make_plan(ZERO).keys[1:])
    names = list(map(video_name, perturbed.keys))
    assert len(set(names)) == len(names) and "libero_object-task00-init00-start:1" in names


def test_kinds_of_libero_pro_are_played_in_their_suites() -> None:
    factory = env_factory(PROTOCOLS["paired"], LiberoView())
    for kind in ("lan", "object", "swap", "task"):
        key = EpisodeKey("libero", "libero_10", 3, 0, perturbation=f"pro:{kind}")
        assert factory.place(key) == (f"libero_10_{kind}", 3)
        assert factory.place(key)[0] in SUITES
    assert factory.place(EpisodeKey("libero", "libero_10", 3, 0, perturbation="light:1")) == (
        "libero_10",
        3,
    )


def test_the_environment_of_a_kind_refuses_another_kind() -> None:
    view = {"protocol": "paired", "image_size": 32, "orientation": "upright"}
    env = make_env("libero_object_swap", 0, state_frame="world", **view)
    assert env.max_steps == 280
    env.reset_scene(7, init_index=0, perturbation="pro:swap")
    with pytest.raises(SpatuneError, match=r"build LiberoEnv\('libero_object_lan', 0\)"):
        env.reset_scene(7, init_index=0, perturbation="pro:lan")
    env.close()


@pytest.mark.slow
def test_a_perturbed_run_by_the_command(tmp_path: Path, capfd) -> None:
    names = ["none", "camera:1", "texture:1", "start:1", "pro:task"]
    words = "eval libero --control zero --suite libero_object --tasks 0 --episodes 1 --perturb"
    out = tmp_path / "run"
    assert main([*words.split(), ",".join(names), "--out", str(out)]) == 0
    lines = map(json.loads, (out / "episodes.jsonl").read_text().splitlines())
    records = {line["key"]["perturbation"]: line for line in lines}
    assert set(records) == set(names)
    assert {line["key"]["suite"] for line in records.values()} == {"libero_object"}
    states = {name: line["state_digest"] for name, line in records.items()}
    # What only changes the look does not change the physics, bit for bit.
    assert states["camera:1"] == states["texture:1"] == states["none"]
    assert len({states["none"], states["start:1"], states["pro:task"]}) == 3
    assert records["none"]["instruction"] == "pick the alphabet soup and place it in the basket"
    assert records["pro:task"]["instruction"] == "pick the cream cheese and place it in the basket"
    report = json.loads((out / "report.json").read_text())
    assert [row["perturbation"] for row in report["robustness"]] == names
    assert report["total"]["episodes"] == 1
    assert all(row["paired"]["difference"] == 0 for row in report["robustness"][1:])
    assert Image.open(out / "robustness.png").format == "PNG"
    assert "start:1" in capfd.readouterr().out
