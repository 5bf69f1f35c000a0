"""What every head reads from the trunk."""

from __future__ import annotations

import torch
from torch import Tensor

from ..trunk import TrunkConfig, TrunkOutput

_NEAR = 0.25
"""Normalised position units (about 3 cm) over which the close-range offsets saturate."""


def head_input_size(config: TrunkConfig) -> int:
    """Length of `head_inputs` per sample."""
    return config.hidden + config.text_width + config.state_dim + 9 * config.targets


def head_inputs(context: TrunkOutput) -> Tensor:
    """(B, head_input_size): the scene, and where the targets are relative to the gripper.

    Offsets to the located targets appear plainly and squashed, which gives millimetres a weight
    near contact. They are not detached: the action loss shapes the localisation too.
    """
    offsets = context.positions - context.state[:, None, :3]
    return torch.cat(
        [
            context.summary,
            context.text,
            context.state,
            offsets.flatten(1),
            torch.tanh(offsets / _NEAR).flatten(1),
            context.positions.flatten(1),
        ],
        dim=1,
    )
