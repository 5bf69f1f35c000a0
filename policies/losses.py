"""Spatial supervision of the trunk from privileged labels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from .trunk import TrunkOutput


def position_loss(context: TrunkOutput, positions: Tensor) -> Tensor:
    """Mean absolute error of the located targets, clamped so that outliers do not dominate.

    Args:
        context: Trunk output.
        positions: (B, targets, 3) in the state's normalised position units.
    """
    return ((context.positions - positions).abs() * 2.0).clamp(max=10.0).mean()


def pixel_loss(context: TrunkOutput, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Heat maps and visibility of the targets in each camera.

    Args:
        context: Trunk output.
        pixels: (B, cameras, targets, 3): column and row as fractions of the image, depth in m.

    Returns:
        The loss, and the mean error of visible points as a fraction of the image.
    """
    place, depth = pixels[..., :2], pixels[..., 2]
    inside = ((place > 0) & (place < 1)).all(-1) & (depth > 0)
    seen = inside.float()
    count = seen.sum().clamp(min=1)
    rows, columns = context.grid
    cells = torch.tensor([columns, rows], device=place.device)
    index = (place * cells).long()
    index = torch.minimum(index.clamp(min=0), cells - 1)
    flat = index[..., 1] * columns + index[..., 0]
    entropy = F.cross_entropy(
        context.logits.flatten(0, 2), flat.flatten(), reduction="none"
    ).view_as(depth)
    distance = (context.points - place).abs().sum(-1)
    visible = F.binary_cross_entropy_with_logits(context.visible.float(), seen)
    loss = ((distance * 8.0 + entropy * 0.3) * seen).sum() / count + 0.2 * visible
    error = (((context.points - place) ** 2).sum(-1).sqrt() * seen).sum() / count
    return loss, error
