"""L1 regression of a whole chunk in one pass (OpenVLA-OFT's objective)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..trunk import TrunkConfig, TrunkOutput
from .inputs import head_input_size, head_inputs


class L1Head(nn.Module):
    """Parallel regression; the gripper, which is open or closed, is a binary choice."""

    def __init__(
        self, config: TrunkConfig, chunk_length: int, action_dim: int, gripper: int | None
    ) -> None:
        """Build.

        Args:
            config: The trunk's sizes.
            chunk_length: H.
            action_dim: A.
            gripper: Index of the gripper entry, None when there is none.
        """
        super().__init__()
        self.shape = (chunk_length, action_dim)
        self.gripper = gripper
        self.layers = nn.Sequential(
            nn.Linear(head_input_size(config), config.hidden),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, chunk_length * action_dim),
        )

    def loss(
        self, context: TrunkOutput, action: Tensor, valid: Tensor, weights: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Training loss.

        Args:
            context: Trunk output.
            action: (B, H, A) normalised.
            valid: (B, H), 1 where the step belongs to the episode.
            weights: (A,) weight of each entry's absolute error.
        """
        predicted = self.layers(head_inputs(context)).unflatten(1, self.shape)
        error = (predicted - action).abs() * weights
        metrics: dict[str, Tensor] = {}
        total = predicted.new_zeros(())
        if self.gripper is not None:
            closed = (action[..., self.gripper] > 0).float()
            logit = predicted[..., self.gripper]
            choice = F.binary_cross_entropy_with_logits(logit, closed, reduction="none")
            total = 0.2 * (choice * valid).sum() / valid.sum()
            agree = ((logit > 0) == (closed > 0)).float()
            metrics["gripper_accuracy"] = (agree * valid).sum() / valid.sum()
            keep = [i for i in range(action.shape[-1]) if i != self.gripper]
            error = error[..., keep]
        l1 = (error.mean(-1) * valid).sum() / valid.sum()
        metrics["action_l1"] = l1
        return total + l1, metrics

    def predict(self, context: TrunkOutput, noise: Tensor) -> Tensor:
        """(B, H, A) normalised; `noise` (B, H, A) is not used by this head."""
        chunk = self.layers(head_inputs(context)).unflatten(1, self.shape)
        if self.gripper is None:
            return chunk
        sides = [chunk[..., : self.gripper], chunk[..., self.gripper + 1 :]]
        return torch.cat([sides[0], chunk[..., self.gripper, None].tanh(), sides[1]], dim=-1)
