"""`spatune tune sft` and `cot`: they learn, go on, keep what they should, say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from spatune.agent.vlm import SpatialVLM
from spatune.digests import vlm_sha256
from spatune.errors import SpatuneError
from spatune.tuning.sft import run as module
from spatune.tuning.sft.config import CotConfig, SftConfig
from spatune.tuning.sft.run import run_sft
from spatune.tuning.sft.trainer import SpatialSftTrainer

from ..llava_files import record, write_colours, write_pictures, write_records

PROCESSOR_FILES = (
    "chat_template.jinja", "processor_config.json", "tokenizer.json", "tokenizer_config.json",
)  # fmt: skip
PICTURES = {name: np.full((64, 64, 3), colour, np.uint8) for name, colour in
            (("red", (250, 10, 0)), ("blue", (0, 10, 250)))}  # fmt: skip


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_colours(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven questions with none to three pictures."""
    folder = tmp_path_factory.mktemp("data") / "mixed"
    write_pictures(folder / "seen.npy", 6)
    records = [
        record(f"q{n}", [f"seen.npy#{p}" for p in range(n % 4)], "Which?", f"a plate {n}")
        for n in range(11)
    ]
    write_records(folder / "train.jsonl", records)
    return folder


@pytest.fixture
def small(tiny: Callable[[str], Path], mixed: Path, tmp_path: Path) -> SftConfig:
    """Two steps from a transformer."""
    return SftConfig(
        str(tiny("qwen3_vl")), (mixed,), tmp_path / "out", steps=2, batch_size=4, lr=1e-3,
        vision_lr=1e-3, device="cpu", half=False,
    )  # fmt: skip


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def losses(folder: Path, name: str = "loss") -> list[float]:
    return [entry[name] for entry in history(folder) if name in entry]


def weights(folder: str | Path) -> dict[str, torch.Tensor]:
    return load_file(Path(folder) / "model.safetensors")


def changed(before: str | Path, after: str | Path) -> set[str]:
    """Names of tensors that differ."""
    left, right = weights(before), weights(after)
    assert left.keys() == right.keys()
    return {name for name, value in left.items() if not torch.equal(value, right[name])}


def is_vision(name: str) -> bool:
    return "visual" in name or "vision_tower" in name


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """The run is killed before it makes this step."""
    train = SpatialSftTrainer.training_step

    def killed(self: Any, *arguments: Any, **options: Any) -> Any:
        if self.state.global_step == step:
            raise KeyboardInterrupt
        return train(self, *arguments, **options)

    monkeypatch.setattr(SpatialSftTrainer, "training_step", killed)


