"""`spatune tune grpo`: rewards rise, runs go on, and bad input is one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from spatune.agent import SpatialVLM
from spatune.errors import SpatuneError
from spatune.tuning.grpo.config import GrpoConfig
from spatune.tuning.grpo.run import run_grpo
from spatune.tuning.grpo.trainer import SpatialGrpoTrainer


@pytest.fixture
def toy(
    checkpoints: Callable[[str], Path], make_toy: Callable[..., Path], tmp_path: Path
) -> GrpoConfig:
    """One letter to four questions."""
    data = make_toy(tmp_path / "data", (1, 1, 2, 1))
    return GrpoConfig(
        str(checkpoints("qwen3_vl")), (data,), tmp_path / "out", steps=4, prompts=4, generations=4,
        batch_size=4, lr=1e-3, max_completion_length=1, thinking=False, save_every=2, device="cpu",
    )  # fmt: skip


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def untimed(folder: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history(folder)]


def test_the_reward_rises_and_the_folder_is_a_checkpoint(toy: GrpoConfig) -> None:
    config = replace(toy, steps=14, generations=8, batch_size=32, lr=2e-2, save_every=14)
    assert run_grpo(config) == config.out
    entries = history(config.out)
    assert [entry["step"] for entry in entries] == list(range(1, 15))
    rewards = [entry["reward"] for entry in entries]
    assert sum(rewards[-3:]) > 2 * sum(rewards[:3])
    assert all(0 <= entry["kept"] <= 1 for entry in entries)
    tuning = json.loads((config.out / "tuning.json").read_text())
    assert tuning["stage"] == "grpo"
    assert tuning["results"]["last"]["reward"] == pytest.approx(rewards[-1], abs=1e-3)
    assert len(tuning["base"]["sha256"]) == len(tuning["data"][0]["sha256"]) == 64
    assert (config.out / "reward.png").read_bytes().startswith(b"\x89PNG")
    assert not config.out.with_name("out.work").exists()
    weights = load_file(config.out / "model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float16}
    tuned, base = SpatialVLM.from_pretrained(config.out), SpatialVLM.from_pretrained(config.vlm)
    texts = [json.loads((Path(p) / "tokenizer.json").read_text()) for p in (config.out, config.vlm)]
    assert texts[0] == texts[1]
    assert tuned.prompt("Left?", 2) == base.prompt("Left?", 2)
    with pytest.raises(SpatuneError, match="exists already"):
        run_grpo(config)


def test_a_killed_run_ends_with_the_same_history_and_weights(
    toy: GrpoConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Two steps a rollout, so that answers are older than the weights at every second step.
    config = replace(toy, updates=2, out=tmp_path / "whole")
    run_grpo(config)
    parts = replace(config, out=tmp_path / "parts")
    step = SpatialGrpoTrainer.training_step

    def killed(self: Any, *arguments: Any, **options: Any) -> Any:
        if self.state.global_step == 3:
            raise KeyboardInterrupt
        return step(self, *arguments, **options)

    monkeypatch.setattr(SpatialGrpoTrainer, "training_step", killed)
    with pytest.raises(KeyboardInterrupt):
        run_grpo(parts)
    monkeypatch.undo()
    with pytest.raises(SpatuneError, match="another configuration"):
        run_grpo(replace(parts, temperature=0.9))
    # A state that a kill left half written does not count.
    (tmp_path / "parts.work" / "checkpoint-3").mkdir()
    capsys.readouterr()
    run_grpo(parts)
    assert "going on after checkpoint 2" in capsys.readouterr().out
    assert untimed(tmp_path / "whole") == untimed(tmp_path / "parts")
    weights = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("whole", "parts")]
    assert weights[0] == weights[1]


def test_a_run_whose_questions_are_all_filtered_changes_nothing(toy: GrpoConfig) -> None:
    config = replace(toy, steps=2, filter_low=0.98, weight_decay=0.0, half=False)
    run_grpo(config)
    assert [(e["kept"], e["loss"], e["grad_norm"]) for e in history(config.out)] == [(0, 0, 0)] * 2
    before = load_file(Path(config.vlm) / "model.safetensors")
    after = load_file(config.out / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_weights_that_are_no_numbers_stop_the_run_with_its_batch(toy: GrpoConfig) -> None:
    config = replace(toy, lr=1e30)
    with pytest.raises(SpatuneError, match=r"no number at step \d; its answers are in") as error:
        run_grpo(config)
    assert "\n" not in str(error.value)
    (file,) = config.out.with_name("out.work").glob("bad-batch-*.jsonl")
    assert str(file) in str(error.value)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {row["row"] for row in rows} == {"q0", "q1", "q2", "q3"}
    assert not config.out.exists()


def test_too_little_memory_says_what_to_lower_and_later_trainings_step(
    toy: GrpoConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(SpatialGrpoTrainer, "training_step", full)
    with pytest.raises(SpatuneError, match="memory is too small: lower --batch-size") as error:
        run_grpo(toy)
    assert "\n" not in str(error.value)
    # Another training in this process, as LeRobot's, still moves its weights.
    weight = torch.nn.Parameter(torch.ones(1))
    accelerator = Accelerator(cpu=True)
    optimizer = accelerator.prepare(torch.optim.SGD([weight], lr=1.0))
    accelerator.backward(weight.sum())
    optimizer.step()
    assert weight.item() == 0


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"steps": 0}, "--steps is 0; use more than 0"),
        ({"generations": 1}, "--generations is 1; answers are compared"),
        ({"updates": 2, "save_every": 3}, "--save-every 3 are no multiples of --updates 2"),
        ({"filter_low": 0.9, "filter_high": 0.1}, "are no bounds of a reward"),
        ({"batch_size": 5}, "are not divided by --batch-size 5 x 1 updates x 1 processes"),
        ({"device": "tpu"}, "device 'tpu' is not one of cpu, cuda, auto"),
    ],
)
def test_bad_settings_are_one_line(toy: GrpoConfig, settings: dict[str, Any], line: str) -> None:
    with pytest.raises(SpatuneError) as error:
        run_grpo(replace(toy, **settings))
    assert line in str(error.value)
    assert "\n" not in str(error.value)
    assert not toy.out.with_name("out.work").exists()


def test_a_device_that_is_not_there_is_refused(toy: GrpoConfig) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU; run it on one without")
    with pytest.raises(SpatuneError, match="device 'cuda' cannot be used"):
        run_grpo(replace(toy, device="cuda"))


@pytest.mark.slow
def test_a_family_that_trl_gives_too_few_pictures_is_refused(
    toy: GrpoConfig, checkpoints: Callable[[str], Path]
) -> None:
    config = replace(toy, vlm=str(checkpoints("llava_onevision")))
    with pytest.raises(SpatuneError, match="does not hand a llava_onevision model several"):
        run_grpo(config)


@pytest.mark.slow
def test_the_embedded_model_is_tuned_on_1_2_and_16_pictures(
    make_toy: Callable[..., Path], tmp_path: Path
) -> None:
    vlm = Path(__file__).parents[3] / "policies" / "embedded" / "vlm"
    config = GrpoConfig(
        str(vlm), (make_toy(tmp_path / "data", (1, 2, 16)),), tmp_path / "out", steps=2, prompts=3,
        generations=4, max_completion_length=8, filter_low=0, filter_high=1, device="cpu",
    )  # fmt: skip
    run_grpo(config)
    assert len(history(config.out)) == 2
    assert SpatialVLM.from_pretrained(config.out).location_bins == 128
