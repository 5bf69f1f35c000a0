"""A choice among a few actions, such as those of navigation: `DiscreteHead`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import SpatuneError
from ..trunk import TrunkConfig, TrunkOutput

_OCTAVES = 4
"""Sines and cosines of the state: periods of 4, 2, 1 and 0.5 standard deviations."""


class DiscreteHead(nn.Module):
    """Classifies each step of the chunk; the number of the class is the action.

    The state enters once more as sines and cosines, because a choice can turn on a small part of
    an entry's range: PointNav's Done is right within 0.2 m of a goal that starts metres away.
    """

    class_weights: Tensor

    def __init__(
        self,
        config: TrunkConfig,
        chunk_length: int,
        classes: int,
        *,
        temperature: float = 0.5,
        class_weights: Sequence[float] = (),
        label_smoothing: float = 0.01,
    ) -> None:
        """Build.

        Args:
            config: The trunk's sizes.
            chunk_length: H.
            classes: Number of actions, K.
            temperature: Divides the logits that `predict` samples from; 0 takes the largest.
            class_weights: Weight of each class in the loss; empty for equal ones.
            label_smoothing: Share of the label that is spread over all classes.

        Raises:
            SpatuneError: Less than two classes, or not one weight a class.
        """
        super().__init__()
        if classes < 2 or (class_weights and len(class_weights) != classes):
            raise SpatuneError(
                f"a discrete head of {classes} classes got {len(class_weights)} class weights; set "
                "action_classes to at least 2 and class_weights to one number a class, or to none"
            )
        self.shape = (chunk_length, classes)
        self.temperature = temperature
        self.label_smoothing = label_smoothing
        state = config.state_dim * (1 + 2 * _OCTAVES)
        self.layers = nn.Sequential(
            nn.Linear(config.hidden + config.text_width + state, config.hidden),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, chunk_length * classes),
        )
        weights = torch.tensor(class_weights or [1.0] * classes, dtype=torch.float32)
        self.register_buffer("class_weights", weights, persistent=False)

    def logits(self, context: TrunkOutput) -> Tensor:
        """(B, H, K) scores of the classes."""
        inputs = torch.cat([context.summary, context.text, _waves(context.state)], dim=1)
        return self.layers(inputs).unflatten(1, self.shape)

    def loss(
        self, context: TrunkOutput, action: Tensor, valid: Tensor, weights: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Training loss: cross-entropy, weighted by class.

        Args:
            context: Trunk output.
            action: (B, H, 1) class numbers.
            valid: (B, H), 1 where the step belongs to the episode.
            weights: (1,) weight of the one entry; a common factor, so it is not used.
        """
        logits, labels = self.logits(context), action[..., 0].round().long()
        entropy = F.cross_entropy(
            logits.flatten(0, 1),
            labels.flatten(),
            self.class_weights,
            label_smoothing=self.label_smoothing,
            reduction="none",
        ).view_as(valid)
        total = (entropy * valid).sum() / (self.class_weights[labels] * valid).sum()
        agree = (logits.argmax(-1) == labels).float()
        accuracy = (agree * valid).sum() / valid.sum()
        return total, {"cross_entropy": total, "accuracy": accuracy}

    def predict(self, context: TrunkOutput, noise: Tensor) -> Tensor:
        """(B, H, 1) class numbers, drawn from the softmax of the logits over the temperature.

        The normal distribution function makes a uniform draw of each entry of `noise` (B, H, 1),
        so that a draw depends on its noise alone. Drawing, unlike taking the best, leaves loops.
        """
        logits = self.logits(context)
        if self.temperature == 0:
            return logits.argmax(-1, keepdim=True).float()
        reached = (logits / self.temperature).softmax(-1).cumsum(-1)
        draw = torch.special.ndtr(noise)
        # A sum of shares may end a little below 1.
        return (reached <= draw).sum(-1, keepdim=True).clamp(max=self.shape[1] - 1).float()


def _waves(state: Tensor) -> Tensor:
    """(B, S * (1 + 2 * _OCTAVES)) of a normalised state (B, S)."""
    rates = 2.0 ** torch.arange(_OCTAVES, device=state.device) * (math.pi / 2)
    angles = (state[..., None] * rates).flatten(1)
    return torch.cat([state, angles.sin(), angles.cos()], dim=1)
