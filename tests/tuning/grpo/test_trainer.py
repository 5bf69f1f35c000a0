"""Rollouts: probabilities with several pictures a question, and online filtering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spatune.agent import SpatialVLM
from spatune.errors import SpatuneError
from spatune.tuning.grpo.arguments import generating, question_order, trl_arguments
from spatune.tuning.grpo.config import GrpoConfig
from spatune.tuning.grpo.questions import RewardedQuestions
from spatune.tuning.grpo.trainer import KEPT, SpatialGrpoTrainer


def make_trainer(config: GrpoConfig, work: Path) -> tuple[SpatialVLM, Any]:
    vlm = SpatialVLM.from_pretrained(config.vlm)
    questions = RewardedQuestions.read(config)
    trainer: Any = SpatialGrpoTrainer(
        config,
        questions,
        model=vlm.model,
        args=trl_arguments(config, work, "cpu"),
        train_dataset=question_order(config, questions),
        processing_class=generating(vlm.processor),
    )
    trainer.model.train()
    return vlm, trainer


def rollout(trainer: Any, places: list[int]) -> dict[str, Any]:
    return trainer._generate_and_score_completions([{"row": place} for place in places])


@pytest.mark.parametrize(
    "family", ["fastvlm", "qwen3_vl", pytest.param("qwen2_5_vl", marks=pytest.mark.slow)]
)
def test_probabilities_are_those_of_each_answer_alone_with_1_2_and_16_pictures(
    family: str, checkpoints: Callable[[str], Path], make_toy: Callable[..., Path], tmp_path: Path
) -> None:
    config = GrpoConfig(
        str(checkpoints(family)), (make_toy(tmp_path / "data", (2, 16, 1)),), tmp_path / "out",
        steps=1, prompts=3, generations=2, max_completion_length=4, thinking=False, filter_low=0,
        filter_high=1, device="cpu",
    )  # fmt: skip
    vlm, trainer = make_trainer(config, tmp_path / "work")
    model: Any = vlm.model
    processor: Any = vlm.processor
    places = [0, 0, 1, 1, 2, 2]
    output = rollout(trainer, places)
    ids = torch.cat([output["prompt_ids"], output["completion_ids"]], 1)
    mask = torch.cat([output["prompt_mask"], torch.ones_like(output["completion_mask"])], 1)
    keys = ("pixel_values", "image_grid_thw", "num_images", "mm_token_type_ids")
    given = {key: output[key] for key in keys if key in output}
    length = output["completion_ids"].shape[1]
    with torch.no_grad():
        found, _, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, mask, length, batch_size=2, **given
        )
    for row, place in enumerate(places):
        example = trainer._questions.example(place)
        alone = processor.apply_chat_template(
            [[{**example["prompt"][0], "content": _filled(example)}]],
            add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
        )  # fmt: skip
        answer = output["completion_ids"][row : row + 1]
        assert (ids[row][mask[row].bool()] == torch.cat([alone["input_ids"], answer], 1)[0]).all()
        alone["input_ids"] = torch.cat([alone["input_ids"], answer], 1)
        for key in ("attention_mask", "mm_token_type_ids"):
            if key in alone:
                extra = torch.full_like(answer, int(key == "attention_mask"))
                alone[key] = torch.cat([alone[key], extra.to(alone[key].dtype)], 1)
        with torch.no_grad():
            logits = model(**alone).logits[:, -length - 1 : -1].float()
        expected = logits.log_softmax(-1).gather(-1, answer[..., None])[0, :, 0]
        assert found[row].tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def _filled(example: dict[str, Any]) -> list[dict[str, Any]]:
    images = iter(example["images"])
    parts = example["prompt"][0]["content"]
    return [{**p, "image": next(images)} if p["type"] == "image" else p for p in parts]


def test_questions_outside_the_bounds_have_no_tokens_in_the_loss(
    checkpoints: Callable[[str], Path], make_toy: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    config = GrpoConfig(
        str(checkpoints("qwen3_vl")), (make_toy(tmp_path / "data", (1,) * 12),), tmp_path / "out",
        steps=1, prompts=12, generations=2, max_completion_length=1, thinking=False, device="cpu",
    )  # fmt: skip
    _, trainer = make_trainer(config, tmp_path / "work")
    places = [place for place in range(12) for _ in range(2)]
    output = rollout(trainer, places)
    rewards = trainer._rollout["gathered"].view(12, 2)
    kept = (rewards.mean(1) > 0.01) & (rewards.mean(1) < 0.99)
    assert 0 < kept.sum() < 12  # of random letters, some groups have none
    own = kept.repeat_interleave(2)
    assert (output["completion_mask"].bool().any(1) == own).all()
    assert (output["advantages"][~own] == 0).all()
    assert output["num_items_in_batch"] == output["completion_mask"].sum()
    trainer._check(torch.tensor(0.5), "loss")
    with pytest.raises(SpatuneError, match="the loss is no number at step 0; its answers are in"):
        trainer._check(torch.tensor(float("nan")), "loss")
    (file,) = (tmp_path / "work").glob("bad-batch-0-0.jsonl")
    assert len(file.read_text().splitlines()) == 24
    assert trainer._metrics["train"][KEPT] == [pytest.approx(float(kept.float().mean()))]


def test_batch_norms_keep_their_statistics(
    checkpoints: Callable[[str], Path], make_toy: Callable[..., Path], tmp_path: Path
) -> None:
    config = GrpoConfig(
        str(checkpoints("fastvlm")), (make_toy(tmp_path / "data"),), tmp_path / "out", steps=1,
        prompts=1, generations=2, device="cpu", vision_lr_factor=0,
    )  # fmt: skip
    vlm, trainer = make_trainer(config, tmp_path / "work")
    norms = [m for m in vlm.model.modules() if "BatchNorm" in type(m).__name__]
    assert norms and not any(norm.training for norm in norms)
    assert trainer.model.training
    trained = {n for n, p in vlm.model.named_parameters() if p.requires_grad}
    assert trained and not any("vision_tower" in name for name in trained)