@pytest.mark.parametrize(("family", "steps"), [("fastvlm", 60), ("qwen3_vl", 30)])
def test_it_learns_to_see_and_the_folder_is_a_checkpoint(
    family: str, steps: int, tiny: Callable[[str], Path], colours: Path, tmp_path: Path
) -> None:
    vlm = tiny(family)
    config = SftConfig(
        str(vlm), (colours,), tmp_path / "out", steps=steps, batch_size=2, lr=1e-2, vision_lr=1e-2,
        device="cpu", save_every=100,
    )  # fmt: skip
    assert run_sft(config) == config.out
    fallen = losses(config.out)
    assert len(fallen) == steps and fallen[-1] < 0.2 * fallen[0]
    tuned = SpatialVLM.from_pretrained(config.out)
    answers = tuned.generate([[p] for p in PICTURES.values()], ["Which colour is it?"] * 2, 8)
    assert answers == list(PICTURES)
    assert {v.dtype for v in weights(config.out).values() if v.is_floating_point()} == {
        torch.float16
    }
    assert (config.out / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert not config.out.with_name("out.work").exists()
    # What a trainer does to a processor must not become part of the checkpoint.
    SpatialVLM.from_pretrained(vlm).save_pretrained(tmp_path / "saved")
    for file in PROCESSOR_FILES:
        assert (config.out / file).read_text() == (tmp_path / "saved" / file).read_text(), file
    assert (config.out / "tokenizer.json").read_text() == (vlm / "tokenizer.json").read_text()
    generation = [json.loads((f / "generation_config.json").read_text()) for f in (vlm, config.out)]
    assert generation[0] == generation[1]


def test_the_record_names_data_base_and_the_stages_before(small: SftConfig, tmp_path: Path) -> None:
    first = run_sft(replace(small, steps=1, stage="first", seed=7))
    second = run_sft(replace(small, vlm=str(first), out=tmp_path / "second", steps=1, lora=4))
    tuning = json.loads((second / "tuning.json").read_text())
    assert tuning["stage"] == "sft" and tuning["base"]["tuning"]["stage"] == "first"
    assert tuning["base"]["sha256"] == vlm_sha256(first)
    assert tuning["base"]["tuning"]["base"] == {"sha256": vlm_sha256(small.vlm)}
    assert tuning["base"]["tuning"]["config"]["seed"] == 7
    (data,) = tuning["data"]
    assert (data["name"], data["rows"], len(data["sha256"])) == ("mixed", 11, 64)
    assert tuning["results"]["steps"] == 1 and tuning["device"].startswith("cpu")
    assert not {"vlm", "data", "out"} & set(tuning["config"])
    # The record is no part of what the checkpoint computes.
    before = vlm_sha256(second)
    (second / "tuning.json").unlink()
    assert vlm_sha256(second) == before


@pytest.mark.parametrize(
    "options", [{}, {"packing": 200, "lora": 2, "accumulate": 2}], ids=["plain", "adapters"]
)
def test_a_killed_run_ends_with_the_same_history_and_weights(
    options: dict[str, int],
    small: SftConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Three batches an epoch, so that it goes on in the second one.
    config = replace(small, steps=7, save_every=2, held_out=1, out=tmp_path / "whole", **options)
    run_sft(config)
    parts = replace(config, out=tmp_path / "parts")
    kill_at(monkeypatch, 5)
    with pytest.raises(KeyboardInterrupt):
        run_sft(parts)
    monkeypatch.undo()
    assert not parts.out.exists()
    with pytest.raises(SpatuneError, match="another configuration"):
        run_sft(replace(parts, lr=2e-3))
    # A state that a kill left half written does not count.
    (tmp_path / "parts.work" / "checkpoint-5").mkdir()
    capsys.readouterr()
    run_sft(parts)
    assert "going on after checkpoint 4" in capsys.readouterr().out
    assert history(config.out) == history(parts.out)
    assert [e["step"] for e in history(config.out) if "loss" in e] == list(range(1, 8))
    assert not changed(config.out, parts.out)


def test_a_run_that_was_killed_while_it_wrote_the_checkpoint_trains_no_further(
    small: SftConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(small, steps=3, save_every=2)
    whole = run_sft(replace(config, out=tmp_path / "whole"))

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "plot_curves", killed)
    with pytest.raises(KeyboardInterrupt):
        run_sft(config)
    monkeypatch.undo()
    run_sft(config)
    assert losses(config.out) == losses(whole)
    assert not changed(config.out, whole)


def test_packing_learns_the_same(small: SftConfig, tmp_path: Path) -> None:
    padded = run_sft(replace(small, batch_size=11))
    packed = run_sft(replace(small, batch_size=11, out=tmp_path / "packed", packing=256))
    assert losses(packed) == pytest.approx(losses(padded), abs=2e-4)


def test_adapters_are_merged_into_the_language_model(small: SftConfig) -> None:
    out = run_sft(replace(small, lora=4, lr=1e-2))
    names = changed(small.vlm, out)
    assert names and not any(is_vision(name) or "embed" in name for name in names)
    assert not (out / "adapter_config.json").exists()
    asked = [[np.zeros((64, 64, 3), np.uint8)]], ["Which?"]
    before, after = (SpatialVLM.from_pretrained(f).encode(*asked).tokens for f in (small.vlm, out))
    assert not torch.allclose(before, after, atol=1e-3)


@pytest.mark.parametrize("options", [{"vision_lr": 0.0}, {"lora": 4}], ids=["rate 0", "adapters"])
def test_a_frozen_tower_keeps_weights_and_statistics(
    options: dict[str, float], small: SftConfig, tiny: Callable[[str], Path]
) -> None:
    vlm = tiny("fastvlm")
    out = run_sft(replace(small, vlm=str(vlm), **options))  # pyright: ignore[reportArgumentType]
    names = changed(vlm, out)
    assert any("running_mean" in name for name in weights(vlm))
    assert names and not any(is_vision(name) for name in names)


def test_two_rates_reach_their_parameters(small: SftConfig, tiny: Callable[[str], Path]) -> None:
    # The first step of Adam moves every parameter that has a gradient by about its rate.
    config = replace(small, vlm=str(tiny("fastvlm")), steps=1, warmup=0.0, vision_lr=1e-4)
    before, after = weights(config.vlm), weights(run_sft(config))
    moved = {
        name: float((after[name] - value).abs().max())
        for name, value in before.items()
        if value.is_floating_point() and "running" not in name
    }
    for vision, rate in ((True, 1e-4), (False, 1e-3)):
        most = max(distance for name, distance in moved.items() if is_vision(name) == vision)
        assert most == pytest.approx(rate, rel=0.05)


def test_held_out_rows_are_measured_at_states_and_at_the_end(
    small: SftConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run_sft(replace(small, steps=3, save_every=2, held_out=3))
    entries = history(out)
    assert [e["step"] for e in entries if "eval_loss" in e] == [2, 3]
    tuning = json.loads((out / "tuning.json").read_text())
    assert tuning["results"]["held_out_loss"] == pytest.approx(
        losses(out, "eval_loss")[-1], abs=1e-4
    )
    assert tuning["data"][0]["rows"] == 11
    # Nothing of the trainer's own printing.
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_loss_that_is_no_number_stops_the_run_with_its_batch(small: SftConfig) -> None:
    config = replace(small, steps=6, lr=1e30, vision_lr=1e30, warmup=0.0)
    with pytest.raises(
        SpatuneError, match=r"no number at step \d; its batch is in .*safetens"
    ) as e:
        run_sft(config)
    assert "\n" not in str(e.value)
    (file,) = config.out.with_name("out.work").glob("bad-batch-*.safetensors")
    assert {"input_ids", "labels", "pictures", "picture_counts"} <= load_file(file).keys()
    assert not config.out.exists()


def test_too_little_memory_says_what_to_change(
    small: SftConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(SpatialSftTrainer, "training_step", full)
    with pytest.raises(SpatuneError, match="memory is too small: lower --batch-size"):
        run_sft(small)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"steps": 0}, "--steps is 0; use more than 0"),
        ({"batch_size": 0}, "--batch-size is 0; use more than 0"),
        ({"held_out": -1}, "--held-out is -1; use 0 or more"),
        ({"held_out": 11}, "--held-out 11 leaves none of 11 rows"),
        ({"warmup": 1.5}, "--warmup is 1.5; use a share"),
        ({"device": "tpu"}, "device 'tpu' is not one of cpu, cuda, auto"),
        ({"data": (Path("nowhere"),)}, "nowhere: no training data"),
        ({"vlm": "./nowhere"}, "no such checkpoint"),
        ({"max_length": 20}, "tokens; raise --max-length"),
    ],
)
def test_bad_input_is_one_line(small: SftConfig, options: dict[str, Any], line: str) -> None:
    with pytest.raises(SpatuneError) as error:
        run_sft(replace(small, **options))
    assert line in str(error.value) and "\n" not in str(error.value)
    assert not small.out.exists()


