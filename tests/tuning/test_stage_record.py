"""`tuning.json`, the clock and the plot of a training run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from spatune.digests import file_sha256
from spatune.tuning.loss_plot import plot_curves
from spatune.tuning.saved_state import last_state
from spatune.tuning.stage_record import StageRecord, base_of, data_entry, device_name, settings
from spatune.tuning.trainer_progress import TrainerProgress

from .llava_files import record, write_records


@dataclass(frozen=True)
class _Config:
    out: Path
    steps: int


def test_a_record_tells_the_chain_of_stages(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert base_of(tmp_path).keys() == {"sha256"}
    config = settings(_Config(tmp_path, 3), ["out"])
    stage = StageRecord("sft", config, {}, [], 1.5, "cpu", {"x": 1})
    stage.write(tmp_path)
    base = base_of(tmp_path)
    assert base["tuning"]["stage"] == "sft" and base["tuning"]["config"] == {"steps": 3}
    assert base["tuning"]["versions"].keys() >= {"torch", "transformers", "trl"}
    assert base_of("owner/name", "abc") == {"sha256": "owner/name@abc"}


def test_data_are_known_by_their_texts(tmp_path: Path) -> None:
    folders = []
    for name in ("a", "b", "c"):
        answer = "no" if name == "c" else "yes"
        file = write_records(tmp_path / name / "train.jsonl", [record("q", [], "?", answer)])
        Image.new("RGB", (2, 2), name == "b").save(file.parent / "x.png")
        folders.append(file.parent)
    entries = [data_entry(folder, 1) for folder in folders]
    assert entries[0]["sha256"] == entries[1]["sha256"] != entries[2]["sha256"]
    assert (entries[0]["name"], entries[0]["rows"]) == ("a", 1)
    file = folders[0] / "train.jsonl"
    assert data_entry(file, 1)["sha256"] == file_sha256(file)
    assert device_name("cpu").startswith("cpu ")


def test_the_clock_counts_all_runs(tmp_path: Path) -> None:
    state = SimpleNamespace(is_world_process_zero=True, max_steps=5, global_step=0)
    first = TrainerProgress(tmp_path)
    first.on_train_begin(None, state, None)
    first.on_log(None, state, None, {"loss": 1.0, "other": 2})
    state.global_step = 1
    first.on_step_end(None, state, None)
    first.on_save(None, state, None)
    first.on_train_end(None, state, None)
    stored = json.loads((tmp_path / "minutes.json").read_text())
    (tmp_path / "minutes.json").write_text("7.0")
    again = TrainerProgress(tmp_path)
    assert stored < 1 and 7 <= again.minutes < 8


def test_empty_curves_are_left_out(tmp_path: Path) -> None:
    panels = {"loss": {"training": [(1, 2.0), (2, 1.0)], "held out": []}, "reward": {"mean": []}}
    plot_curves(tmp_path / "x.png", panels, title="sft")
    with Image.open(tmp_path / "x.png") as image:
        assert image.width > 800 and image.height > 300


@pytest.mark.parametrize(("states", "last"), [((), None), ((2, 10), 10), ((4,), 4)])
def test_a_state_without_its_progress_is_not_gone_on_from(
    states: tuple[int, ...], last: int | None, tmp_path: Path
) -> None:
    for step in states:
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    (tmp_path / "checkpoint-99").mkdir()
    assert last_state(tmp_path) == (tmp_path / f"checkpoint-{last}" if last else None)
