"""`SpatialGrpoTrainer`: TRL's trainer with online filtering and several pictures a question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from trl.trainer.grpo_trainer import GRPOTrainer

from ...agent.sources import vision_tower
from ...errors import SpatuneError
from .config import GrpoConfig
from .questions import RewardedQuestions

KEPT = "kept"
"""Logged share of questions whose mean reward lies between the bounds of the filter."""


class SpatialGrpoTrainer(GRPOTrainer):
    """GRPO on `RewardedQuestions`.

    The data set holds places of questions alone; prompts and pictures are made once a rollout.

    Args:
        config: Bounds of the filter, learning rates.
        questions: What is asked and rewarded.
        arguments: Of `GRPOTrainer`, without the reward.
    """

    def __init__(self, config: GrpoConfig, questions: RewardedQuestions, **arguments: Any) -> None:
        self._config, self._questions = config, questions
        self._tower = vision_tower(arguments["model"])
        if not config.vision_lr_factor:
            self._tower.requires_grad_(False)
        self._vision = {id(parameter) for parameter in self._tower.parameters()}
        _freeze_statistics(arguments["model"])
        self._rollout: dict[str, Any] = {}
        rewards: Any = self._earned
        super().__init__(reward_funcs=rewards, **arguments)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with a group for the vision tower and one for the rest."""
        if self.optimizer is None:
            whole: Any = self.model
            trained = [p for p in whole.parameters() if p.requires_grad]
            vision = [p for p in trained if id(p) in self._vision]
            rest = [p for p in trained if id(p) not in self._vision]
            rate, decay = self.args.learning_rate, self.args.weight_decay
            groups = [
                {"params": rest, "lr": rate},
                {"params": vision, "lr": rate * self._config.vision_lr_factor},
            ]
            self.optimizer = torch.optim.AdamW(
                [{**group, "weight_decay": decay} for group in groups if group["params"]],
                betas=(self.args.adam_beta1, self.args.adam_beta2),
                eps=self.args.adam_epsilon,
            )
        return self.optimizer

    def training_step(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """One pass.

        Raises:
            SpatuneError: The loss is no number; the batch is saved.
        """
        loss = super().training_step(model, inputs, *arguments, **options)
        self._check(loss, "loss")
        return loss

    def _clip_grad_norm(self, model: Any) -> Any:
        # Checked before the step, so that weights and saved states stay numbers.
        norm = super()._clip_grad_norm(model)
        self._check(norm, "gradient")
        return norm

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """A rollout; questions outside the bounds of the filter have no tokens in the loss.

        Advantages of zero alone would not do: the loss is a mean over all tokens.
        """
        places = [int(entry["row"]) for entry in inputs]
        examples = {place: self._questions.example(place) for place in set(places)}
        self._rollout = {"places": places}
        try:
            output = super()._generate_and_score_completions([examples[p] for p in places])
        except RuntimeError as error:
            if "probability tensor" not in str(error):
                raise
            raise SpatuneError(self._keep_batch("probabilities of answers")) from None
        # TRL gathers rewards from all processes; questions are not split among groups.
        group_means = self._rollout["gathered"].view(-1, self.num_generations).mean(dim=1)
        inside = (group_means > self._config.filter_low) & (group_means < self._config.filter_high)
        kept = inside.repeat_interleave(self.num_generations)
        begin = self.accelerator.process_index * len(places)
        own = kept[begin : begin + len(places)]
        output["advantages"] = output["advantages"] * own
        output["completion_mask"] = output["completion_mask"] * own[:, None].int()
        tokens: Any = self.accelerator.gather(output["completion_mask"].sum())
        output["num_items_in_batch"] = tokens.sum()
        self._metrics["train"][KEPT].append(float(inside.float().mean()))
        return output

    def _calculate_rewards(self, *arguments: Any) -> torch.Tensor:
        rewards = super()._calculate_rewards(*arguments)
        self._rollout["gathered"] = rewards[:, 0]
        return rewards

    def _earned(
        self,
        completions: Sequence[Any],
        place: Sequence[int],
        log_metric: Any,
        **_: Any,
    ) -> list[float]:
        """The reward function; TRL calls it with the columns of the examples."""
        texts = [turns[-1]["content"] for turns in completions]
        earned = self._questions.rewards(place, texts)
        self._rollout |= {"texts": texts, "rewards": [reward.total for reward in earned]}
        log_metric("format", sum(reward.format for reward in earned) / len(earned))
        log_metric("accuracy", sum(reward.accuracy for reward in earned) / len(earned))
        return [reward.total for reward in earned]

    def _check(self, value: Any, name: str) -> None:
        bad = ~torch.isfinite(torch.as_tensor(value, device=self.accelerator.device)).all()
        # All processes stop together; one that went on would wait for the others.
        anywhere: Any = self.accelerator.gather(bad.reshape(1))
        if bool(anywhere.any()):
            raise SpatuneError(self._keep_batch(name))

    def _keep_batch(self, name: str) -> str:
        """Save the rollout and say what to do."""
        step, folder = self.state.global_step, Path(str(self.args.output_dir))
        file = folder / f"bad-batch-{step}-{self.args.process_index}.jsonl"
        texts = self._rollout.get("texts", [None] * len(self._rollout["places"]))
        rewards = self._rollout.get("rewards", [None] * len(texts))
        rows = zip(self._rollout["places"], texts, rewards, strict=True)
        lines = [
            {"row": self._questions.rows[p].id, "completion": text, "reward": earned}
            for p, text, earned in rows
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return (
            f"the {name} is no number at step {step}; its answers are in {file}: give a lower "
            "--lr or --precision float32, and another --out"
        )


def _freeze_statistics(model: torch.nn.Module) -> None:
    """Keep batch norms on their running statistics while the rest is in training mode.

    With statistics of the batch, an answer's probability would depend on the other answers of its
    pass, and so differ from the probability it was sampled with.
    """
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.eval()
            # `Trainer` calls `train()` on the whole model at every step.
            module.train = lambda mode=True, kept=module: kept