def test_what_exists_is_not_overwritten(small: SftConfig) -> None:
    small.out.mkdir()
    with pytest.raises(SpatuneError, match="out exists already; choose another --out"):
        run_sft(small)


def test_a_device_that_is_not_there_is_refused(small: SftConfig) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU; run it on one without")
    with pytest.raises(SpatuneError, match="device 'cuda' cannot be used"):
        run_sft(replace(small, device="cuda"))


def test_an_epoch_shows_every_row_once(small: SftConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    from spatune.tuning.samples.collate import RowCollator

    seen: list[int] = []
    collate = RowCollator.__call__

    def noted(self: RowCollator, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        seen.extend(item["row"] for item in items)
        return collate(self, items)

    monkeypatch.setattr(RowCollator, "__call__", noted)
    out = run_sft(replace(small, steps=None))
    assert sorted(seen) == list(range(11)) != seen
    assert len(losses(out)) == 3


def test_rows_with_many_pictures_are_left_out_and_counted(
    small: SftConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run_sft(replace(small, most_pictures=1))
    # Of eleven questions with n % 4 pictures six have none or one.
    assert "6 of 11 rows have at most 1 pictures" in capsys.readouterr().out
    assert json.loads((out / "tuning.json").read_text())["data"][0]["rows"] == 6
    with pytest.raises(SpatuneError, match="--most-pictures is -1; use 0 or more"):
        run_sft(replace(small, out=out.with_name("other"), most_pictures=-1))


def test_reasoning_is_learnt_in_the_think_format(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    data = write_colours(tmp_path / "data", reasoning=True)
    config = CotConfig(
        str(tiny("qwen3_vl")), (data,), tmp_path / "out", steps=40, batch_size=2, lr=1e-2,
        vision_lr=1e-3, device="cpu",
    )  # fmt: skip
    tuned = SpatialVLM.from_pretrained(run_sft(config))
    (answer,) = tuned.generate([[PICTURES["blue"]]], ["Which colour is it?"], 60)
    assert answer == "<think>It is blue.</think><answer>blue</answer>"
    tuning = json.loads((config.out / "tuning.json").read_text())
    assert tuning["stage"] == "cot" and tuning["config"]["warmup"] == 0.03


@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl", "smolvlm", "llava_onevision"])
def test_every_family_trains_on_any_number_of_pictures(
    family: str, tiny: Callable[[str], Path], small: SftConfig
) -> None:
    out = run_sft(replace(small, vlm=str(tiny(family)), batch_size=11, steps=12))
    assert losses(out)[-1] < losses(out)[0]
