"""`eval nav` from end to end: real episodes, real workers, a report, maps and films."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.bench_nav.config import EvalNavConfig
from spatune.bench_nav.runner import run_eval
from spatune.cli import main
from spatune.envs.houses.library import house_names, house_sha256_of
from spatune.errors import SpatuneError
from spatune.evaluation.store import read_records
from spatune.evaluation.video import read_video

RANDOM = EvalNavConfig(
    policy="random",
    task="pointnav",
    backend="embedded",
    split="val",
    houses="0,1",
    episodes=2,
    max_steps=40,
    image_size=32,
    workers=1,
)
ORACLE = replace(RANDOM, policy="oracle", task="objectnav", max_steps=200, image_size=96)
METRICS = ("spl", "soft_spl", "sel", "distance_to_goal", "path_length", "collisions")


def records(folder: Path) -> list[dict[str, Any]]:
    found = [record.deterministic() for record in read_records(folder)]
    return sorted(found, key=lambda record: json.dumps(record["key"], sort_keys=True))


@pytest.fixture(scope="module")
def random_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("random") / "run"
    run_eval(replace(RANDOM, out=out))
    return out


def test_the_oracle_solves_and_its_run_is_reported(tmp_path: Path, capsys) -> None:
    out = tmp_path / "run"
    report = run_eval(replace(ORACLE, out=out, maps=1, videos=1))
    said = capsys.readouterr().out
    assert "4/4" in said and "not comparable with AI2-THOR leaderboards" in said
    assert str(out / "report.json") in said.replace("\n", "")
    data = json.loads((out / "report.json").read_text())
    assert data["total"]["successes"] == data["total"]["episodes"] == 4
    assert report.summary.total.successes == 4
    config = json.loads((out / "config.json").read_text())
    names = house_names("val")[:2]
    assert config["houses"] == {name: house_sha256_of(name) for name in names}
    assert config["backend"] == "embedded" and len(config["episodes_sha256"]) == 64
    for record in read_records(out):
        assert record.error is None and record.metrics is not None
        assert set(METRICS) <= set(record.metrics)
        assert (record.metrics["spl"] or 0.0) > 0.8
        assert record.metrics["distance_to_goal"] == 0.0
        assert record.instruction.startswith("find a")
    films = sorted(path.name for path in (out / "videos").iterdir())
    assert films == [f"objectnav-val-house0{n}-episode00.mp4" for n in (0, 1)]
    filmed = read_video(str(out / "videos" / films[0]))
    first = next(r for r in read_records(out) if (r.key.task_id, r.key.init_index) == (0, 0))
    assert len(filmed) == first.steps + 1 and filmed.shape[3] == 3 and filmed.std() > 10
    maps = sorted(path.name for path in (out / "maps").iterdir())
    assert maps == sorted(f"objectnav-{name}-00.png" for name in names)


def test_metrics_are_reported_with_intervals(random_run: Path) -> None:
    data = json.loads((random_run / "report.json").read_text())
    assert data["total"]["episodes"] == 4
    played = read_records(random_run)
    for name in METRICS:
        found = data["metrics"][name]
        values = [float(record.metrics[name] or 0.0) for record in played]
        assert found["mean"] == pytest.approx(np.mean(values))
        assert (found["episodes"], found["missing"]) == (4, 0)
        low, high = found["bootstrap95"]
        assert min(values) - 1e-9 <= low <= found["mean"] <= high <= max(values) + 1e-9


def test_workers_films_and_maps_change_no_result(random_run: Path, tmp_path: Path) -> None:
    run_eval(replace(RANDOM, out=tmp_path / "two", workers=2, videos=1, maps=2))
    assert records(tmp_path / "two") == records(random_run)
    assert len({record["state_digest"] for record in records(random_run)}) == 4


def test_a_run_that_was_stopped_goes_on(random_run: Path, tmp_path: Path, capsys) -> None:
    """Two of four records are there, the second torn by a kill."""
    out = tmp_path / "run"
    out.mkdir()
    (out / "config.json").write_bytes((random_run / "config.json").read_bytes())
    lines = (random_run / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 4
    (out / "episodes.jsonl").write_bytes(lines[2] + lines[0][:-30])
    run_eval(replace(RANDOM, out=out))
    assert "1 of 4 episodes are there already" in capsys.readouterr().err
    assert records(out) == records(random_run)
    before = (out / "episodes.jsonl").read_bytes()
    run_eval(replace(RANDOM, out=out))
    assert (out / "episodes.jsonl").read_bytes() == before


def test_another_run_in_the_folder_is_refused(random_run: Path) -> None:
    before = (random_run / "episodes.jsonl").read_bytes()
    with pytest.raises(SpatuneError, match="seed"):
        run_eval(replace(RANDOM, out=random_run, seed=3))
    assert (random_run / "episodes.jsonl").read_bytes() == before


def test_the_command_takes_the_same_arguments(random_run: Path, tmp_path: Path, capfd) -> None:
    words = "eval nav --policy random --task pointnav --backend embedded --split val --houses 0,1"
    words += " --episodes 2 --max-steps 40 --image-size 32 --workers 1"
    assert main([*words.split(), "--out", str(random_run)]) == 0
    assert "4 of 4 episodes are there already" in capfd.readouterr().err
    assert main([*words.split(), "--houses", "99", "--out", str(tmp_path / "x")]) == 2
    error = capfd.readouterr().err.strip().splitlines()
    assert len(error) == 1 and error[0].startswith("spatune: error:") and "no house 99" in error[0]
