"""Flow matching over the action chunk (pi0, GR00T): noise flows to actions in a few steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..trunk import TrunkConfig, TrunkOutput
from .inputs import head_input_size, head_inputs


class FlowHead(nn.Module):
    """A small transformer that predicts the velocity from noise (t = 0) to actions (t = 1).

    Action tokens attend to each other and to the trunk's tokens: scene, instruction and the
    features at the located points. Source: pi0 (Black et al. 2024), with time drawn from
    beta(1.5, 1) so that early, noisy times are seen more often.
    """

    def __init__(
        self,
        config: TrunkConfig,
        chunk_length: int,
        action_dim: int,
        *,
        width: int = 128,
        layers: int = 3,
        steps: int = 10,
    ) -> None:
        """Build.

        Args:
            config: The trunk's sizes.
            chunk_length: H.
            action_dim: A.
            width: Token size.
            layers: Transformer layers.
            steps: Euler steps of `predict`.
        """
        super().__init__()
        self.steps = steps
        self.width = width
        self.scene = nn.Linear(head_input_size(config), width)
        self.point = nn.Linear(config.width, width)
        self.action_in = nn.Linear(action_dim, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.position = nn.Parameter(torch.randn(1, chunk_length, width) * 0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerDecoderLayer(
                width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.action_out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, action_dim))

    def loss(
        self, context: TrunkOutput, action: Tensor, valid: Tensor, weights: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Training loss: squared error of the velocity at one random time per sample.

        Args:
            context: Trunk output.
            action: (B, H, A) normalised.
            valid: (B, H), 1 where the step belongs to the episode.
            weights: (A,) weight of each entry.
        """
        noise = torch.randn_like(action)
        # Beta(1.5, 1) by inverting its distribution function t ** 1.5, mirrored: most mass at 0.
        time = 1.0 - torch.rand(len(action), device=action.device) ** (1.0 / 1.5)
        mixed = time[:, None, None] * action + (1.0 - time[:, None, None]) * noise
        velocity = self.velocity(self.memory(context), mixed, time)
        error = ((velocity - (action - noise)) ** 2 * weights).mean(-1)
        flow = (error * valid).sum() / valid.sum()
        return flow, {"flow_loss": flow}

    def predict(self, context: TrunkOutput, noise: Tensor) -> Tensor:
        """(B, H, A) normalised actions from `noise` (B, H, A), by Euler steps."""
        memory = self.memory(context)
        x = noise
        for step in range(self.steps):
            time = torch.full((len(x),), step / self.steps, dtype=x.dtype, device=x.device)
            x = x + self.velocity(memory, x, time) / self.steps
        return x

    def memory(self, context: TrunkOutput) -> Tensor:
        """(B, 1 + points, width): what every step attends to."""
        scene = self.scene(head_inputs(context))[:, None]
        return torch.cat([scene, self.point(context.tokens)], dim=1)

    def velocity(self, memory: Tensor, actions: Tensor, time: Tensor) -> Tensor:
        """(B, H, A): direction from noise to actions, for `actions` (B, H, A) at `time` (B,)."""
        clock = self.time(_sinusoids(time, self.width))[:, None]
        x = self.action_in(actions) + self.position + clock
        for block in self.blocks:
            x = block(x, memory)
        return self.action_out(x)


def _sinusoids(time: Tensor, width: int) -> Tensor:
    """(B, width) embedding of times in [0, 1]."""
    half = width // 2
    rates = torch.exp(torch.arange(half, device=time.device) * (-math.log(1000.0) / half))
    angles = 1000.0 * time[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
