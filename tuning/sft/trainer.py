"""`SpatialSftTrainer`: TRL's trainer, pictures on the device, a rate for the vision tower."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from trl.trainer.sft_trainer import SFTTrainer

from ...agent.sources import vision_tower
from ...errors import SpatuneError
from ..samples.device_pictures import DevicePictures

if TYPE_CHECKING:
    from ..samples.encode import RowEncoder


class SpatialSftTrainer(SFTTrainer):
    """Trains on batches of `RowCollator`.

    Args:
        encoder: Of the checkpoint.
        vision_lr: Peak learning rate of the vision tower; 0 freezes it.
        arguments: Of `SFTTrainer`.
    """

    def __init__(self, *, encoder: RowEncoder, vision_lr: float, **arguments: Any) -> None:
        self._vision_lr = vision_lr
        model = arguments["model"]
        self._tower = vision_tower(model)
        if not vision_lr:
            self._tower.requires_grad_(False)
        self._vision = {id(parameter) for parameter in self._tower.parameters()}
        self._pictures = DevicePictures(model, encoder)
        super().__init__(**arguments)
        # With adapters, which the language model alone has, it is frozen too.
        self._tower_trains = any(p.requires_grad for p in self._tower.parameters())

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with a group for the vision tower and one for the rest."""
        if self.optimizer is None:
            whole: Any = self.model
            trained = [p for p in whole.parameters() if p.requires_grad]
            vision = [p for p in trained if id(p) in self._vision]
            rest = [p for p in trained if id(p) not in self._vision]
            groups = [{"params": rest}, {"params": vision, "lr": self._vision_lr}]
            decay = self.args.weight_decay
            self.optimizer = torch.optim.AdamW(
                [{**group, "weight_decay": decay} for group in groups if group["params"]],
                lr=self.args.learning_rate,
                betas=(self.args.adam_beta1, self.args.adam_beta2),
                eps=self.args.adam_epsilon,
            )
        return self.optimizer

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        prepared = super()._prepare_inputs(inputs)
        return self._pictures(prepared)

    def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """TRL's loss; a frozen tower keeps its running statistics."""
        if not self._tower_trains:
            self._tower.eval()
        return super().compute_loss(model, inputs, *arguments, **options)

    def training_step(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """One step.

        Raises:
            SpatuneError: The loss is no number; the batch is saved.
        """
        loss = super().training_step(model, inputs, *arguments, **options)
        if not torch.isfinite(loss):
            raise SpatuneError(self._keep_batch(inputs))
        return loss

    def _keep_batch(self, inputs: dict[str, Any]) -> str:
        from safetensors.torch import save_file

        step = self.state.global_step
        file = Path(str(self.args.output_dir)) / f"bad-batch-{step}.safetensors"
        tensors = {k: v.contiguous().cpu() for k, v in inputs.items() if torch.is_tensor(v)}
        save_file(tensors, file)
        return (
            f"the loss is no number at step {step}; its batch is in {file}: lower --lr or use "
            "--precision float32, and start again from the last saved state"
        )
