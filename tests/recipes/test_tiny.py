"""The recipe of spatune-tiny: its jobs are commands that exist, run in order, and lose nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
import tyro

from spatune.cli import COMMANDS, _load
from spatune.policies.configuration_spatune import SpatuneConfig
from spatune.tuning.samples.read import read_rows

from ..loaded import module_from

RECIPE = Path(__file__).parents[2] / "recipes" / "tiny" / "train.py"
SCALES = ("gpu", "cpu", "small")


@pytest.fixture(scope="module")
def recipe() -> Iterator[ModuleType]:
    yield module_from(RECIPE)
    sys.modules.pop("train", None)


def jobs_of(recipe: ModuleType, scale: str) -> list:
    settings = recipe.SCALES[scale]
    return [*recipe.vlm_jobs(settings), *recipe.policy_jobs(settings)]


@pytest.mark.parametrize("scale", SCALES)
def test_every_command_is_understood(recipe: ModuleType, scale: str) -> None:
    known = {field.name for field in fields(SpatuneConfig)}
    seen = set()
    for job in jobs_of(recipe, scale):
        for words in job.commands:
            if list(words[:3]) == recipe.SPATUNE:
                rest = list(words[3:])
                name = max((n for n in COMMANDS if rest[: len(n.split())] == n.split()), key=len)
                seen.add(name)
                tyro.cli(_load(COMMANDS[name].config), args=rest[len(name.split()) :])
            for word in words:
                if word.startswith("--policy.") and not word.startswith("--policy.type="):
                    assert word.removeprefix("--policy.").partition("=")[0] in known
    assert {"data grounding", "tune sft", "tune cot", "tune grpo", "features", "pack"} <= seen


@pytest.mark.parametrize("scale", SCALES)
def test_jobs_are_named_once_and_need_jobs_or_data(recipe: ModuleType, scale: str) -> None:
    jobs = jobs_of(recipe, scale)
    names = [job.name for job in jobs]
    assert len(set(names)) == len(names)
    assert len({job.makes for job in jobs}) == len(names)
    for job in jobs:
        assert set(job.needs) <= set(names)
    chosen = recipe.chosen(jobs, recipe.CPU.only)
    kept = {job.name for job in chosen}
    assert {"sft", "caption", "grpo", "frozen-sft-seed2", "nav-features-sft"} <= kept
    assert not any(name.startswith(("qwen3", "tuned-", "tokens-")) for name in kept)
    assert all(set(job.needs) <= kept for job in chosen)
    assert recipe.chosen(jobs, ()) == jobs


def script(recipe: ModuleType, name: str, code: str, *needs: str, cores: int = 1):
    words = (sys.executable, "-c", f"import pathlib, time, sys\n{code}")
    return recipe.Job(name, name, needs, (words,), cores=cores)


def test_what_is_needed_runs_first_what_is_done_stays_and_a_failure_stops_its_own(
    recipe: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "open('order', 'a').write('{0} '); pathlib.Path('{0}').touch()"
    jobs = [
        script(recipe, "last", log.format("last"), "first", "there"),
        script(recipe, "first", log.format("first")),
        script(recipe, "there", log.format("there")),
        script(recipe, "broken", "print('what is wrong'); sys.exit(1)"),
        script(recipe, "never", log.format("never"), "broken"),
        # Ends well, but does not make what it promises.
        script(recipe, "empty", "pass"),
    ]
    (tmp_path / "there").touch()
    recipe.run(tmp_path, jobs, time.monotonic() + 60, 2, None)
    assert (tmp_path / "order").read_text().split() == ["first", "last"]
    said = capsys.readouterr().out
    assert "what is wrong" in said and "failed: broken, empty, never" in said
    recipe.run(tmp_path, jobs[:3], time.monotonic() + 60, 2, None)
    assert (tmp_path / "order").read_text().split() == ["first", "last"]
    assert "3 done, failed: none" in capsys.readouterr().out


def test_replayed_questions_keep_their_pictures(recipe: ModuleType, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "mix-full" / "images").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(tmp_path / "mix-full" / "images" / "marked.png")
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "That."}]
    row = {"id": "a", "image": ["images/marked.png"], "conversations": turns}
    (tmp_path / "mix-full" / "train.jsonl").write_text(json.dumps(row) + "\n")
    (job,) = (job for job in jobs_of(recipe, "cpu") if job.name == "replay-full")
    subprocess.run(job.commands[0], cwd=tmp_path, check=True)
    (read,) = read_rows([tmp_path / "replay-full"])
    assert read.answer == "That." and len(read.pictures) == 1
